//! How long code takes to come into being, by both emitters, and what a call of it costs: a kernel compiled, an expression from
//! its text to its first result, and a warm call on few numbers.
//!
//! The second emitter is that of a child process that runs with `CRISOL_CPU=avx2`, since a process keeps to one.
#![allow(missing_docs, clippy::unwrap_used)] // criterion's macros make undocumented items; a benchmark may stop

use crisol_ir::kernel::{Access, Builder, Kernel, Role, math};
use crisol_ir::{Cpu, DType, cpu};
use crisol_jit::expression::{exp, sigmoid, tanh};
use crisol_jit::{CompiledKernel, Fused};
use criterion::{BenchmarkId, Criterion, criterion_group};
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

/// Numbers of a warm call: nearly all of it is the way there.
const FEW: usize = 16;

/// `x * y + z`.
fn short() -> Kernel {
    let mut kernel = Builder::new();
    let [x, y, z] = [(); 3].map(|()| {
        let input = kernel.input(DType::F32, Access::Contiguous);
        kernel.load(input)
    });
    let product = kernel.multiply(x, y);
    let sum = kernel.add(product, z);
    kernel.output(sum, DType::F32, Role::Store(Access::Contiguous));
    kernel.finish()
}

/// `sigmoid(x) * tanh(z) + exp(-x * x)`, about seventy instructions.
fn gates() -> Kernel {
    let mut kernel = Builder::new();
    let [x, z] = [(); 2].map(|()| {
        let input = kernel.input(DType::F32, Access::Contiguous);
        kernel.load(input)
    });
    let (gate, value) = (math::sigmoid(&mut kernel, x), math::tanh(&mut kernel, z));
    let square = kernel.multiply(x, x);
    let negative = kernel.unary(crisol_ir::kernel::Unary::Negate, square);
    let (product, power) = (kernel.multiply(gate, value), math::exp(&mut kernel, negative));
    let sum = kernel.add(product, power);
    kernel.output(sum, DType::F32, Role::Store(Access::Contiguous));
    kernel.finish()
}

fn fused() -> Fused {
    Fused::new(|k| {
        let (x, z) = (k.input::<f32>(), k.input::<f32>());
        k.output(sigmoid(x) * tanh(z) + exp(-(x * x)));
    })
    .unwrap()
}

fn emitter() -> &'static str {
    if cpu() >= Cpu::Avx512 { "AVX-512" } else { "Cranelift" }
}

fn compiling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("jit/{}", emitter()));
    for (name, kernel) in [("x*y+z", short()), ("gates", gates())] {
        group.bench_function(BenchmarkId::new("compile and free", name), |bencher| {
            bencher.iter(|| CompiledKernel::compile(black_box(&kernel)).unwrap());
        });
    }
    let (x, z) = (vec![0.5f32; FEW], vec![-0.5f32; FEW]);
    let mut out = vec![0.0f32; FEW];
    group.bench_function("gates, written, compiled, called once", |bencher| {
        bencher.iter(|| fused().evaluate_into(&[&x, &z], &mut [&mut out]).unwrap());
    });
    let warm = fused();
    group.bench_function(BenchmarkId::new("gates, a warm call", FEW), |bencher| {
        bencher.iter(|| warm.evaluate_into(&[&x, &z], &mut [&mut out]).unwrap());
    });
    group.bench_function(BenchmarkId::new("gates, the same by scalar Rust", FEW), |bencher| {
        bencher.iter(|| {
            for ((out, &x), &z) in out.iter_mut().zip(black_box(&x)).zip(black_box(&z)) {
                *out = z.tanh() / (1.0 + (-x).exp()) + (-(x * x)).exp();
            }
            black_box(&mut out);
        });
    });
    group.finish();
}

criterion_group!(benches, compiling);

fn main() {
    let start = Instant::now();
    let first = CompiledKernel::compile(&gates()).unwrap();
    let compiled = start.elapsed();
    println!("{}: the process' first kernel took {compiled:.0?}, {} bytes", emitter(), first.code_bytes());
    benches();
    Criterion::default().configure_from_args().final_summary();
    if cpu() >= Cpu::Avx512 {
        let this = std::env::current_exe().unwrap();
        let other = Command::new(this).args(std::env::args_os().skip(1)).env("CRISOL_CPU", "avx2").status().unwrap();
        assert!(other.success(), "the run with Cranelift failed: {other}");
    }
}
