//! The same seed gives the same weights, bit for bit: on any number of threads, and whatever is read or held between the steps.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests

mod common;

use common::{bars, bits, conv, dense, points, silent};
use crisol_callbacks::{Callback, Flow, Run};
use crisol_ir::Result;
use crisol_kernels::with_threads;
use crisol_tensor::Tensor;
use crisol_train::{IntoFeed, Model};

fn trained<'d>(mut model: Model, data: impl IntoFeed<'d>) -> Vec<Vec<u8>> {
    model.fit(data, silent(3).validation_split(0.25)).unwrap();
    bits(&model)
}

#[test]
fn dense_weights_do_not_depend_on_the_threads() {
    let [one, two, three] = [1, 2, 3].map(|threads| with_threads(threads, || trained(dense(4), points(300))));
    assert_eq!(one, two);
    assert_eq!(one, three);
    assert_ne!(one, trained(dense(5), points(300)), "another seed gives other weights");
}

#[test]
fn convolutional_weights_do_not_depend_on_the_threads() {
    let [one, two, three] = [1, 2, 3].map(|threads| with_threads(threads, || trained(conv(4), bars(100))));
    assert_eq!(one, two);
    assert_eq!(one, three);
}

/// Reads logs and holds on to values between steps.
#[derive(Default)]
struct Curious {
    weights: Vec<crisol_params::Weight>,
    held: Vec<Tensor>,
    read: Vec<String>,
}

impl Callback for Curious {
    fn on_train_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<Flow> {
        if step.is_multiple_of(2) {
            self.read.push(format!("{:?}", run.logs()?));
        }
        for weight in &self.weights {
            let value = weight.variable().value();
            // Pending work of its own joins the next step's plan.
            self.held.push(value.square().sum_all());
            self.held.push(value);
        }
        Ok(Flow::Continue)
    }
}

fn looked_at<'d>(mut model: Model, data: impl IntoFeed<'d>) -> (Vec<Vec<u8>>, Curious) {
    let weights = model.trainable_weights().unwrap();
    let mut curious = Curious { weights, ..Curious::default() };
    model.fit(data, silent(3).validation_split(0.25).callback(&mut curious)).unwrap();
    (bits(&model), curious)
}

#[test]
fn looking_on_changes_nothing() {
    let (weights, curious) = looked_at(dense(4), points(300));
    assert_eq!(weights, trained(dense(4), points(300)));
    assert!(!curious.read.is_empty());
    // What was held is what it was then: the sums made beside it agree, also with weights overwritten many steps ago.
    for pair in curious.held.chunks(2) {
        let numbers = pair[1].to_vec::<f32>().unwrap();
        let sum: f64 = numbers.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
        let beside = pair[0].item().unwrap();
        assert!((sum - beside).abs() <= 1e-4 * sum.abs().max(1.0), "{sum} and {beside}");
    }
    let (weights, _) = looked_at(conv(4), bars(100));
    assert_eq!(weights, trained(conv(4), bars(100)));
}
