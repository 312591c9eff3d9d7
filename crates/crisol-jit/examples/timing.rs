//! How long kernels take to compile and to run: `cargo run --release -p crisol-jit --example timing`.

use crisol_ir::DType;
use crisol_ir::kernel::*;
use crisol_ir::primitive::Reduction;
use crisol_jit::CompiledKernel;
use std::time::Instant;

fn main() -> crisol_jit::Result<()> {
    for operations in [10, 100] {
        let kernel = polynomial(operations);
        let compiled = CompiledKernel::compile(&kernel)?;
        let time = best(20, || drop(CompiledKernel::compile(&kernel)));
        let bytes = compiled.code_bytes();
        println!("{operations} operations: compiled in {:.2} ms, {bytes} bytes", time * 1e3);
    }
    run("x * y + c", 2, |kernel, x| {
        let product = kernel.multiply(x[0], x[1]);
        let c = kernel.constant(Type::F32, 1.5);
        let y = kernel.add(product, c);
        kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
    })?;
    run("exp(x)", 1, |kernel, x| {
        let y = exp(kernel, x[0]);
        kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
    })?;
    run("exp(x) / (1 + exp(-y))", 2, |kernel, x| {
        let numerator = exp(kernel, x[0]);
        let y = kernel.unary(Unary::Negate, x[1]);
        let y = exp(kernel, y);
        let one = kernel.constant(Type::F32, 1.0);
        let denominator = kernel.add(one, y);
        let y = kernel.divide(numerator, denominator);
        kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
    })?;
    run("sum of (x - y)^2", 2, |kernel, x| {
        let difference = kernel.subtract(x[0], x[1]);
        let square = kernel.multiply(difference, difference);
        kernel.output(square, DType::F32, Role::ReduceColumns(Reduction::Sum));
    })?;
    run("max of x", 1, |kernel, x| {
        kernel.output(x[0], DType::F32, Role::ReduceColumns(Reduction::Max));
    })
}

/// Builds a kernel over contiguous inputs and prints its time on 10,000 elements.
fn run(name: &str, inputs: usize, build: impl Fn(&mut Builder, &[Register])) -> crisol_jit::Result<()> {
    const COLUMNS: usize = 10_000;
    let mut kernel = Builder::new();
    let registers: Vec<Register> = (0..inputs)
        .map(|_| {
            let input = kernel.input(DType::F32, Access::Contiguous);
            kernel.load(input)
        })
        .collect();
    build(&mut kernel, &registers);
    let kernel = CompiledKernel::compile(&kernel.finish())?;
    let mut arrays: Vec<Vec<f32>> =
        (0..=inputs).map(|_| (0..COLUMNS).map(|i| (i % 77) as f32 * 0.1 - 3.0).collect()).collect();
    let pointers: Vec<*mut u8> = arrays.iter_mut().map(|array| array.as_mut_ptr().cast()).collect();
    let strides = vec![0; pointers.len()];
    let call = Call {
        pointers: pointers.as_ptr(),
        row_strides: strides.as_ptr(),
        column_strides: strides.as_ptr(),
        rows: 1,
        columns: COLUMNS,
        position: 0,
        position_row_step: 0,
        position_column_step: 1,
    };
    // SAFETY: every argument is an array of its own with as many elements as there are columns.
    let time = best(2000, || unsafe { kernel.call(&call) });
    println!("{name}: {:.3} ns an element", time * 1e9 / COLUMNS as f64);
    Ok(())
}

fn best(times: usize, mut run: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..times).map(time).fold(f64::INFINITY, f64::min)
}

/// A polynomial of one input, an operation a term.
fn polynomial(operations: usize) -> Kernel {
    let mut kernel = Builder::new();
    let input = kernel.input(DType::F32, Access::Contiguous);
    let x = kernel.load(input);
    let mut y = x;
    for term in 0..operations {
        let c = kernel.constant(Type::F32, 1.0 / (term + 1) as f64);
        y = kernel.multiply_add(y, x, c);
    }
    kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
    kernel.finish()
}

/// e^x to about single precision, for arguments that do not overflow.
fn exp(kernel: &mut Builder, x: Register) -> Register {
    let c = |kernel: &mut Builder, number| kernel.constant(Type::F32, number);
    let (low, high) = (c(kernel, -87.0), c(kernel, 88.0));
    let x = kernel.binary(Binary::Maximum, x, low);
    let x = kernel.binary(Binary::Minimum, x, high);
    let scale = c(kernel, std::f64::consts::LOG2_E);
    let power = kernel.multiply(x, scale);
    let power = kernel.unary(Unary::Round, power);
    let (step, rest) = (c(kernel, -0.693359375), c(kernel, 2.12194440e-4));
    let x = kernel.multiply_add(power, step, x);
    let x = kernel.multiply_add(power, rest, x);
    let mut y = c(kernel, 1.0 / 5040.0);
    for factorial in [720.0, 120.0, 24.0, 6.0, 2.0, 1.0, 1.0] {
        let term = c(kernel, 1.0 / factorial);
        y = kernel.multiply_add(y, x, term);
    }
    let power = kernel.convert(power, Type::I32);
    let (bias, width) = (kernel.bits(Type::I32, 127), kernel.bits(Type::I32, 23));
    let power = kernel.add(power, bias);
    let power = kernel.binary(Binary::ShiftLeft, power, width);
    let power = kernel.reinterpret(power, Type::F32);
    kernel.multiply(y, power)
}
