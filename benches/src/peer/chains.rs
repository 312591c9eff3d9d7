//! Elementwise chains, as a user writes them: `a` x*y+c, `b` gelu(x)*b+c, `c` sigmoid(x)*tanh(z)+exp(-x*x), `d` sum((a-b)^2), `g` an
//! Adam update in place.

use super::Workload;
use super::data::{fixed, mean_square};
use super::unknown;
use crisol::prelude::*;
use crisol::{Result, evaluate};
use std::f64::consts::FRAC_2_PI;
use std::rc::Rc;

/// In the first caches, around the last one, beyond any.
pub(super) const SIZES: [(&str, usize); 3] = [("1e4", 10_000), ("1e6", 1_000_000), ("1.6e7", 16_000_000)];

/// How many inputs each has.
pub(super) const KINDS: [(&str, usize); 5] = [("a", 3), ("b", 3), ("c", 2), ("d", 2), ("g", 4)];

pub(super) fn chain(kind: &str, size: &str) -> Result<Workload> {
    let name = || unknown(&format!("chain-{kind}-{size}"));
    let count = SIZES.iter().find(|(name, _)| *name == size).ok_or_else(name)?.1;
    let inputs = KINDS.iter().find(|(name, _)| *name == kind).ok_or_else(name)?.1;
    if kind == "g" {
        return adam(count);
    }
    let chain: fn(&[Tensor]) -> Tensor = match kind {
        "a" => |x| &x[0] * &x[1] + &x[2],
        "b" => |x| gelu(&x[0]) * &x[1] + &x[2],
        "c" => |x| x[0].sigmoid() * x[1].tanh() + (-(&x[0] * &x[0])).exp(),
        _ => |x| (&x[0] - &x[1]).square().sum_all(),
    };
    let inputs: Vec<Tensor> = (0..inputs).map(|input| Tensor::from(fixed(20 + input as u64, &[count]))).collect();
    Ok(forward(inputs, chain))
}

/// A function of tensors, its result computed and let go each time.
pub(super) fn forward(inputs: Vec<Tensor>, function: fn(&[Tensor]) -> Tensor) -> Workload {
    let inputs = Rc::new(inputs);
    let again = inputs.clone();
    let run = move |iterations| {
        for _ in 0..iterations {
            function(&inputs).evaluate()?;
        }
        Ok(iterations)
    };
    Workload { run: Box::new(run), check: Box::new(move || Ok(mean_square(&function(&again).to_vec::<f32>()?))) }
}

/// The approximation by tanh.
fn gelu(x: &Tensor) -> Tensor {
    let inner = (x + x * x * x * 0.044715) * FRAC_2_PI.sqrt();
    x * 0.5 * (inner.tanh() + 1.0)
}

/// Parameter, gradient, first and second moment.
struct Adam {
    p: Variable,
    g: Tensor,
    m: Variable,
    v: Variable,
}

impl Adam {
    fn new(count: usize) -> Result<Adam> {
        let array = |input: u64| fixed(20 + input, &[count]);
        Ok(Adam {
            p: Variable::new(Tensor::from(array(0)))?,
            g: Tensor::from(array(1)),
            m: Variable::new(Tensor::from(array(2) * 0.1))?,
            v: Variable::new(Tensor::from(array(3).mapv(|v| v * v)))?,
        })
    }

    /// The first step's, with its corrections of the moments.
    fn step(&self) -> Result<()> {
        let (beta_1, beta_2, epsilon, rate) = (0.9, 0.999, 1e-8, 1e-3);
        self.m.assign(self.m.value() * beta_1 + &self.g * (1.0 - beta_1))?;
        self.v.assign(self.v.value() * beta_2 + self.g.square() * (1.0 - beta_2))?;
        let deviation = (self.v.value() * (1.0 / (1.0 - beta_2))).sqrt() + epsilon;
        self.p.assign_sub(self.m.value() * (rate / (1.0 - beta_1)) / deviation)?;
        evaluate()
    }
}

fn adam(count: usize) -> Result<Workload> {
    let adam = Adam::new(count)?;
    let run = move |iterations| {
        for _ in 0..iterations {
            adam.step()?;
        }
        adam.p.value().evaluate()?;
        Ok(iterations)
    };
    let check = move || {
        let adam = Adam::new(count)?;
        adam.step()?;
        Ok(mean_square(&adam.p.value().to_vec::<f32>()?))
    };
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}
