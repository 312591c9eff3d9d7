//! burn on its flex backend: modules, optimizers, losses and accuracy inside the step.

use burn::Tensor;
use burn::module::{Module, Param};
use burn::nn::loss::{CrossEntropyLossConfig, MseLoss, Reduction};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, RmsPropConfig, SgdConfig};
use burn::tensor::activation::{gelu_approximate, relu, sigmoid, softmax};
use burn::tensor::{Device, Int, TensorData};

use crate::workloads::{
    BATCHES, CHECK_STEPS, Dense, EPSILON, Failure, Optimizer, ROWS, Workload, chain_inputs, elementwise_names, fixed,
    mean_square,
};

pub fn names() -> Vec<String> {
    let mut names: Vec<String> = ["mlp", "mlp-large", "regression", "predict"].map(String::from).to_vec();
    names.extend(elementwise_names());
    names
}

pub fn workload(name: &str) -> Result<Workload, Failure> {
    let device = Device::flex();
    if let Some(dense) = Dense::named(name) {
        return training(dense);
    }
    match name {
        "predict" => predict(&device),
        "softmax" => {
            let x = matrix(&device);
            Ok(forward(move || softmax(x.clone(), 1)))
        }
        "layer-norm" => {
            let x = matrix(&device);
            let gamma = fixed(31, ROWS[1]).into_iter().map(|gamma| gamma / 2.0 + 1.0).collect();
            let mut norm: LayerNorm = LayerNormConfig::new(ROWS[1]).with_epsilon(EPSILON).init(&device);
            norm.gamma = Param::from_tensor(vector(gamma, &device));
            norm.beta = Some(Param::from_tensor(vector(fixed(32, ROWS[1]), &device)));
            Ok(forward(move || norm.forward(x.clone())))
        }
        _ => match name.strip_prefix("chain-").and_then(|rest| rest.split_once('-')) {
            Some((kind, size)) => chain(kind, size, &device),
            None => Err("burn has no such workload".into()),
        },
    }
}

