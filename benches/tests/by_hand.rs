//! The loops by hand compute what crisol computes: else their times would say nothing.
#![allow(clippy::unwrap_used)]

use crisol_benches::cases::{Case, chains, reductions, rows};

/// Chains without a reduction must agree in every bit, sums up to their order.
#[test]
fn chains_agree() {
    for case in chains().unwrap() {
        let tolerance = if case.outs[0].len() == 1 { 1e-5 } else { 0.0 };
        agree(case, tolerance);
    }
}

#[test]
fn rows_agree() {
    rows().into_iter().for_each(|case| agree(case, 1e-4));
}

#[test]
fn reductions_agree() {
    reductions().into_iter().for_each(|case| agree(case, 1e-5));
}

fn agree(mut case: Case, tolerance: f32) {
    let tensors = (case.crisol)().unwrap();
    if tensors.is_empty() {
        return; // a kernel alone: it writes where nobody else looks
    }
    (case.by_hand)(&mut case.outs);
    assert_eq!(tensors.len(), case.outs.len(), "{}", case.name);
    for (tensor, by_hand) in tensors.iter().zip(&case.outs) {
        let crisol = tensor.to_vec::<f32>().unwrap();
        assert_eq!(crisol.len(), by_hand.len(), "{}", case.name);
        // Errors of sums go with the size of what is summed.
        let size = crisol.iter().fold(0.0f32, |size, x| size.max(x.abs()));
        assert!(size > 0.0, "{}: all zeros", case.name);
        for (at, (crisol, by_hand)) in crisol.iter().zip(&by_hand[..]).enumerate() {
            let same = crisol == by_hand || (crisol - by_hand).abs() <= tolerance * size;
            assert!(same, "{} at {at}: {crisol} by crisol, {by_hand} by hand", case.name);
        }
    }
}
