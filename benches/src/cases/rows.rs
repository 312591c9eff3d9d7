//! Softmax, log-softmax and layer normalisation along rows, and their gradients as a tape gives them, forward pass included.

use super::{Case, Inputs, evaluated};
use crate::hand::{self, math::EXP_OPERATIONS};
use crisol::prelude::*;
use crisol::{GradientOptions, Result};

/// Beyond the second cache, and in it.
const SIZES: [[usize; 2]; 2] = [[4096, 1024], [64, 256]];
const EPSILON: f64 = 1e-5;

/// All of them in all sizes.
pub fn rows() -> Vec<Case> {
    let mut cases = Vec::new();
    for size in SIZES {
        let [rows, columns] = size;
        let (elements, name) = (rows * columns, |what: &str| format!("{what} [{rows}, {columns}]"));
        let (whole, vector) = (&size[..], &[columns][..]);
        cases.push(Inputs::new(&[whole]).case(
            name("softmax"),
            EXP_OPERATIONS + 1,
            &[elements],
            evaluated(|x| x[0].softmax(-1)),
            move |x, outs| hand::softmax(&x[0], columns, &mut outs[0]),
        ));
        cases.push(Inputs::new(&[whole]).case(
            name("log-softmax"),
            EXP_OPERATIONS,
            &[elements],
            evaluated(|x| x[0].log_softmax(-1)),
            move |x, outs| hand::log_softmax(&x[0], columns, &mut outs[0]),
        ));
        cases.push(Inputs::new(&[whole, vector, vector]).case(
            name("layer norm"),
            3,
            &[elements],
            evaluated(|x| layer_norm(&x[0], &x[1], &x[2])),
            |x, outs| hand::layer_norm(&x[0], &x[1], &x[2], EPSILON as f32, &mut outs[0]),
        ));
        cases.push(Inputs::new(&[whole, whole]).case(
            name("softmax, gradient"),
            EXP_OPERATIONS + 3,
            &[elements],
            |x| gradients(x, &[0], |x| x[0].softmax(-1)),
            move |x, outs| hand::softmax_gradient(&x[0], &x[1], columns, &mut outs[0]),
        ));
        cases.push(Inputs::new(&[whole, whole]).case(
            name("log-softmax, gradient"),
            EXP_OPERATIONS + 2,
            &[elements],
            |x| gradients(x, &[0], |x| x[0].log_softmax(-1)),
            move |x, outs| hand::log_softmax_gradient(&x[0], &x[1], columns, &mut outs[0]),
        ));
        cases.push(Inputs::new(&[whole, whole, vector, vector]).case(
            name("layer norm, gradients"),
            9,
            &[elements, columns, columns],
            |x| gradients(x, &[0, 2, 3], |x| layer_norm(&x[0], &x[2], &x[3])),
            |x, outs| {
                let [by_x, by_gamma, by_beta] = outs else { return };
                let mut out = hand::Gradients { x: by_x, gamma: by_gamma, beta: by_beta };
                hand::layer_norm_gradients(&x[0], &x[2], &x[1], EPSILON as f32, &mut out);
            },
        ));
    }
    cases
}

fn layer_norm(x: &Tensor, gamma: &Tensor, beta: &Tensor) -> Tensor {
    let distance = x - x.mean_keep(-1);
    let deviation = (distance.square().mean_keep(-1) + EPSILON).sqrt();
    distance / deviation * gamma + beta
}

/// The gradients of a function by some of its arguments, weighted by the second one.
fn gradients(x: &[Tensor], by: &[usize], function: fn(&[Tensor]) -> Tensor) -> Result<Vec<Tensor>> {
    let tape = GradientTape::new();
    let y = function(x);
    let options = GradientOptions::new().output_gradients(&x[1]);
    let gradients = tape.gradient_with(&y, by.iter().map(|&at| &x[at]), options)?.into_tensors()?;
    // Only what is asked for is computed, and waited for.
    drop((y, tape));
    gradients.iter().try_for_each(Tensor::evaluate)?;
    Ok(gradients)
}
