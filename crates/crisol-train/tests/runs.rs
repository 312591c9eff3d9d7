//! Whole trainings against Keras: the losses of 50 steps of `fit` from the same weights, by `tools/goldens/runs.py`.
//!
//! In double precision the logs agree to 1e-6 although means of losses are kept in single precision here; in single precision to 1e-3.
//! The convolutional network learns from logits: it soon has probabilities above 1 - 1e-7, which Keras cuts off on JAX and not on
//! TensorFlow, where it looks at the logits behind them, as crisol does.
#![allow(clippy::unwrap_used)] // helpers of tests

use crisol_callbacks::{Callback, Flow, Run};
use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_ir::{DType, Result, Value};
use crisol_layers::{
    Activation, BatchNormalization, Conv2D, Dense, Embedding, Flatten, Input, LSTM, MaxPooling2D, Network,
};
use crisol_losses::{IntoLoss, SparseCategoricalCrossentropy};
use crisol_optim::{Adam, IntoOptimizer, RmsProp, Sgd};
use crisol_train::{Compile, Fit, Model};

const BATCH: usize = 8;
const SAMPLES: usize = 80;

/// Numbers from -1 up to 1; each follows from stream and index.
fn fixed(stream: u64, shape: &[usize]) -> ArrayD<f64> {
    let mut index = stream << 32;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || {
        let mut z = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        index += 1;
        z ^= z >> 32;
        z = z.wrapping_mul(0xd6e8_feb8_6659_fd93);
        z ^= z >> 32;
        (z >> 40) as f64 / (1 << 23) as f64 - 1.0
    })
}

fn classes(stream: u64, count: f64, shape: &[usize]) -> ArrayD<i32> {
    fixed(stream, shape).mapv(|number| ((number + 1.0) / 2.0 * count) as i32)
}

/// Kernels as Glorot and Bengio scale them, vectors small, those of batch normalization as they are.
fn give_weights(model: &mut Model, dtype: DType) {
    let tree = model.tree().unwrap();
    let mut values = Vec::new();
    for (number, weight) in tree.weights().iter().enumerate() {
        if weight.path().contains("batch_normalization") {
            values.push(weight.variable().value().to_value().unwrap());
            continue;
        }
        let shape = weight.variable().shape();
        let scale = match shape.sizes() {
            [inputs @ .., outputs] if !inputs.is_empty() => {
                (6.0 / (inputs.iter().product::<usize>() + outputs) as f64).sqrt()
            }
            _ => 0.1,
        };
        values.push(Value::F64(fixed(100 + number as u64, shape.sizes()) * scale).cast(dtype));
    }
    model.set_weights(&values).unwrap();
}

#[derive(Default)]
struct Losses(Vec<f64>);

impl Callback for Losses {
    fn on_train_batch_end(&mut self, run: &mut dyn Run, _: usize) -> Result<Flow> {
        self.0.extend(run.logs()?.get("loss"));
        Ok(Flow::Continue)
    }
}

enum X {
    Numbers(ArrayD<f64>),
    Words(ArrayD<i32>),
}

/// Trains in both precisions and compares every step.
fn compare(
    run: &str,
    network: impl Fn() -> Network,
    optimizer: impl IntoOptimizer + Clone,
    loss: impl IntoLoss + Clone,
    x: X,
    y: &Value,
) {
    for (dtype, tolerance) in [(DType::F64, 1e-6), (DType::F32, 1e-3)] {
        let mut model = Model::from_network(network().dtype(dtype).build().unwrap());
        give_weights(&mut model, dtype);
        model.compile(Compile::new().optimizer(optimizer.clone()).loss(loss.clone())).unwrap();
        let mut losses = Losses::default();
        let fit = Fit::epochs(5).batch_size(BATCH).shuffle(false).verbose(0).callback(&mut losses);
        match (&x, y) {
            (X::Numbers(x), Value::F64(y)) => model.fit((x, y), fit),
            (X::Numbers(x), Value::I32(y)) => model.fit((x, y), fit),
            (X::Words(x), Value::I32(y)) => model.fit((x, y), fit),
            _ => panic!("{run}: no such data"),
        }
        .unwrap();
        let start = format!("{run} | {dtype} | ");
        let golden = include_str!("goldens/runs.txt").lines().find_map(|line| line.strip_prefix(&start)).unwrap();
        let golden: Vec<f64> = golden.split(' ').map(|number| number.parse().unwrap()).collect();
        assert_eq!((losses.0.len(), golden.len()), (50, 50));
        let mut worst = 0.0f64;
        for (step, (own, keras)) in losses.0.iter().zip(&golden).enumerate() {
            worst = worst.max((own - keras).abs());
            assert!((own - keras).abs() <= tolerance, "{run} {dtype}: {own} after step {step}, Keras {keras}");
        }
        println!("{run} {dtype}: differs by at most {worst:.1e}");
    }
}

#[test]
fn a_dense_classifier() {
    let network = || {
        let hidden = (Dense::new(16).activation("relu"), Dense::new(16).activation("tanh"));
        Network::sequential((Input::new([20]), hidden.0, hidden.1, Dense::new(5).activation("softmax")))
    };
    let y = Value::I32(classes(2, 5.0, &[SAMPLES]));
    let x = X::Numbers(fixed(1, &[SAMPLES, 20]));
    compare("mlp", network, RmsProp::new(0.01), "sparse_categorical_crossentropy", x, &y);
}

#[test]
fn a_regression() {
    let network = || {
        let hidden = || Dense::new(50).activation("relu");
        Network::sequential((Input::new([8]), hidden(), hidden(), Dense::new(1)))
    };
    let (x, y) = (X::Numbers(fixed(3, &[SAMPLES, 8])), Value::F64(fixed(4, &[SAMPLES, 1])));
    compare("regression", network, Adam::new(0.01), "mse", x, &y);
}

#[test]
fn a_convolutional_network_with_batch_normalization() {
    let network = || {
        Network::sequential((
            Input::new([12, 12, 3]),
            Conv2D::new(8, 3).padding("same").activation("relu"),
            MaxPooling2D::new(2),
            Conv2D::new(12, 3).strides(2),
            BatchNormalization::new(),
            Activation::new("relu"),
            Flatten::new(),
            Dense::new(4),
        ))
    };
    let y = Value::I32(classes(6, 4.0, &[SAMPLES]));
    let x = X::Numbers(fixed(5, &[SAMPLES, 12, 12, 3]));
    let optimizer = Sgd::new(0.05).momentum(0.9).nesterov(true);
    compare("cnn", network, optimizer, SparseCategoricalCrossentropy::new().from_logits(true), x, &y);
}

#[test]
fn an_embedding_with_an_lstm() {
    let network = || {
        let layers = (Embedding::new(30, 8), LSTM::new(12), Dense::new(1).activation("sigmoid"));
        Network::sequential((Input::new([10]), layers.0, layers.1, layers.2))
    };
    let y = Value::I32(classes(8, 2.0, &[SAMPLES, 1]));
    let x = X::Words(classes(7, 30.0, &[SAMPLES, 10]));
    compare("lstm", network, Adam::new(0.01), "binary_crossentropy", x, &y);
}
