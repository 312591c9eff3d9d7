//! Gradients of a value that is read in parts.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::{GradientTape, check_gradients};
use crisol_ir::ndarray::Array2;
use crisol_tensor::Tensor;
use std::ops::Range;

fn matrix() -> Tensor {
    let numbers: Vec<f64> = (0..24).map(|number| f64::from(number) / 8.0 - 1.0).collect();
    Tensor::from_slice(&numbers, [3, 8])
}

/// A scalar of parts of a matrix, each squared and weighted by its number, and of the whole if asked.
fn of_parts(x: &Tensor, parts: &[[Range<usize>; 2]], whole: bool) -> Tensor {
    let mut total = if whole { x.exp().sum_all() } else { x.sum_all() * 0.0 };
    for (number, part) in parts.iter().enumerate() {
        total = total + x.slice(part).square().sum_all() * (number as f64 + 1.0);
    }
    total
}

/// The gradient by hand: what each part adds, element by element.
fn expected(x: &Tensor, parts: &[[Range<usize>; 2]], whole: bool) -> Vec<f64> {
    let x = x.to_vec::<f64>().unwrap();
    let element = |place: usize| {
        let (row, column) = (place / 8, place % 8);
        let inside = parts.iter().enumerate().filter(|(_, part)| part[0].contains(&row) && part[1].contains(&column));
        let parts: f64 = inside.map(|(number, _)| 2.0 * x[place] * (number as f64 + 1.0)).sum();
        parts + if whole { x[place].exp() } else { 0.0 }
    };
    (0..24).map(element).collect()
}

#[test]
fn parts_apart_overlapping_in_any_order_and_along_two_axes() {
    let cases: [&[[Range<usize>; 2]]; 8] = [
        // One after the other, all of the axis; in another order; with gaps before, between and behind.
        &[[0..3, 0..2], [0..3, 2..6], [0..3, 6..8]],
        &[[0..3, 6..8], [0..3, 0..2], [0..3, 2..6]],
        &[[0..3, 5..6], [0..3, 1..3]],
        &[[0..1, 0..8], [1..2, 0..8], [2..3, 0..8]],
        // Nothing that is put together: overlapping, along two axes, of both at once, empty beside another.
        &[[0..3, 0..4], [0..3, 3..8], [0..3, 2..5]],
        &[[0..3, 0..4], [1..2, 0..8], [0..3, 4..8]],
        &[[0..2, 0..4], [2..3, 4..8]],
        &[[0..3, 2..2], [0..3, 2..4], [0..3, 4..4]],
    ];
    for parts in cases {
        for whole in [false, true] {
            let x = matrix();
            let tape = GradientTape::new();
            let y = of_parts(&x, parts, whole);
            let found = tape.gradient(&y, [&x]).unwrap().only().unwrap().to_vec::<f64>().unwrap();
            for (found, expected) in found.iter().zip(expected(&x, parts, whole)) {
                assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{parts:?}: {found}, {expected}");
            }
        }
    }
}

#[test]
fn second_gradients_of_parts() {
    // The squared norm of a gradient.
    let norm = |x: &[Tensor]| {
        let tape = GradientTape::new();
        let y = of_parts(&x[0].tanh(), &[[0..3, 0..3], [0..3, 4..8]], true);
        tape.gradient(&y, [&x[0]]).unwrap().only().unwrap().square().sum_all()
    };
    let x = Array2::from_shape_fn((3, 8), |(row, column)| (8 * row + column) as f64 / 8.0 - 1.0);
    check_gradients(norm, &[x.into_dyn()], 1e-6).unwrap();
}
