//! Random kernels on random arguments: compiled code against the definition, bit for bit.
#![allow(clippy::unwrap_used)]

mod support;

use crisol_ir::kernel::*;
use crisol_jit::{CompiledKernel, CompiledRows, RowKernel};
use proptest::prelude::*;
use support::recipe::recipe;
#[allow(unused_imports)] // the fuzz target's
pub(crate) use support::recipe::{Choice, Recipe};
use support::{Buffer, Positions, Random, define, neutral, with_call};

pub(crate) fn check(recipe: &Recipe) -> Result<(), TestCaseError> {
    let kernel = recipe.kernel();
    let (mut expected, arguments) = recipe.arguments(&kernel);
    let given = expected.clone();
    let shape = (recipe.rows, recipe.columns);
    let positions = positions(recipe);
    define(&kernel, &mut expected, &arguments, shape, positions);
    let compiled = CompiledKernel::compile(&kernel).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(compiled.code_bytes() > 0);
    let strides = strides(&kernel, &given, &arguments);
    // In ordinary memory, then where a place before or behind an argument's cannot even be read.
    for fence in [None, Some(true), Some(false)] {
        let mut found = given.clone();
        run(&mut found, fence, &mut Vec::new(), &mut |pointers| {
            let pointers: Vec<*mut u8> = arguments.iter().map(|buffer| pointers[*buffer]).collect();
            with_call(&pointers, &strides, shape, positions, |call| {
                // SAFETY: every buffer was made for this shape and these strides.
                unsafe { compiled.call(call) }
            });
        });
        same(&expected, &found, fence, &kernel)?;
    }
    Ok(())
}

fn same(
    expected: &[Buffer],
    found: &[Buffer],
    fence: Option<bool>,
    ran: &dyn std::fmt::Debug,
) -> Result<(), TestCaseError> {
    for (number, (expected, found)) in expected.iter().zip(found).enumerate() {
        let place = (number, fence);
        prop_assert_eq!(expected.elements(), found.elements(), "buffer, fence: {:?}, after\n{:?}", place, ran);
    }
    Ok(())
}

fn positions(recipe: &Recipe) -> Positions {
    let mut random = Random(recipe.seed ^ 1);
    Positions {
        first: random.next(),
        row_step: random.next() >> (recipe.seed % 64),
        // A large step carries into the upper word within a row.
        column_step: if recipe.seed & 2 == 0 { 1 } else { 0x4000_0003 },
    }
}

fn strides(kernel: &Kernel, buffers: &[Buffer], arguments: &[usize]) -> Vec<(isize, isize)> {
    let of = |(argument, buffer): (usize, &usize)| {
        let buffer = &buffers[*buffer];
        let output = argument.checked_sub(kernel.inputs.len()).map(|output| kernel.outputs[output].role);
        match output {
            // Ignored by the language, so anything.
            Some(Role::ReduceRows(_)) => (12_345, 7),
            _ => (buffer.row_stride, buffer.column_stride),
        }
    };
    arguments.iter().enumerate().map(of).collect()
}

/// Checks kernels that run row by row as one function, as far as they can; all over the rows of the first.
pub(crate) fn check_rows(recipes: &[Recipe]) -> Result<(), TestCaseError> {
    let failed = |error: crisol_jit::Error| TestCaseError::fail(error.to_string());
    let rows = recipes[0].rows;
    let mut kernels = Vec::new();
    let mut runs = Vec::new();
    for recipe in recipes {
        let kernel = recipe.kernel();
        let stores = kernel.outputs.iter().all(|output| matches!(output.role, Role::Store(_)));
        let single = stores && recipe.seed & 4 == 0;
        let recipe = Recipe { rows, columns: if single { 1 } else { recipe.columns }, ..recipe.clone() };
        let ahead = (0..kernel.inputs.len()).filter(|input| recipe.seed >> input & 8 != 0).collect();
        let kernel = RowKernel { kernel, single, ahead };
        if CompiledRows::compile(std::slice::from_ref(&kernel)).map_err(failed)?.is_some() {
            kernels.push(kernel);
            runs.push(recipe);
        }
    }
    let Some(compiled) = CompiledRows::compile(&kernels).map_err(failed)? else { return Ok(()) };
    let (mut given, mut expected, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for (recipe, RowKernel { kernel, .. }) in runs.iter().zip(&kernels) {
        let (mut buffers, arguments) = recipe.arguments(kernel);
        for (output, &buffer) in kernel.outputs.iter().zip(&arguments[kernel.inputs.len()..]) {
            if matches!(output.role, Role::ReduceColumns(_)) && buffers[buffer].row_stride == 0 {
                // Rows have results of their own here.
                let stride = output.dtype.size() as isize;
                buffers[buffer] = Buffer::new(output.dtype, rows, 1, (stride, 0), 1, recipe.seed);
            }
        }
        let mut result = buffers.clone();
        let types = kernel.types();
        for (output, buffer) in kernel.outputs.iter().zip(&arguments[kernel.inputs.len()..]) {
            if let Role::ReduceColumns(by) = output.role {
                // Whatever stands there before.
                (0..rows).for_each(|row| result[*buffer].set(row, 0, neutral(by, types[output.value.index()])));
            }
        }
        define(kernel, &mut result, &arguments, (rows, recipe.columns), positions(recipe));
        let arguments: Vec<usize> = arguments.iter().map(|buffer| given.len() + buffer).collect();
        given.extend(buffers);
        expected.extend(result);
        let (row, column): (Vec<isize>, Vec<isize>) = strides(kernel, &given, &arguments).into_iter().unzip();
        calls.push((arguments, row, column, recipe.columns, positions(recipe)));
    }
    for fence in [None, Some(true), Some(false)] {
        let mut found = given.clone();
        run(&mut found, fence, &mut Vec::new(), &mut |pointers| {
            let pointers: Vec<Vec<*mut u8>> = calls
                .iter()
                .map(|(arguments, ..)| arguments.iter().map(|buffer| pointers[*buffer]).collect())
                .collect();
            let calls: Vec<Call> = calls
                .iter()
                .zip(&pointers)
                .map(|((_, row_strides, column_strides, columns, positions), pointers)| Call {
                    pointers: pointers.as_ptr(),
                    row_strides: row_strides.as_ptr(),
                    column_strides: column_strides.as_ptr(),
                    rows,
                    columns: *columns,
                    position: positions.first,
                    position_row_step: positions.row_step,
                    position_column_step: positions.column_step,
                })
                .collect();
            // SAFETY: every buffer was made for these shapes and strides.
            unsafe { compiled.call(&calls) }
        });
        same(&expected, &found, fence, &kernels)?;
    }
    Ok(())
}

/// Calls `body` with a pointer to each buffer.
fn run(buffers: &mut [Buffer], fence: Option<bool>, pointers: &mut Vec<*mut u8>, body: &mut dyn FnMut(&[*mut u8])) {
    let Some((first, rest)) = buffers.split_first_mut() else { return body(pointers) };
    match fence {
        None => {
            pointers.push(first.pointer());
            run(rest, fence, pointers, body);
        }
        Some(at_end) => first.fenced(at_end, |pointer| {
            pointers.push(pointer);
            run(rest, fence, pointers, body);
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn compiled_kernels_are_their_definition(recipe in recipe()) {
        check(&recipe)?;
    }

    #[test]
    fn kernels_that_run_row_by_row_are_their_definition(recipes in prop::collection::vec(recipe(), 1..4)) {
        check_rows(&recipes)?;
    }
}
