//! Scaled dot-product attention with its gradients.

use super::Workload;
use super::data::{fixed, mean_square};
use crisol::prelude::*;
use crisol::{Result, evaluate};
use std::rc::Rc;

/// Batch, heads, tokens, depth of a head.
const SHAPE: [usize; 4] = [8, 8, 128, 64];

pub(super) fn attention() -> Result<Workload> {
    let [q, k, v, weight] = [40, 41, 42, 43].map(|stream| Tensor::from(fixed(stream, &SHAPE)));
    Ok(gradients([q, k, v], move |[q, k, v]| {
        let scores = q.matmul(&k.transpose()) * (1.0 / (SHAPE[3] as f64).sqrt());
        (scores.softmax(-1).matmul(v) * &weight).sum_all()
    }))
}

/// The gradients of a loss with respect to three tensors, computed and let go each time.
pub(super) fn gradients(sources: [Tensor; 3], loss: impl Fn(&[Tensor; 3]) -> Tensor + 'static) -> Workload {
    let gradients = Rc::new(move || -> Result<Vec<Tensor>> {
        let tape = GradientTape::new();
        let loss = loss(&sources);
        let gradients = tape.gradient(&loss, sources.clone())?;
        drop(loss);
        let gradients = gradients.into_iter().filter_map(|(_, gradient)| gradient).collect();
        evaluate()?;
        Ok(gradients)
    });
    let again = gradients.clone();
    let run = move |iterations| {
        let mut last = Vec::new();
        for _ in 0..iterations {
            last = gradients()?;
        }
        last.iter().try_for_each(Tensor::evaluate)?;
        Ok(iterations)
    };
    let check = move || again()?.iter().map(|gradient| Ok(mean_square(&gradient.to_vec::<f32>()?))).sum();
    Workload { run: Box::new(run), check: Box::new(check) }
}
