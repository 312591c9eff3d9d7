//! Kernels at the edges: very long, with very many results, without any, wrong, and shared by threads.
#![allow(clippy::unwrap_used)]

mod support;

use crisol_ir::DType;
use crisol_ir::kernel::*;
use crisol_ir::primitive::Reduction;
use crisol_jit::CompiledKernel;
use support::{Buffer, Positions, define, with_call};

/// Compares compiled code with the definition; all arguments are contiguous rows (results of rows: one element each).
fn check(kernel: &Kernel, rows: usize, columns: usize) {
    let inputs = kernel.inputs.iter().map(|input| (input.dtype, true));
    let outputs = kernel.outputs.iter().map(|output| match output.role {
        Role::ReduceColumns(_) => (output.dtype, false),
        _ => (output.dtype, true),
    });
    let mut expected: Vec<Buffer> = inputs
        .chain(outputs)
        .enumerate()
        .map(|(seed, (dtype, wide))| {
            let size = dtype.size() as isize;
            let strides = if wide { (size * columns as isize, size) } else { (size, 0) };
            Buffer::new(dtype, rows, columns, strides, 1, seed as u64)
        })
        .collect();
    let mut found = expected.clone();
    let arguments: Vec<usize> = (0..expected.len()).collect();
    let positions = Positions { first: u64::MAX - 3, row_step: columns as u64, column_step: 1 };
    define(kernel, &mut expected, &arguments, (rows, columns), positions);
    let compiled = CompiledKernel::compile(kernel).unwrap();
    let strides: Vec<_> = found.iter().map(|buffer| (buffer.row_stride, buffer.column_stride)).collect();
    let pointers: Vec<_> = found.iter_mut().map(Buffer::pointer).collect();
    with_call(&pointers, &strides, (rows, columns), positions, |call| {
        // SAFETY: every buffer was made for this shape and these strides.
        unsafe { compiled.call(call) }
    });
    for (number, (expected, found)) in expected.iter().zip(&found).enumerate() {
        assert_eq!(expected.elements(), found.elements(), "buffer {number}");
    }
}

#[test]
fn thousands_of_operations() {
    let mut kernel = Builder::new();
    let inputs: Vec<Register> = (0..40)
        .map(|_| {
            let input = kernel.input(DType::F32, Access::Contiguous);
            kernel.load(input)
        })
        .collect();
    let mut y = inputs[0];
    for step in 0..3000 {
        let c = kernel.constant(Type::F32, 1.0 / (1 + step) as f64);
        y = kernel.multiply_add(y, c, inputs[step % inputs.len()]);
    }
    kernel.output(y, DType::F32, Role::Store(Access::Contiguous));
    check(&kernel.finish(), 2, 23);
}

/// So that the places of some are kept on the stack; elements of every size, in rows that end anywhere in a vector.
#[test]
fn more_arguments_than_registers() {
    for dtype in [DType::Bool, DType::U8, DType::BF16, DType::F16, DType::I32, DType::F32, DType::I64, DType::F64] {
        let mut roles = vec![Role::Store(Access::Contiguous)];
        if dtype != DType::Bool && !dtype.is_half() {
            let by = [Reduction::Sum, Reduction::Max];
            roles.extend(by.into_iter().flat_map(|by| [Role::ReduceRows(by), Role::ReduceColumns(by)]));
        }
        for role in roles {
            let mut kernel = Builder::new();
            let inputs: Vec<Register> = (0..11)
                .map(|_| {
                    let input = kernel.input(dtype, Access::Contiguous);
                    kernel.load(input)
                })
                .collect();
            let total = inputs.iter().copied().reduce(|a, b| match dtype {
                DType::Bool => kernel.binary(Binary::Xor, a, b),
                _ => kernel.add(a, b),
            });
            for value in [total.unwrap(), inputs[3]] {
                kernel.output(value, dtype, role);
            }
            let kernel = kernel.finish();
            for columns in (1..=40).step_by(3) {
                check(&kernel, 2, columns);
            }
        }
    }
}

/// Their partial results take more stack than one guard page.
#[test]
fn hundreds_of_reductions() {
    let mut kernel = Builder::new();
    let input = kernel.input(DType::F64, Access::Contiguous);
    let x = kernel.load(input);
    for number in 0..300 {
        let c = kernel.constant(Type::F64, f64::from(number));
        let value = kernel.add(x, c);
        let by = [Reduction::Sum, Reduction::Max, Reduction::Min, Reduction::Product][number as usize % 4];
        kernel.output(value, DType::F64, Role::ReduceColumns(by));
    }
    check(&kernel.finish(), 3, 37);
}

#[test]
fn random_numbers_and_functions_of_the_language() {
    let mut kernel = Builder::new();
    let mut key = [0, 1].map(|_| {
        let input = kernel.input(DType::I32, Access::Broadcast);
        kernel.load(input)
    });
    key.reverse();
    let zero = kernel.bits(Type::I32, 0);
    let counter = [kernel.position(false), kernel.position(true), zero, zero];
    let words = math::philox(&mut kernel, counter, key);
    let uniform = math::uniform(&mut kernel, words);
    let normal = math::normal(&mut kernel, words);
    let input = kernel.input(DType::F32, Access::Contiguous);
    let x = kernel.load(input);
    let functions = [math::exp, math::log, math::tanh, math::sigmoid].map(|f| f(&mut kernel, x));
    for value in [uniform, normal].into_iter().chain(functions) {
        kernel.output(value, DType::F32, Role::Store(Access::Contiguous));
    }
    check(&kernel.finish(), 7, 53);
}

#[test]
fn nothing_to_do() {
    check(&Kernel::default(), 3, 5);
    let mut kernel = Builder::new();
    let one = kernel.constant(Type::F32, 1.0);
    kernel.output(one, DType::F32, Role::ReduceColumns(Reduction::Sum));
    kernel.output(one, DType::F32, Role::Store(Access::Contiguous));
    let kernel = kernel.finish();
    for (rows, columns) in [(0, 0), (0, 5), (3, 0), (3, 5), (2, 16), (2, 33)] {
        check(&kernel, rows, columns);
    }
}

#[test]
fn wrong_kernels_are_errors() {
    let kernel = Kernel { body: vec![Instruction::Load(0)], ..Kernel::default() };
    let error = CompiledKernel::compile(&kernel).unwrap_err();
    assert!(error.to_string().contains("loads argument 0, which does not exist"), "{error}");
}

#[test]
fn kernels_move_between_threads_and_are_shared() {
    let mut kernel = Builder::new();
    let input = kernel.input(DType::F32, Access::Contiguous);
    let x = kernel.load(input);
    let twelve = kernel.constant(Type::F32, 12.0);
    let sum = kernel.binary(Binary::Add, x, twelve);
    kernel.output(sum, DType::F32, Role::Store(Access::Contiguous));
    let kernel = kernel.finish();
    let compiled = std::thread::spawn(move || CompiledKernel::compile(&kernel).unwrap()).join().unwrap();
    let run = || {
        let (x, mut y) = ([0.0f32; 9], [0.0f32; 9]);
        let pointers = [x.as_ptr().cast_mut().cast(), y.as_mut_ptr().cast()];
        let strides = [0; 2];
        let call = Call {
            pointers: pointers.as_ptr(),
            row_strides: strides.as_ptr(),
            column_strides: strides.as_ptr(),
            rows: 1,
            columns: 9,
            position: 0,
            position_row_step: 0,
            position_column_step: 0,
        };
        // SAFETY: nine elements each.
        unsafe { compiled.call(&call) };
        assert_eq!(y, [12.0; 9]);
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(run);
        }
    });
}
