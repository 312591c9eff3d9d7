//! Prints the speed of the kernels on some shapes that matter: `cargo run --release --example speed`; an argument keeps those
//! whose line has it.

use crisol_ir::Cpu;
use crisol_kernels::{
    Conv2d, GeometryError, Matrix, Pool2d, Real, conv2d, conv2d_input_gradient, conv2d_weight_gradient, matmul_batched,
    max_pool2d, max_pool2d_gradient, parallel_for, threads,
};
use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("{} threads, {}", threads(), crisol_ir::cpu());
    let empty = best(|| {
        for _ in 0..1000 {
            parallel_for(2, &|_| ());
        }
        Ok(())
    })?;
    println!("empty parallel_for: {empty:.3} us");
    let peak = peak()?;
    println!("multiply-adds on {} threads: {peak:.1} GFLOP/s in f32", threads());

    for (batch, m, n, k) in
        [(1, 4, 4, 4), (1, 10, 10, 10), (1, 32, 50, 8), (1, 32, 50, 50), (1, 32, 1, 50), (1, 1, 64, 784)]
    {
        product::<f32>(peak, "", batch, [m, n, k])?;
        product::<f32>(peak, "T", batch, [m, n, k])?;
    }
    for (layout, m, n, k) in [
        ("", 64, 64, 784),
        ("A", 784, 64, 64),
        ("", 64, 10, 64),
        ("A", 64, 10, 64),
        ("T", 64, 64, 10),
        ("T", 64, 784, 64),
        ("", 32, 300, 784),
        ("A", 784, 300, 32),
        ("T", 32, 300, 100),
        ("", 256, 256, 256),
        ("", 512, 512, 512),
        ("T", 512, 512, 512),
        ("A", 512, 512, 512),
        ("", 1024, 1024, 1024),
        ("", 2048, 2048, 2048),
        ("", 332_928, 128, 64),
        ("", 83_232, 256, 128),
        ("", 5408, 728, 728),
        ("A", 64, 128, 332_928),
        ("A", 512, 512, 21_632),
    ] {
        product::<f32>(peak, layout, 1, [m, n, k])?;
    }
    for (layout, size) in [("T", [128, 128, 64]), ("", [128, 64, 128])] {
        product::<f32>(peak, layout, 64, size)?;
    }
    for size in [256, 512, 1024] {
        product::<f64>(peak / 2.0, "", 1, [size; 3])?;
    }

    for (size, inputs, outputs, stride) in [(102, 32, 64, 1), (204, 3, 32, 3), (34, 32, 32, 3)] {
        convolution(32, size, inputs, outputs, stride)?;
    }
    pooling()?;
    Ok(())
}

/// A batch of products; layout "A" has the left operand transposed, "T" the right one.
fn product<T: Real + From<f32>>(
    peak: f64,
    layout: &str,
    batch: usize,
    [m, n, k]: [usize; 3],
) -> Result<(), GeometryError> {
    let noise = |length| noise(length).into_iter().map(T::from).collect::<Vec<T>>();
    let kind = if size_of::<T>() == 8 { "f64" } else { "f32" };
    let form = match layout {
        "A" => "A^T B",
        "T" => "A B^T",
        _ => "A B",
    };
    let name = if batch > 1 { format!("{batch} x ") } else { String::new() };
    let name = format!("{kind} {form:5} {name}{m} x {n} x {k}");
    if !wanted(&name) {
        return Ok(());
    }
    let (lhs, rhs) = (noise(batch * m * k), noise(batch * k * n));
    let mut out = vec![T::ZERO; batch * m * n];
    let lhs = if layout == "A" { Matrix::row_major(&lhs, k, m)?.transposed() } else { Matrix::row_major(&lhs, m, k)? };
    let rhs = if layout == "T" { Matrix::row_major(&rhs, n, k)?.transposed() } else { Matrix::row_major(&rhs, k, n)? };
    let (strides, work) = ((m * k, k * n), 2 * batch * m * n * k);
    // Short ones many times, or the clock would be measured.
    let times = (1_000_000 / work).max(1);
    let milliseconds = best(|| {
        (0..times).try_for_each(|_| matmul_batched(batch, (lhs, strides.0), (rhs, strides.1), &mut out, false, None))
    })? / times as f64;
    let speed = work as f64 / milliseconds * 1e-6;
    println!("{name:34} {:10.3} us {speed:8.1} GFLOP/s {:4.0} %", milliseconds * 1e3, speed / peak * 100.0);
    Ok(())
}

/// The most multiply-adds that the threads do with nothing else to do, in billions of operations a second.
fn peak() -> Result<f64, GeometryError> {
    const STEPS: usize = 100_000;
    const CHAINS: usize = 12;
    let lanes = match crisol_ir::cpu() {
        #[cfg(target_arch = "x86_64")]
        Cpu::Avx512 => 16,
        #[cfg(target_arch = "x86_64")]
        Cpu::Avx2 => 8,
        _ => 4,
    };
    let milliseconds = best(|| {
        parallel_for(threads(), &|_| match crisol_ir::cpu() {
            // SAFETY: `cpu` has found the instructions.
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx512 => unsafe { x86::chains_512::<CHAINS>(STEPS) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Cpu::Avx2 => unsafe { x86::chains_256::<CHAINS>(STEPS) },
            _ => {
                let (factor, mut sums) = (black_box([0.5_f32; 4]), [[1.0_f32; 4]; CHAINS]);
                for _ in 0..STEPS {
                    for sum in &mut sums {
                        *sum = std::array::from_fn(|lane| sum[lane] * factor[lane] + factor[lane]);
                    }
                }
                black_box(sums);
            }
        });
        Ok(())
    })?;
    Ok((2 * lanes * CHAINS * STEPS * threads()) as f64 / milliseconds * 1e-6)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps, _mm512_fmadd_ps, _mm512_set1_ps};
    use std::hint::black_box;

    #[target_feature(enable = "avx512f")]
    pub(super) fn chains_512<const CHAINS: usize>(steps: usize) {
        let (factor, mut sums) = (_mm512_set1_ps(black_box(0.5)), [_mm512_set1_ps(1.0); CHAINS]);
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm512_fmadd_ps(*sum, factor, factor);
            }
        }
        black_box(sums);
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn chains_256<const CHAINS: usize>(steps: usize) {
        let (factor, mut sums) = (_mm256_set1_ps(black_box(0.5)), [_mm256_set1_ps(1.0); CHAINS]);
        for _ in 0..steps {
            for sum in &mut sums {
                *sum = _mm256_fmadd_ps(*sum, factor, factor);
            }
        }
        black_box(sums);
    }
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
    if !wanted(name) {
        return Ok(());
    }
    let milliseconds = best(run)?;
    println!("{name:44} {milliseconds:9.3} ms {:8.1} GFLOP/s", work as f64 / milliseconds * 1e-6);
    Ok(())
}

fn wanted(name: &str) -> bool {
    std::env::args().nth(1).is_none_or(|part| name.contains(&part))
}

/// The fastest of many runs, in milliseconds.
fn best(mut run: impl FnMut() -> Result<(), GeometryError>) -> Result<f64, GeometryError> {
    run()?;
    let start = Instant::now();
    let mut best = f64::INFINITY;
    while start.elapsed().as_secs_f64() < 0.25 {
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
