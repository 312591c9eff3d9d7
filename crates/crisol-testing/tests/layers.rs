//! The checks pass what is right and find what is wrong, with a text that tells where.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::custom_gradient;
use crisol_layers::{
    Activation, Conv2D, Dense, Dropout, Flatten, GlobalAveragePooling2D, Inference, Layer, MaxPooling2D, Rescaling,
    Reshape, Scope, Training,
};
use crisol_params::{Ones, RandomNormal, Zeros};
use crisol_tensor::random::next_key;
use crisol_tensor::{DType, Result, Tensor};
use crisol_testing::{Sample, any_shape, check_layer, labels, shape, sizes, tensor};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn layers_of_samples_are_right(x in tensor(shape(1..4, 1..7), -2.0..2.0)) {
        check_layer(&Dense::new(3), &x).all()?;
        check_layer(&Dense::new(2).activation("tanh").use_bias(false), &x).all()?;
        check_layer(&Dense::new(4).activation("softmax"), &x).all()?;
        check_layer(&Dropout::new(0.3), &x).all()?;
        check_layer(&Rescaling::new(0.5), &x).all()?;
        for name in ["relu", "sigmoid", "log_softmax"] {
            check_layer(&Activation::new(name), &x).all()?;
        }
    }

    #[test]
    fn layers_of_images_are_right(x in tensor(sizes([1..3, 4..7, 4..7, 1..3]), -2.0..2.0)) {
        check_layer(&Conv2D::new(2, 3).padding("same").activation("relu"), &x).all()?;
        check_layer(&Conv2D::new(2, [2, 3]).strides(2), &x).all()?;
        check_layer(&MaxPooling2D::new(2), &x).all()?;
        check_layer(&GlobalAveragePooling2D::new(), &x).all()?;
        check_layer(&Flatten::new(), &x).all()?;
    }

    #[test]
    fn strategies_keep_their_promises(x in tensor(any_shape(0..4, 0..4), -1.0..2.0), words in labels(shape(2, 1..5), 7)) {
        prop_assert_eq!(x.dtype()?, DType::F32);
        prop_assert!(x.rank()? < 4 && x.shape()?.iter().all(|&size| size < 4));
        prop_assert!(x.to_vec::<f32>()?.iter().all(|number| (-1.0..=2.0).contains(number)));
        prop_assert_eq!(words.shape()?[0], 2);
        prop_assert!(words.to_vec::<i64>()?.iter().all(|word| (0..7).contains(word)));
    }
}

#[test]
fn a_sample_shows_its_elements() {
    let sample = Sample::new(crisol_tensor::ndarray::arr2(&[[1.0f32, -2.5]]).into_dyn());
    assert_eq!(format!("{sample:?}"), "float32[1, 2] [[1, -2.5]]");
}

/// One fault each.
#[derive(Clone, Debug)]
enum Faulty {
    ForgetsAFactor,
    LosesAWeight,
    MixesSamples,
    DrawsInInference,
    DrawsFromElsewhere,
    CountsCalls,
    LearnsInInference,
    LosesPrecision,
    KeepsTheBatch,
    KeepsStateToItself,
    CountsGradientInTraining,
}

static CALLS: AtomicU64 = AtomicU64::new(0);

impl Layer for Faulty {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let d = x.dim(-1)?;
        let wrong =
            |x: &Tensor| custom_gradient(&[x], |x| x[0].square(), |x, _, gradient| Ok(vec![Some(gradient * &x[0])]));
        Ok(match self {
            Faulty::ForgetsAFactor => wrong(&cx.weight("scale", [d], Ones)) * x,
            Faulty::LosesAWeight => cx.weight("bias", [d], Zeros).stop_gradient() + x,
            Faulty::MixesSamples => x - x.mean_keep(0),
            Faulty::DrawsInInference => x + Tensor::random_uniform([d], 0.0, 1.0, cx.key()).cast(x.dtype()?),
            Faulty::DrawsFromElsewhere => x + Tensor::random_uniform([d], 0.0, 1.0, next_key()).cast(x.dtype()?),
            Faulty::CountsCalls | Faulty::LearnsInInference => {
                let total = cx.state("total", [d], Zeros);
                if cx.training() || matches!(self, Faulty::LearnsInInference) {
                    total.assign_add(x.sum(0));
                }
                if matches!(self, Faulty::CountsCalls) {
                    total.assign_add(CALLS.fetch_add(1, Ordering::Relaxed) as f64 * (x.sum(0) * 0.0 + 1.0));
                }
                x.clone()
            }
            Faulty::LosesPrecision => (x + 1e8) - 1e8,
            Faulty::KeepsTheBatch => x.reshape([x.shape()?.elements()]),
            Faulty::KeepsStateToItself => x * (1.0 + CALLS.fetch_add(1, Ordering::Relaxed) as f64),
            Faulty::CountsGradientInTraining if cx.training() => wrong(x),
            Faulty::CountsGradientInTraining => x.square(),
        })
    }
}

