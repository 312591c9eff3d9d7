//! Losses against the values and gradients of Keras on JAX, in double precision: see `tools/goldens/losses.py`.
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_autograd::GradientTape;
use crisol_losses::*;
use crisol_tensor::ndarray::{ArrayD, IxDyn};
use crisol_tensor::{DType, Tensor};
use std::collections::HashMap;
use std::sync::Arc;

/// As in the script: numbers from -0.75 to 0.83 that tell places apart.
fn wave(sizes: &[usize], seed: usize) -> Vec<f64> {
    (0..sizes.iter().product()).map(|place| ((place * 37 + seed * 11) % 101) as f64 / 64.0 - 0.75).collect()
}

fn tensor(values: impl IntoIterator<Item = f64>, sizes: &[usize]) -> Tensor {
    Tensor::from(ArrayD::from_shape_vec(IxDyn(sizes), values.into_iter().collect()).unwrap())
}

/// Targets and predictions, by the name of the function in the script that makes them.
fn inputs(kind: &str, sizes: &[usize]) -> (Tensor, Tensor) {
    let last = *sizes.last().unwrap();
    let wave = |seed| wave(sizes, seed);
    let with = |ends: &[f64], mut values: Vec<f64>| {
        values[..ends.len()].copy_from_slice(ends);
        values
    };
    let binary = |no: f64| wave(5).into_iter().map(move |x| if x > 0.0 { 1.0 } else { no }).collect::<Vec<f64>>();
    let halves: Vec<f64> = wave(6).into_iter().map(|x| x * 0.5 + 0.5).collect();
    let logits: Vec<f64> = wave(7).into_iter().map(|x| x * 4.0).collect();
    let labels: Vec<usize> = wave(5)
        .chunks(last)
        .map(|row| (0..last).fold(0, |best, place| if row[place] > row[best] { place } else { best }))
        .collect();
    let one_hot: Vec<f64> =
        labels.iter().flat_map(|label| (0..last).map(move |place| f64::from(u8::from(place == *label)))).collect();
    let (y, p) = match kind {
        "numbers" => (wave(1).iter().map(|x| x * 3.0).collect(), wave(2).iter().map(|x| x * 3.0).collect()),
        "positive" => (wave(3).iter().map(|x| x + 0.875).collect(), wave(4).iter().map(|x| x + 0.875).collect()),
        "binary" | "masks" => (binary(0.0), halves),
        "signs" => (binary(-1.0), wave(6).iter().map(|x| x * 3.0).collect()),
        "binary_logits" => (binary(0.0), logits),
        "extreme_logits" => (binary(0.0), with(&[300.0, -300.0, 0.0], logits)),
        "extreme_probabilities" => (binary(0.0), with(&[0.0, 1.0], halves)),
        "one_hot" => (one_hot, halves),
        "one_hot_logits" => (one_hot, logits),
        "one_hot_extreme" => (one_hot, with(&[300.0, -300.0], logits)),
        "labels" | "labels_logits" => {
            let labels = tensor(labels.iter().map(|&label| label as f64), &sizes[..sizes.len() - 1]);
            return (labels.cast(DType::I64), tensor(if kind == "labels" { halves } else { logits }, sizes));
        }
        other => panic!("{other}"),
    };
    (tensor(y, sizes), tensor(p, sizes))
}