fn vector(values: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

fn matrix(device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(fixed(30, ROWS[0] * ROWS[1]), ROWS), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap_or_default()
}

#[derive(Module, Debug)]
struct Mlp {
    layers: Vec<Linear>,
}

impl Mlp {
    fn new(dense: Dense, device: &Device) -> Self {
        let layers = dense.weights().map(|(inputs, outputs, weights)| {
            let mut layer = LinearConfig::new(inputs, outputs).init(device);
            layer.weight = Param::from_tensor(Tensor::from_data(TensorData::new(weights, [inputs, outputs]), device));
            layer.bias = Some(Param::from_tensor(Tensor::zeros([outputs], device)));
            layer
        });
        Self { layers: layers.collect() }
    }

    fn forward(&self, mut x: Tensor<2>) -> Tensor<2> {
        for (at, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if at + 1 < self.layers.len() {
                x = relu(x);
            }
        }
        x
    }
}

/// Targets of a batch.
#[derive(Clone)]
enum Targets {
    Classes(Tensor<1, Int>),
    Numbers(Tensor<2>),
}

struct Training {
    device: Device,
    model: Option<Mlp>,
    optimizer: ModuleOptimizer,
    rate: f64,
    batches: Vec<(Tensor<2>, Targets)>,
    loss: f64,
    right: f64,
}

impl Training {
    fn new(dense: Dense) -> Self {
        let device = Device::flex().autodiff();
        let (x, y) = (dense.x(), dense.y());
        let batches = (0..BATCHES).map(|batch| {
            let samples = batch * dense.batch..(batch + 1) * dense.batch;
            let x = x[samples.start * dense.sizes[0]..samples.end * dense.sizes[0]].to_vec();
            let y = y[samples].to_vec();
            let targets = if dense.classifies() {
                let classes: Vec<i64> = y.into_iter().map(|class| class as i64).collect();
                Targets::Classes(Tensor::from_data(TensorData::new(classes, [dense.batch]), &device))
            } else {
                Targets::Numbers(Tensor::from_data(TensorData::new(y, [dense.batch, 1]), &device))
            };
            (Tensor::from_data(TensorData::new(x, [dense.batch, dense.sizes[0]]), &device), targets)
        });
        let optimizer = match dense.optimizer {
            Optimizer::RmsProp => RmsPropConfig::new().with_alpha(0.9).with_momentum(0.0).with_epsilon(1e-7).init(),
            Optimizer::Sgd => SgdConfig::new().init(),
            Optimizer::Adam => AdamConfig::new().with_epsilon(1e-7).init(),
        };
        let batches = batches.collect();
        let model = Some(Mlp::new(dense, &device));
        Self { device, model, optimizer, rate: dense.rate, batches, loss: 0.0, right: 0.0 }
    }

    fn step(&mut self, number: usize) -> Result<(), Failure> {
        let model = self.model.take().ok_or("the model is gone")?;
        let (x, targets) = self.batches[number % BATCHES].clone();
        let out = model.forward(x);
        let loss = match targets {
            Targets::Classes(y) => {
                let right = out.clone().argmax(1).reshape([-1]).equal(y.clone()).int().sum();
                self.right += right.into_data().iter::<f64>().sum::<f64>();
                CrossEntropyLossConfig::new().init(&self.device).forward(out, y)
            }
            Targets::Numbers(y) => MseLoss::new().forward(out, y, Reduction::Mean),
        };
        self.loss += loss.clone().into_data().iter::<f64>().sum::<f64>();
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        self.model = Some(self.optimizer.step(self.rate, model, gradients));
        Ok(())
    }
}

fn training(dense: Dense) -> Result<Workload, Failure> {
    let mut training = Training::new(dense);
    let run = move |iterations| (0..iterations).try_for_each(|number| training.step(number));
    let check = move || {
        let mut training = Training::new(dense);
        for number in 0..CHECK_STEPS {
            if number == CHECK_STEPS - BATCHES {
                training.loss = 0.0;
            }
            training.step(number)?;
        }
        Ok(training.loss / BATCHES as f64)
    };
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}

fn predict(device: &Device) -> Result<Workload, Failure> {
    let dense = Dense::named("mlp").ok_or("no mlp")?;
    let model = std::rc::Rc::new(Mlp::new(dense, device));
    let x = dense.x();
    let rows: Vec<Tensor<2>> = x
        .chunks(dense.sizes[0])
        .take(dense.batch)
        .map(|row| Tensor::from_data(TensorData::new(row.to_vec(), [1, dense.sizes[0]]), device))
        .collect();
    let (again, first) = (model.clone(), rows[0].clone());
    let run = move |iterations| {
        for row in 0..iterations {
            std::hint::black_box(numbers(softmax(model.forward(rows[row % rows.len()].clone()), 1)));
        }
        Ok(())
    };
    let check = move || Ok(mean_square(&numbers(softmax(again.forward(first.clone()), 1))));
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}

fn chain(kind: &str, size: &str, device: &Device) -> Result<Workload, Failure> {
    let x: Vec<Tensor<1>> = chain_inputs(kind, size)?.into_iter().map(|values| vector(values, device)).collect();
    let input = move |number: usize| x[number].clone();
    Ok(match kind {
        "a" => forward(move || input(0) * input(1) + input(2)),
        "b" => forward(move || gelu_approximate(input(0)) * input(1) + input(2)),
        "c" => forward(move || sigmoid(input(0)) * input(1).tanh() + (-(input(0) * input(0))).exp()),
        "d" => forward(move || (input(0) - input(1)).powf_scalar(2.0).sum()),
        _ => return Err("burn has no such chain".into()),
    })
}

/// The flex backend computes at once: what is returned is there.
fn forward<const D: usize>(function: impl Fn() -> Tensor<D> + 'static) -> Workload {
    let function = std::rc::Rc::new(function);
    let again = function.clone();
    let run = move |iterations| {
        for _ in 0..iterations {
            std::hint::black_box(function());
        }
        Ok(())
    };
    Workload { run: Box::new(run), check: Box::new(move || Ok(mean_square(&numbers(again())))) }
}
