//! Softmax and layer normalisation along the rows of a matrix.

use super::Workload;
use super::chains::forward;
use super::data::fixed;
use crisol::Result;
use crisol::prelude::*;

const ROWS: usize = 4096;
const COLUMNS: usize = 1024;
const EPSILON: f64 = 1e-5;

fn x() -> Tensor {
    Tensor::from(fixed(30, &[ROWS, COLUMNS]))
}

pub(super) fn softmax() -> Result<Workload> {
    Ok(forward(vec![x()], |x| x[0].softmax(-1)))
}

pub(super) fn layer_norm() -> Result<Workload> {
    let gamma = Tensor::from(fixed(31, &[COLUMNS]) / 2.0 + 1.0);
    let beta = Tensor::from(fixed(32, &[COLUMNS]));
    Ok(forward(vec![x(), gamma, beta], |x| {
        let distance = &x[0] - x[0].mean_keep(-1);
        // Times the reciprocal, as the others' own and Keras' do: a division takes longer than all else here.
        let scale = (distance.square().mean_keep(-1) + EPSILON).rsqrt();
        distance * scale * &x[1] + &x[2]
    }))
}