/// The loss with its settings.
fn make(name: &str, settings: &str) -> Arc<dyn Loss> {
    let settings: HashMap<&str, &str> =
        settings.split_whitespace().filter_map(|setting| setting.split_once('=')).collect();
    let number = |key: &str, or: f64| settings.get(key).map_or(or, |text| text.parse().unwrap());
    let (axis, logits) = (number("axis", -1.0) as isize, settings.contains_key("from_logits"));
    let (smoothing, alpha, gamma) = (number("label_smoothing", 0.0), number("alpha", 0.25), number("gamma", 2.0));
    match name {
        _ if settings.is_empty() => by_name(name).unwrap(),
        "cosine_similarity" => Arc::new(CosineSimilarity::new().axis(axis)),
        "huber" => Arc::new(Huber::new(number("delta", 1.0))),
        "binary_crossentropy" => {
            Arc::new(BinaryCrossentropy::new().from_logits(logits).label_smoothing(smoothing).axis(axis))
        }
        "binary_focal_crossentropy" => Arc::new(
            BinaryFocalCrossentropy::new()
                .apply_class_balancing(settings.contains_key("apply_class_balancing"))
                .alpha(alpha)
                .gamma(gamma)
                .from_logits(logits)
                .label_smoothing(smoothing)
                .axis(axis),
        ),
        "categorical_crossentropy" => {
            Arc::new(CategoricalCrossentropy::new().from_logits(logits).label_smoothing(smoothing).axis(axis))
        }
        "categorical_focal_crossentropy" => Arc::new(
            CategoricalFocalCrossentropy::new()
                .alpha(alpha)
                .gamma(gamma)
                .from_logits(logits)
                .label_smoothing(smoothing)
                .axis(axis),
        ),
        "sparse_categorical_crossentropy" => {
            let loss = SparseCategoricalCrossentropy::new().from_logits(logits);
            match settings.get("ignore_class") {
                Some(class) => Arc::new(loss.ignore_class(class.parse().unwrap())),
                None => Arc::new(loss),
            }
        }
        "categorical_generalized_cross_entropy" => {
            Arc::new(CategoricalGeneralizedCrossEntropy::new().q(number("q", 0.5)))
        }
        "dice" => Arc::new(Dice::new().axis([axis])),
        "tversky" => {
            let loss = Tversky::new(number("alpha", 0.5), number("beta", 0.5));
            if settings.contains_key("axis") { Arc::new(loss.axis([axis])) } else { Arc::new(loss) }
        }
        other => panic!("{other}"),
    }
}

/// A loss behind a pointer, so that its reduction can be changed.
#[derive(Debug)]
struct Shared(Arc<dyn Loss>, Reduction);

impl Loss for Shared {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn values(&self, y_true: &Tensor, y_pred: &Tensor) -> crisol_tensor::Result<Tensor> {
        self.0.values(y_true, y_pred)
    }
    fn reduction(&self) -> Reduction {
        self.1
    }
    fn align(&self, y_true: &Tensor, y_pred: &Tensor) -> crisol_tensor::Result<(Tensor, Tensor)> {
        self.0.align(y_true, y_pred)
    }
    fn mask(&self, y_true: &Tensor, y_pred: &Tensor) -> crisol_tensor::Result<Option<Tensor>> {
        self.0.mask(y_true, y_pred)
    }
}

fn compare(what: &str, found: &Tensor, expected: &str) {
    let expected: Vec<f64> = expected.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let found = found.to_vec::<f64>().unwrap();
    assert_eq!(found.len(), expected.len(), "{what}: {found:?} against {expected:?}");
    for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
        // Keras rounds some factors (the size of a mean, epsilon) to single precision.
        let near = (found - expected).abs() <= 3e-7 * (1.0 + expected.abs());
        assert!(near, "{what} at {place}: {found} against {expected}");
    }
}

#[test]
fn losses_have_the_values_and_gradients_of_keras() {
    let mut count = 0;
    for line in include_str!("goldens/keras.txt").lines() {
        let [name, settings, input, reduction, weighted, masked, value, gradient] =
            line.split(" | ").collect::<Vec<_>>()[..]
        else {
            panic!("{line}")
        };
        let (kind, sizes) = input.split_once(' ').unwrap();
        let sizes: Vec<usize> = sizes.split(',').map(|size| size.parse().unwrap()).collect();
        let (y, p) = inputs(kind, &sizes);
        let weights = |sizes: &[usize]| tensor(wave(sizes, 8).iter().map(|x| x.abs() * 2.0), sizes);
        let weight = match weighted {
            "samples" => Some(weights(&sizes[..1])),
            "steps" => Some(weights(&sizes[..sizes.len() - 1])),
            _ => None,
        };
        let outer = &sizes[..sizes.len() - 1];
        let mask = (masked == "mask").then(|| tensor(wave(outer, 9), outer).greater(0.0));
        let loss = Shared(make(name, settings), reduction.parse().unwrap());
        let what = format!("{name} {settings} {input} {reduction} {weighted} {masked}");

        let tape = GradientTape::new();
        let found =
            loss.call_masked(&y, &p, weight.as_ref(), mask.as_ref()).unwrap_or_else(|error| panic!("{what}: {error}"));
        if !gradient.is_empty() {
            let slopes = tape.gradient(&found.sum_all(), [&p]).unwrap().only().unwrap();
            compare(&format!("gradient of {what}"), &slopes, gradient);
        }
        compare(&what, &found, value);
        count += 1;
    }
    assert!(count > 200, "{count} lines");
}
