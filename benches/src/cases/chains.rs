//! The elementwise chains of `bench-peers`, through the whole library on two threads, and as kernels alone on one.

use super::{Case, Inputs, evaluated};
use crate::aligned::Aligned;
use crate::hand::{self, Map, maps};
use crisol::Result;
use crisol::prelude::*;
use crisol_jit::Fused;
use crisol_jit::expression::{exp, sigmoid, tanh};
use std::f64::consts::FRAC_2_PI;

/// In the second cache, around the last one, beyond any.
const SIZES: [(&str, usize); 3] = [("1e4", 10_000), ("1e6", 1_000_000), ("1.6e7", 16_000_000)];

/// All chains in all sizes.
///
/// # Errors
/// A chain that does not compile.
pub fn chains() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for (size, count) in SIZES {
        cases.push(map("a x*y+z", size, count, maps::ProductAndSum, |x| &x[0] * &x[1] + &x[2]));
        cases.push(map("b gelu(x)*y+z", size, count, maps::Gelu, |x| {
            let inner = (&x[0] + &x[0] * &x[0] * &x[0] * 0.044715) * FRAC_2_PI.sqrt();
            &x[0] * 0.5 * (inner.tanh() + 1.0) * &x[1] + &x[2]
        }));
        cases.push(map("c sigmoid(x)*tanh(z)+exp(-x*x)", size, count, maps::Gates, |x| {
            x[0].sigmoid() * x[1].tanh() + (-(&x[0] * &x[0])).exp()
        }));
        cases.push(Inputs::new(&[&[count], &[count]]).case(
            format!("d sum((x-y)^2) {size}"),
            1,
            &[1],
            evaluated(|x| (&x[0] - &x[1]).square().sum_all()),
            |x, outs| outs[0][0] = hand::sum(maps::SquaredDistance, [&x[0], &x[1]]),
        ));
    }
    let (size, count) = SIZES[0];
    let kernel = |name: &str, case: Case, fused: Fused| alone(name, case, count, fused);
    let a = Fused::new(|k| k.output(k.input::<f32>() * k.input::<f32>() + k.input::<f32>()))?;
    cases.push(kernel("a", map("a", size, count, maps::ProductAndSum, |x| x[0].clone()), a));
    let b = Fused::new(|k| {
        let (x, y, z) = (k.input::<f32>(), k.input::<f32>(), k.input::<f32>());
        let inner = (x + x * x * x * 0.044715) * FRAC_2_PI.sqrt() as f32;
        k.output(x * 0.5 * (tanh(inner) + 1.0) * y + z);
    })?;
    cases.push(kernel("b", map("b", size, count, maps::Gelu, |x| x[0].clone()), b));
    let c = Fused::new(|k| {
        let (x, z) = (k.input::<f32>(), k.input::<f32>());
        k.output(sigmoid(x) * tanh(z) + exp(-(x * x)));
    })?;
    cases.push(kernel("c", map("c", size, count, maps::Gates, |x| x[0].clone()), c));
    let d = Fused::new(|k| k.output((k.input::<f32>() - k.input::<f32>()).square().sum()))?;
    let case = Inputs::new(&[&[count], &[count]]).case(
        String::new(),
        1,
        &[1],
        |_| Ok(Vec::new()),
        |x, outs| outs[0][0] = hand::sum(maps::SquaredDistance, [&x[0], &x[1]]),
    );
    cases.push(kernel("d", case, d));
    Ok(cases)
}

/// A chain without a reduction.
fn map<M: Map<N> + 'static, const N: usize>(
    name: &str,
    size: &str,
    count: usize,
    by_hand: M,
    crisol: fn(&[Tensor]) -> Tensor,
) -> Case {
    let shape = [count];
    Inputs::new(&[&shape[..]; N]).case(
        format!("{name} {size}"),
        M::OPERATIONS,
        &[count],
        evaluated(crisol),
        move |x, outs| hand::map(by_hand, std::array::from_fn(|at| &x[at][..]), &mut outs[0]),
    )
}

/// The same on one thread, crisol's side a fused expression over arrays.
fn alone(name: &str, case: Case, count: usize, fused: Fused) -> Case {
    let inputs = if matches!(name, "a" | "b") { 3 } else { 2 };
    let arrays = Inputs::new(&vec![&[count][..]; inputs]).arrays;
    let mut out = Aligned::zeros(case.outs[0].len());
    let is_sum = out.len() == 1;
    let crisol = move || {
        let slices: [&[f32]; 3] = std::array::from_fn(|input| arrays.get(input).map_or(&[][..], |array| &array[..]));
        let operands: [&dyn crisol_jit::Operand; 3] = [&slices[0], &slices[1], &slices[2]];
        let mut out = &mut out[..];
        if is_sum {
            fused.evaluate_into(&operands[..inputs], &mut [&mut out[0]])?;
        } else {
            fused.evaluate_into(&operands[..inputs], &mut [&mut out])?;
        }
        Ok(Vec::new())
    };
    Case { name: format!("{name}, kernel alone, one thread 1e4"), threads: 1, crisol: Box::new(crisol), ..case }
}
