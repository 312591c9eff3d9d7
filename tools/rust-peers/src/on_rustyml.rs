//! RustyML: its sequential model, one `train_batch` a step. It has no metrics inside the step, and is given none.

use std::rc::Rc;

use ndarray::{Array2, ArrayD, Axis};
use rustyml::neural_network::Shape;
use rustyml::neural_network::layers::{Activation, Dense as Layer};
use rustyml::neural_network::losses::{MeanSquaredError, SparseCategoricalCrossEntropy};
use rustyml::neural_network::optimizers::{Adam, RMSprop, SGD};
use rustyml::neural_network::sequential::{Sequential, SequentialBuilder};
use rustyml::neural_network::traits::UnaryLayer;

use crate::workloads::{BATCHES, CHECK_STEPS, Dense, Failure, Optimizer, Workload, mean_square};

pub fn names() -> Vec<String> {
    ["mlp", "mlp-large", "regression", "predict"].map(String::from).to_vec()
}

pub fn workload(name: &str) -> Result<Workload, Failure> {
    if name == "predict" {
        return predict();
    }
    let dense = Dense::named(name).ok_or("RustyML has no such workload")?;
    let batches = batches(dense)?;
    let again = batches.clone();
    let mut network = compiled(dense)?;
    let run = move |iterations: usize| {
        for step in 0..iterations {
            let (x, y) = &batches[step % BATCHES];
            std::hint::black_box(network.train_batch(x, y)?);
        }
        Ok(())
    };
    let check = move || {
        let (mut network, mut sum) = (compiled(dense)?, 0.0);
        for step in 0..CHECK_STEPS {
            let (x, y) = &again[step % BATCHES];
            let loss = f64::from(network.train_batch(x, y)?);
            sum += if step >= CHECK_STEPS - BATCHES { loss } else { 0.0 };
        }
        Ok(sum / BATCHES as f64)
    };
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}

type Batches = Rc<Vec<(ArrayD<f32>, ArrayD<f32>)>>;

fn batches(dense: Dense) -> Result<Batches, Failure> {
    let x = Array2::from_shape_vec((BATCHES * dense.batch, dense.sizes[0]), dense.x())?;
    let y = Array2::from_shape_vec((BATCHES * dense.batch, 1), dense.y())?;
    let cut = |array: &Array2<f32>| -> Vec<ArrayD<f32>> {
        array.axis_chunks_iter(Axis(0), dense.batch).map(|rows| rows.to_owned().into_dyn()).collect()
    };
    Ok(Rc::new(cut(&x).into_iter().zip(cut(&y)).collect()))
}

/// The model with the weights that everybody starts from; `last` ends it.
fn network(dense: Dense, last: Activation) -> Result<Sequential, Failure> {
    let mut builder = SequentialBuilder::new();
    let layers = dense.sizes.len() - 1;
    for (at, (inputs, outputs, weights)) in dense.weights().enumerate() {
        let activation = if at + 1 == layers { last.clone() } else { Activation::ReLU };
        let mut layer = Layer::new(outputs, activation)?;
        UnaryLayer::build(&mut layer, &Shape::known(&[dense.batch, inputs]))?;
        layer.set_weights(Array2::from_shape_vec((inputs, outputs), weights)?, Array2::zeros((1, outputs)))?;
        builder = builder.add(layer);
    }
    Ok(builder.build(&Shape::known(&[dense.batch, dense.sizes[0]]))?)
}

fn compiled(dense: Dense) -> Result<Sequential, Failure> {
    let mut network = network(dense, Activation::Linear)?;
    let rate = dense.rate as f32;
    macro_rules! with {
        ($loss:expr) => {
            match dense.optimizer {
                Optimizer::RmsProp => network.compile(RMSprop::new(rate, 0.9, 1e-7, 0.0)?, $loss),
                Optimizer::Sgd => network.compile(SGD::new(rate, 0.0, false, 0.0)?, $loss),
                Optimizer::Adam => network.compile(Adam::new(rate, 0.9, 0.999, 1e-7, 0.0)?, $loss),
            }
        };
    }
    if dense.classifies() {
        with!(SparseCategoricalCrossEntropy::new(true));
    } else {
        with!(MeanSquaredError::new());
    }
    Ok(network)
}

fn predict() -> Result<Workload, Failure> {
    let dense = Dense::named("mlp").ok_or("no mlp")?;
    let network = Rc::new(network(dense, Activation::Softmax { axis: -1 })?);
    let x = Array2::from_shape_vec((BATCHES * dense.batch, dense.sizes[0]), dense.x())?;
    let rows: Vec<ArrayD<f32>> =
        x.axis_chunks_iter(Axis(0), 1).take(dense.batch).map(|row| row.to_owned().into_dyn()).collect();
    let (again, first) = (network.clone(), rows[0].clone());
    let run = move |iterations: usize| {
        for row in 0..iterations {
            std::hint::black_box(network.predict(&rows[row % rows.len()])?);
        }
        Ok(())
    };
    let check = move || Ok(mean_square(again.predict(&first)?.as_slice().ok_or("not contiguous")?));
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}