fn x() -> Tensor {
    Tensor::from_slice(&[0.5f32, -1.0, 2.0, 0.25, 1.5, -0.75], [2, 3])
}

/// The text of a check that must fail, which starts with layer and check.
fn text(result: Result<()>, start: &str) -> String {
    let text = result.unwrap_err().to_string();
    assert!(text.starts_with(&format!("faulty (Faulty): {start}")), "{text}");
    text
}

#[test]
fn wrong_gradients_are_found_in_weights_and_in_a_mode_alone() {
    let check = check_layer(&Faulty::ForgetsAFactor, &x());
    check.shapes().unwrap();
    let found = text(check.gradients(), "gradients in inference: faulty/scale, element [");
    assert!(found.contains("the gradient is ") && found.contains("3 of 9 elements are wrong"), "{found}");
    text(check.all(), "gradients in inference");
    text(check_layer(&Faulty::LosesAWeight, &x()).gradients(), "gradients in inference: faulty/bias, element [");

    let check = check_layer(&Faulty::CountsGradientInTraining, &x());
    check.clone().mode(Inference).gradients().unwrap();
    text(check.clone().mode(Training).gradients(), "gradients in training: the input, element [");
}

#[test]
fn samples_that_see_one_another_are_found() {
    let check = check_layer(&Faulty::MixesSamples, &x());
    check.gradients().unwrap();
    let found = text(check.batch_independence(), "batch independence: sample 0 of 2 changes with its batch");
    assert!(found.contains("element [0, 0] is 0.125 among the others and 0 alone"), "{found}");
    let found =
        text(check_layer(&Faulty::KeepsTheBatch, &x()).shapes(), "shapes: a batch of 2 gives an output of shape [6]");
    assert!(found.ends_with("the model was built for [None]"), "{found}");
}

#[test]
fn randomness_and_hidden_state_are_found() {
    let found =
        text(check_layer(&Faulty::DrawsInInference, &x()).inference(), "inference: the output follows the random key");
    assert!(found.contains("cx.training()"), "{found}");
    check_layer(&Faulty::DrawsInInference, &x()).determinism().unwrap();
    text(check_layer(&Faulty::DrawsFromElsewhere, &x()).determinism(), "determinism in inference: two calls");
    text(check_layer(&Faulty::CountsCalls, &x()).mode(Training).determinism(), "determinism in training: two calls");
    let found = text(check_layer(&Faulty::LearnsInInference, &x()).inference(), "inference: faulty/total changes");
    assert!(found.contains("assign states if cx.training() only"), "{found}");
    text(check_layer(&Faulty::KeepsStateToItself, &x()).save_and_load(), "save and load: the outputs differ");
    text(check_layer(&Faulty::LosesPrecision, &x()).precision(), "precision: output element [");
}

#[test]
fn a_layer_that_refuses_its_input_says_so_itself() {
    let image = Tensor::ones([2, 3, 3, 1]);
    let error = check_layer(&Reshape::new([5]), &image).all().unwrap_err().to_string();
    assert!(error.contains("reshape (Reshape"), "{error}");
    let error = check_layer(&Dense::new(1), &Tensor::ones([0, 3])).all().unwrap_err().to_string();
    assert!(error.contains("expected a batch of samples, found shape [0, 3]"), "{error}");
}

/// `x^2 a + x b + c`, with a loss of its own.
#[derive(Clone, Debug)]
struct Quadratic {
    units: usize,
}

impl Layer for Quadratic {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let d = x.dim(-1)?;
        let a = cx.weight("a", [d, self.units], RandomNormal::default());
        let b = cx.weight("b", [d, self.units], RandomNormal::default());
        let c = cx.weight("c", [self.units], Zeros);
        cx.add_loss(a.square().sum_all() * 0.01);
        Ok(x.square().matmul(&a) + x.matmul(&b) + c)
    }
}

/// A state that follows the batches of training, used in inference.
#[derive(Clone, Debug)]
struct RunningMean;

impl Layer for RunningMean {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let mean = cx.state("mean", [x.dim(-1)?], Zeros);
        if cx.training() {
            let batch = x.mean(0);
            mean.assign(mean.value() * 0.9 + &batch * 0.1);
            return Ok((x - batch).square());
        }
        Ok((x - mean.value()).square())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn layers_of_ones_own_are_right(x in tensor(shape(1..4, 1..7), -2.0..2.0)) {
        check_layer(&Quadratic { units: 3 }, &x).all()?;
        check_layer(&RunningMean, &x).all()?;
    }
}
