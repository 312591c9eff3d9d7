//! Joining, choosing and adding up by index against plain loops.

use crate::{Test, noise, same_bits};
use crisol_kernels::{Choice, ChoiceError, concatenate, gather, scatter_add};
use proptest::prelude::*;

fn choices() -> impl Strategy<Value = Choice> {
    let sizes = (0_usize..5, 1_usize..50, prop_oneof![0_usize..5, 30_usize..40], 0_usize..60);
    (sizes, any::<bool>(), any::<bool>()).prop_map(|((outer, size, inner, count), shared_outer, shared_inner)| Choice {
        outer,
        size,
        inner,
        count,
        shared_outer,
        shared_inner,
    })
}

/// Indices from either end, and the same as numbers from 0 for every chosen element.
fn indices(choice: &Choice, seed: u64) -> (Vec<i32>, Vec<usize>) {
    let outer = if choice.shared_outer { 1 } else { choice.outer };
    let inner = if choice.shared_inner { 1 } else { choice.inner };
    let size = choice.size as f64;
    let draw = |x: f64| (x * size).floor().clamp(-size, size - 1.0) as i32;
    let indices: Vec<i32> = noise::<f64>(seed, outer * choice.count * inner).into_iter().map(draw).collect();
    let mut places = Vec::new();
    for o in 0..choice.outer {
        for m in 0..choice.count {
            for i in 0..choice.inner {
                let (o, i) = (if outer == 1 { 0 } else { o }, if inner == 1 { 0 } else { i });
                let index = indices[(o * choice.count + m) * inner + i];
                places.push(if index < 0 { index + choice.size as i32 } else { index } as usize);
            }
        }
    }
    (indices, places)
}

fn check<T: Test + crisol_kernels::Additive>(choice: &Choice, seed: u64) {
    let Choice { outer, size, inner, count, .. } = *choice;
    let (indices, places) = indices(choice, seed);
    let x: Vec<T> = noise(seed, outer * size * inner);
    let chosen = same_bits(outer * count * inner, |out| gather(choice, &x, &indices, out).unwrap());
    let updates: Vec<T> = noise(seed + 1, chosen.len());
    let mut sums = vec![T::default(); x.len()];
    for (at, &place) in places.iter().enumerate() {
        let (o, i) = (at / (count * inner), at % inner);
        let from = (o * size + place) * inner + i;
        assert_eq!(chosen[at].bits(), x[from].bits());
        sums[from] += updates[at];
    }
    let wide: Vec<i64> = indices.iter().map(|&index| i64::from(index)).collect();
    let found = same_bits(x.len(), |out| scatter_add(choice, &wide, &updates, out).unwrap());
    // The order of additions is promised, so that the bits are.
    assert!(found.iter().zip(&sums).all(|(a, b)| a.bits() == b.bits()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_choice(choice in choices(), seed in 0_u64..1000) {
        check::<f32>(&choice, seed);
        check::<f64>(&choice, seed);
    }

    #[test]
    fn any_parts(rows in 0_usize..6, runs in prop::collection::vec(0_usize..30, 0..5)) {
        let parts: Vec<Vec<f64>> = runs.iter().enumerate().map(|(n, run)| noise(n as u64, rows * run)).collect();
        let views: Vec<&[f64]> = parts.iter().map(Vec::as_slice).collect();
        let mut expected = Vec::new();
        for row in 0..rows {
            for (part, &run) in parts.iter().zip(&runs) {
                expected.extend_from_slice(&part[row * run..(row + 1) * run]);
            }
        }
        let found = same_bits(expected.len(), |out| concatenate(rows, &views, out).unwrap());
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn work_that_is_cut() {
    let rows = Choice { outer: 1, size: 1000, inner: 40, count: 3000, shared_outer: true, shared_inner: true };
    check::<f32>(&rows, 1);
    check::<f32>(&Choice { outer: 3, ..rows }, 2);
    check::<f64>(&Choice { inner: 9, shared_inner: false, shared_outer: false, ..rows }, 3);
    check::<f32>(&Choice { outer: 40, size: 30, inner: 20, count: 70, shared_outer: false, shared_inner: true }, 4);
    for (rows, runs) in [(1, [50_000, 70_001]), (300, [400, 33]), (70_000, [1, 2])] {
        let parts = runs.map(|run| noise::<f32>(5, rows * run));
        let out = same_bits(rows * (runs[0] + runs[1]), |out| concatenate(rows, &[&parts[0], &parts[1]], out).unwrap());
        for row in 0..rows {
            let line = &out[row * (runs[0] + runs[1])..][..runs[0] + runs[1]];
            assert_eq!(line[..runs[0]], parts[0][row * runs[0]..][..runs[0]]);
            assert_eq!(line[runs[0]..], parts[1][row * runs[1]..][..runs[1]]);
        }
    }
}

#[test]
fn the_first_wrong_index_is_named_and_wrong_lengths_are_errors() {
    let choice = Choice { outer: 1, size: 3, inner: 1, count: 4, shared_outer: true, shared_inner: true };
    let wrong = ChoiceError::Index { index: -4, place: 1 };
    assert_eq!(gather(&choice, &[0.0; 3], &[2_i64, -4, 0, 3], &mut [0.0; 4]), Err(wrong.clone()));
    assert_eq!(scatter_add(&choice, &[2_i32, -4, 0, 3], &[0.0; 4], &mut [0.0; 3]), Err(wrong));
    assert!(gather(&choice, &[0.0; 2], &[0_u8; 4], &mut [0.0; 4]).is_err());
    assert!(gather(&choice, &[0.0; 3], &[0_u8; 3], &mut [0.0; 4]).is_err());
    assert!(gather(&Choice { outer: usize::MAX, ..choice }, &[0.0; 3], &[0_u8; 4], &mut [0.0; 4]).is_err());
    assert!(concatenate(2, &[&[1, 2, 3]], &mut [0; 3]).is_err());
    assert!(concatenate(0, &[&[1]], &mut [0; 0]).is_err());
    assert!(concatenate(1, &[&[1]], &mut [0; 2]).is_err());
}
