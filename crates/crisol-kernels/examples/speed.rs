//! Prints the speed of the kernels on some shapes that matter: `cargo run --release --example speed`.

use crisol_kernels::{
    Conv2d, GeometryError, Matrix, Pool2d, conv2d, conv2d_input_gradient, conv2d_weight_gradient, matmul, max_pool2d,
    max_pool2d_gradient, parallel_for, threads,
};
use std::time::Instant;

fn main() -> Result<(), GeometryError> {
    println!("{} threads", threads());
    let empty = best(|| {
        for _ in 0..1000 {
            parallel_for(2, &|_| ());
        }
        Ok(())
    })?;
    println!("empty parallel_for: {empty:.3} us");

    for (m, n, k) in [
        (64, 64, 784),
        (784, 64, 64),
        (32, 300, 784),
        (784, 300, 32),
        (256, 256, 256),
        (512, 512, 512),
        (1024, 1024, 1024),
        (2048, 2048, 2048),
        (332_928, 128, 64),
        (83_232, 256, 128),
        (5408, 728, 728),
    ] {
        let (lhs, rhs) = (noise(m * k), noise(k * n));
        let mut out = vec![0.0; m * n];
        let (lhs, rhs) = (Matrix::row_major(&lhs, m, k)?, Matrix::row_major(&rhs, k, n)?);
        report(&format!("matmul {m} x {n} x {k}"), 2 * m * n * k, || matmul(lhs, rhs, &mut out, false, None))?;
    }
    for (m, n, k) in [(64, 128, 332_928), (512, 512, 21_632)] {
        let (lhs, rhs) = (noise(m * k), noise(k * n));
        let mut out = vec![0.0; m * n];
        let lhs = Matrix::row_major(&lhs, k, m)?.transposed();
        let rhs = Matrix::row_major(&rhs, k, n)?;
        report(&format!("A^T B  {m} x {n} x {k}"), 2 * m * n * k, || matmul(lhs, rhs, &mut out, false, None))?;
    }

    for (size, inputs, outputs, stride) in [(102, 32, 64, 1), (204, 3, 32, 3), (34, 32, 32, 3)] {
        convolution(32, size, inputs, outputs, stride)?;
    }
    pooling()
}

fn convolution(batch: usize, size: usize, inputs: usize, outputs: usize, stride: usize) -> Result<(), GeometryError> {
    let geometry = Conv2d {
        batch,
        in_height: size,
        in_width: size,
        in_channels: inputs,
        out_channels: outputs,
        kernel: [3, 3],
        stride: [stride; 2],
        dilation: [1; 2],
        padding: [[0; 2]; 2],
        groups: 1,
    };
    let name = format!("3x3 stride {stride} {inputs}->{outputs} at {size}");
    let work = 2 * geometry.output_len() * 9 * inputs;
    let (mut x, mut w) = (noise(geometry.input_len()), noise(geometry.weight_len()));
    let mut out = vec![0.0; geometry.output_len()];
    report(&format!("{name} forward"), work, || conv2d(&geometry, &x, &w, &mut out))?;
    report(&format!("{name} weight gradient"), work, || conv2d_weight_gradient(&geometry, &x, &out, &mut w))?;
    report(&format!("{name} input gradient"), work, || conv2d_input_gradient(&geometry, &out, &w, &mut x))
}

fn pooling() -> Result<(), GeometryError> {
    let geometry = Pool2d {
        batch: 32,
        in_height: 68,
        in_width: 68,
        channels: 32,
        window: [2, 2],
        stride: [2, 2],
        padding: [[0; 2]; 2],
    };
    let x = noise(geometry.input_len());
    let mut out = vec![0.0; geometry.output_len()];
    let mut grad = vec![0.0; geometry.input_len()];
    let work = 4 * geometry.output_len();
    report("max_pool2d 2x2 of 68x68x32", work, || max_pool2d(&geometry, &x, &mut out))?;
    report("max_pool2d gradient", work, || max_pool2d_gradient(&geometry, &x, &out, &mut grad))
}

fn report(name: &str, work: usize, run: impl FnMut() -> Result<(), GeometryError>) -> Result<(), GeometryError> {
    let milliseconds = best(run)?;
    println!("{name:44} {milliseconds:9.3} ms {:8.1} GFLOP/s", work as f64 / milliseconds * 1e-6);
    Ok(())
}

/// The fastest of many runs, in milliseconds.
fn best(mut run: impl FnMut() -> Result<(), GeometryError>) -> Result<f64, GeometryError> {
    run()?;
    let start = Instant::now();
    let mut best = f64::INFINITY;
    while start.elapsed().as_secs_f64() < 0.4 {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}

fn noise(length: usize) -> Vec<f32> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(length).collect()
}
