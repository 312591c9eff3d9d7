//! An expression over arrays as one pass, beside ndarray's own operators, which make a temporary array at each step:
//! `cargo run --release -p crisol-jit --example fused`.

use crisol_jit::Fused;
use crisol_jit::expression::{exp, sqrt};
use crisol_jit::ndarray::{Array2, ArrayD, Axis};
use std::time::Instant;

fn main() -> crisol_jit::Result<()> {
    let x = Array2::from_shape_fn((1000, 500), |(row, column)| ((row * 7 + column * 3) % 101) as f32 / 50.0 - 1.0);

    // A bell curve of each element, with a center and a width that are given at each call.
    let bell = Fused::new(|k| {
        let (x, center, width) = (k.input::<f32>(), k.input(), k.input());
        let distance = (x - center) / width;
        k.output(exp(distance * distance * -0.5));
    })?;
    let fused: ArrayD<f32> = bell.evaluate(&[&x, &0.25f32, &0.5f32])?;
    let plain = ((&x - 0.25) / 0.5).mapv(|distance| (distance * distance * -0.5).exp());
    let apart = fused.iter().zip(&plain).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("bell curve of {:?}: at most {apart:.0e} from ndarray's", fused.shape());

    let (ours, theirs) = (
        best(|| drop(bell.evaluate::<f32>(&[&x, &0.25f32, &0.5f32]))),
        best(|| drop(((&x - 0.25) / 0.5).mapv(|distance| (distance * distance * -0.5).exp()))),
    );
    println!("one pass {:.0} us, operator by operator {:.0} us", ours * 1e6, theirs * 1e6);

    // Several results of one pass: the largest of each row, the mean of each column, the length of all.
    let summary = Fused::new(|k| {
        let x = k.input::<f32>();
        k.output(x.max().axes([1]));
        k.output(x.mean().axes([0]));
        k.output((x * x).sum());
    })?;
    let (mut rows, mut columns, mut squares) = (vec![0f32; 1000], vec![0f32; 500], 0f32);
    summary.evaluate_into(&[&x], &mut [&mut rows, &mut columns, &mut squares])?;
    println!("largest of row 0: {}, mean of column 0: {:.4}, length: {:.3}", rows[0], columns[0], squares.sqrt());
    let mean = x.mean_axis(Axis(0)).map_or(f32::NAN, |means| means[0]);
    println!("ndarray's mean of column 0: {mean:.4}");

    // In place, broadcast over rows, on a transposed view: the code for each layout is made once.
    let normalize = Fused::new(|k| {
        let (x, mean, variance) = (k.input::<f32>(), k.input(), k.input());
        k.output((x - mean) / sqrt(variance + 1e-5));
    })?;
    let mut y = x.clone();
    let variance = y.var_axis(Axis(0), 0.0);
    normalize.evaluate_in_place(&mut [&mut y], &[&columns, &variance])?;
    println!("normalized: first column has mean {:.0e}", y.column(0).mean().unwrap_or(f32::NAN).abs());
    let columns_first = x.t();
    normalize.evaluate::<f32>(&[&columns_first, &0f32, &1f32])?;
    println!("code for {} layouts", normalize.compiled());
    Ok(())
}

/// Seconds of the fastest of twenty runs.
fn best(mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..20).map(time).fold(f64::INFINITY, f64::min)
}
