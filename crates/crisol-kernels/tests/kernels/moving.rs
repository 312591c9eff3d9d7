//! Joining, choosing and adding up by index, running sums and orders against plain loops.

use crate::{Test, noise, same_bits};
use crisol_kernels::{
    Choice, ChoiceError, Order, Ordered, argsort, concatenate, cumsum, gather, scatter_add, with_threads,
};
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

fn check_cumsum<T: Test + crisol_kernels::Additive>(sizes: [usize; 3], reverse: bool) {
    let [outer, size, inner] = sizes;
    let x: Vec<T> = noise(9, outer * size * inner);
    let found = same_bits(x.len(), |out| cumsum(sizes, reverse, &x, out).unwrap());
    for o in 0..outer {
        for i in 0..inner {
            let mut sum = 0.0;
            for step in 0..size {
                let place = if reverse { size - 1 - step } else { step };
                let at = (o * size + place) * inner + i;
                sum += x[at].to_f64();
                assert_eq!(found[at].bits(), T::from_f64(sum).bits());
            }
        }
    }
}

/// Numbers among which many are equal, with NaN, infinities, zeros of both signs and subnormal numbers.
fn odd<T: Test>(length: usize) -> Vec<T> {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e-310, -1e-42];
    let draw = |(place, x): (usize, f64)| match place % 5 {
        0 => odd[place / 5 % odd.len()],
        _ => (x * 4.0).round(),
    };
    noise::<f64>(10, length).into_iter().enumerate().map(draw).map(T::from_f64).collect()
}

/// Below this, single precision counts as zero.
const SINGLE: f64 = f32::MIN_POSITIVE as f64;

fn check_order<T: Copy + Ordered>(order: &Order, x: &[T], tiny: f64, number: impl Fn(T) -> f64) {
    let mut first: Option<Vec<i32>> = None;
    for threads in [1, 2, 3, 8] {
        let mut out = vec![-1; order.outer * order.count * order.inner];
        with_threads(threads, || argsort(order, x, &mut out).unwrap());
        assert_eq!(first.get_or_insert_with(|| out.clone()), &out);
    }
    let found = first.unwrap();
    // NaN as the largest, subnormal numbers as zero.
    let key = |x: T| match number(x) {
        x if x.is_nan() => (1, 0.0),
        x if x.abs() < tiny => (0, 0.0),
        x => (0, x),
    };
    for o in 0..order.outer {
        for i in 0..order.inner {
            let lane: Vec<(i32, f64)> =
                (0..order.size).map(|s| key(x[(o * order.size + s) * order.inner + i])).collect();
            let mut expected: Vec<usize> = (0..order.size).collect();
            expected.sort_by(|&a, &b| {
                let by = lane[a].partial_cmp(&lane[b]).unwrap();
                if order.descending { by.reverse() } else { by }
            });
            for (place, &from) in expected[..order.count].iter().enumerate() {
                assert_eq!(found[(o * order.count + place) * order.inner + i], from as i32);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_running_sum(outer in 0_usize..4, size in 0_usize..40, inner in 0_usize..40, reverse in any::<bool>()) {
        check_cumsum::<f32>([outer, size, inner], reverse);
        check_cumsum::<f64>([outer, size, inner], reverse);
    }

    #[test]
    fn any_order(outer in 0_usize..4, size in 0_usize..60, inner in 0_usize..4, part in 0.0_f64..1.0, descending in any::<bool>()) {
        let count = (size as f64 * part * 1.2).min(size as f64) as usize;
        let order = Order { outer, size, inner, count, descending };
        let length = outer * size * inner;
        check_order(&order, &odd::<f32>(length), SINGLE, f64::from);
        check_order(&order, &odd::<f64>(length), f64::MIN_POSITIVE, |x| x);
        let whole: Vec<i32> = noise::<f64>(4, length).into_iter().map(|x| (x * 9.0) as i32).collect();
        check_order(&order, &whole, 0.0, f64::from);
        check_order(&order, &whole.iter().map(|&x| i64::from(x) << 33).collect::<Vec<_>>(), 0.0, |x| x as f64);
        check_order(&order, &whole.iter().map(|&x| x as u8).collect::<Vec<_>>(), 0.0, f64::from);
    }
}

#[test]
fn sums_and_orders_that_are_cut() {
    check_cumsum::<f32>([1, 300, 1000], false);
    check_cumsum::<f64>([50, 900, 1], true);
    check_cumsum::<f32>([1, 100_000, 1], false);
    for (outer, size, inner, count) in [(300, 100, 1, 100), (1, 70, 90, 5), (2, 20_000, 1, 20_000)] {
        let order = Order { outer, size, inner, count, descending: size == 70 };
        check_order(&order, &odd::<f32>(outer * size * inner), SINGLE, f64::from);
    }
    assert!(cumsum([2, 2, 2], false, &[0.0; 7], &mut [0.0; 8]).is_err());
    let order = Order { outer: 1, size: 3, inner: 1, count: 4, descending: false };
    assert!(argsort(&order, &[0.0; 3], &mut [0; 4]).is_err());
}
