//! A long short-term memory over a batch of sequences, with the gradients of its weights: written with tensors, step by step.

use super::Workload;
use super::attention::gradients;
use super::data::{fixed, glorot};
use crisol::Result;
use crisol::prelude::*;

const BATCH: usize = 32;
const STEPS: usize = 50;
const FEATURES: usize = 64;
const UNITS: usize = 64;

pub(super) fn lstm() -> Result<Workload> {
    let x = Tensor::from(fixed(50, &[BATCH, STEPS, FEATURES]));
    let kernel = Tensor::from(glorot(51, FEATURES, 4 * UNITS));
    let recurrent = Tensor::from(glorot(52, UNITS, 4 * UNITS));
    let bias = Tensor::from(fixed(53, &[4 * UNITS]) / 10.0);
    let weight = Tensor::from(fixed(54, &[BATCH, UNITS]));
    Ok(gradients([kernel, recurrent, bias], move |[kernel, recurrent, bias]| {
        // The inputs of all steps at once; gates in Keras' order: input, forget, cell, output.
        let projected = x.matmul(kernel) + bias;
        let mut h = Tensor::zeros([BATCH, UNITS]);
        let mut c = Tensor::zeros([BATCH, UNITS]);
        for step in 0..STEPS {
            let input = projected.slice(&[0..BATCH, step..step + 1, 0..4 * UNITS]).reshape([BATCH, 4 * UNITS]);
            let gates = input + h.matmul(recurrent);
            let gate = |number: usize| gates.slice(&[0..BATCH, number * UNITS..(number + 1) * UNITS]);
            c = gate(1).sigmoid() * c + gate(0).sigmoid() * gate(2).tanh();
            h = gate(3).sigmoid() * c.tanh();
        }
        (h * &weight).sum_all()
    }))
}
