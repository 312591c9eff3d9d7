//! candle: linear layers, its losses, its SGD and AdamW; RMSprop, which it lacks, written with its tensors.

use std::rc::Rc;

use candle_core::{D, DType, Device, Tensor, Var};
use candle_nn::{AdamW, Linear, Module, Optimizer as _, ParamsAdamW, SGD, loss, ops};

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
    if let Some(dense) = Dense::named(name) {
        return training(dense);
    }
    match name {
        "predict" => predict(),
        "softmax" => {
            let x = matrix()?;
            Ok(forward(move || ops::softmax_last_dim(&x)))
        }
        "layer-norm" => {
            let x = matrix()?;
            let gamma: Vec<f32> = fixed(31, ROWS[1]).into_iter().map(|gamma| gamma / 2.0 + 1.0).collect();
            let gamma = Tensor::from_vec(gamma, ROWS[1], &Device::Cpu)?;
            let beta = Tensor::from_vec(fixed(32, ROWS[1]), ROWS[1], &Device::Cpu)?;
            Ok(forward(move || ops::layer_norm(&x, &gamma, &beta, EPSILON as f32)))
        }
        _ => match name.strip_prefix("chain-").and_then(|rest| rest.split_once('-')) {
            Some((kind, size)) => chain(kind, size),
            None => Err("candle has no such workload".into()),
        },
    }
}

fn matrix() -> candle_core::Result<Tensor> {
    Tensor::from_vec(fixed(30, ROWS[0] * ROWS[1]), (ROWS[0], ROWS[1]), &Device::Cpu)
}

fn numbers(tensor: &Tensor) -> Result<Vec<f32>, Failure> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

struct Mlp {
    layers: Vec<Linear>,
    variables: Vec<Var>,
}

impl Mlp {
    fn new(dense: Dense) -> Result<Self, Failure> {
        let (mut layers, mut variables) = (Vec::new(), Vec::new());
        for (inputs, outputs, weights) in dense.weights() {
            // candle keeps weights with one row an output.
            let weights = Tensor::from_vec(weights, (inputs, outputs), &Device::Cpu)?.t()?.contiguous()?;
            let (weight, bias) = (Var::from_tensor(&weights)?, Var::zeros(outputs, DType::F32, &Device::Cpu)?);
            layers.push(Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone())));
            variables.extend([weight, bias]);
        }
        Ok(Self { layers, variables })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let mut x = x.clone();
        for (at, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x)?;
            if at + 1 < self.layers.len() {
                x = x.relu()?;
            }
        }
        Ok(x)
    }
}

enum Update {
    Sgd(SGD),
    Adam(AdamW),
    RmsProp { variables: Vec<(Var, Tensor)>, rate: f64 },
}

impl Update {
    fn new(dense: Dense, variables: &[Var]) -> Result<Self, Failure> {
        let variables = variables.to_vec();
        Ok(match dense.optimizer {
            Optimizer::Sgd => Update::Sgd(SGD::new(variables, dense.rate)?),
            Optimizer::Adam => {
                let parameters = ParamsAdamW { lr: dense.rate, eps: 1e-7, weight_decay: 0.0, ..ParamsAdamW::default() };
                Update::Adam(AdamW::new(variables, parameters)?)
            }
            Optimizer::RmsProp => {
                let slots = variables.into_iter().map(|variable| {
                    let slot = variable.zeros_like()?;
                    Ok((variable, slot))
                });
                Update::RmsProp { variables: slots.collect::<candle_core::Result<_>>()?, rate: dense.rate }
            }
        })
    }

    fn step(&mut self, loss: &Tensor) -> Result<(), Failure> {
        match self {
            Update::Sgd(sgd) => sgd.backward_step(loss)?,
            Update::Adam(adam) => adam.backward_step(loss)?,
            Update::RmsProp { variables, rate } => {
                let gradients = loss.backward()?;
                for (variable, slot) in variables {
                    let gradient = gradients.get(variable).ok_or("a weight without a gradient")?;
                    *slot = ((&*slot * 0.9)? + (gradient.sqr()? * 0.1)?)?;
                    let update = (gradient / (&*slot + 1e-7)?.sqrt()?)?;
                    variable.set(&(variable.as_tensor() - (update * *rate)?)?)?;
                }
            }
        }
        Ok(())
    }
}

struct Training {
    model: Mlp,
    update: Update,
    classifies: bool,
    batches: Vec<(Tensor, Tensor)>,
    loss: f64,
    right: f64,
}

impl Training {
    fn new(dense: Dense) -> Result<Self, Failure> {
        let samples = BATCHES * dense.batch;
        let x = Tensor::from_vec(dense.x(), (samples, dense.sizes[0]), &Device::Cpu)?;
        let y = if dense.classifies() {
            let classes: Vec<u32> = dense.y().into_iter().map(|class| class as u32).collect();
            Tensor::from_vec(classes, samples, &Device::Cpu)?
        } else {
            Tensor::from_vec(dense.y(), (samples, 1), &Device::Cpu)?
        };
        let batch = |number: usize| -> candle_core::Result<(Tensor, Tensor)> {
            let cut = |tensor: &Tensor| tensor.narrow(0, number * dense.batch, dense.batch)?.copy();
            Ok((cut(&x)?, cut(&y)?))
        };
        let batches = (0..BATCHES).map(batch).collect::<candle_core::Result<_>>()?;
        let model = Mlp::new(dense)?;
        let update = Update::new(dense, &model.variables)?;
        Ok(Self { model, update, classifies: dense.classifies(), batches, loss: 0.0, right: 0.0 })
    }

    fn step(&mut self, number: usize) -> Result<(), Failure> {
        let (x, y) = &self.batches[number % BATCHES];
        let out = self.model.forward(x)?;
        let loss = if self.classifies {
            let right = out.argmax(D::Minus1)?.eq(y)?.to_dtype(DType::F32)?.sum_all()?;
            self.right += f64::from(right.to_scalar::<f32>()?);
            loss::cross_entropy(&out, y)?
        } else {
            loss::mse(&out, y)?
        };
        self.loss += f64::from(loss.to_scalar::<f32>()?);
        self.update.step(&loss)
    }
}

fn training(dense: Dense) -> Result<Workload, Failure> {
    let mut training = Training::new(dense)?;
    let run = move |iterations| (0..iterations).try_for_each(|number| training.step(number));
    let check = move || {
        let mut training = Training::new(dense)?;
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

fn predict() -> Result<Workload, Failure> {
    let dense = Dense::named("mlp").ok_or("no mlp")?;
    let model = Mlp::new(dense)?;
    let x = dense.x();
    let rows = x.chunks(dense.sizes[0]).take(dense.batch);
    let rows = rows.map(|row| Tensor::from_vec(row.to_vec(), (1, dense.sizes[0]), &Device::Cpu));
    let rows: Vec<Tensor> = rows.collect::<candle_core::Result<_>>()?;
    let answer = Rc::new(move |row: usize| -> Result<Vec<f32>, Failure> {
        numbers(&ops::softmax_last_dim(&model.forward(&rows[row % rows.len()])?)?)
    });
    let first = answer.clone();
    let run = move |iterations| {
        for row in 0..iterations {
            std::hint::black_box(answer(row)?);
        }
        Ok(())
    };
    Ok(Workload { run: Box::new(run), check: Box::new(move || Ok(mean_square(&first(0)?))) })
}

fn chain(kind: &str, size: &str) -> Result<Workload, Failure> {
    let inputs = chain_inputs(kind, size)?.into_iter();
    let inputs = inputs.map(|values| {
        let count = values.len();
        Tensor::from_vec(values, count, &Device::Cpu)
    });
    let x: Vec<Tensor> = inputs.collect::<candle_core::Result<_>>()?;
    Ok(match kind {
        "a" => forward(move || (&x[0] * &x[1])? + &x[2]),
        "b" => forward(move || (x[0].gelu()? * &x[1])? + &x[2]),
        "c" => forward(move || (ops::sigmoid(&x[0])? * x[1].tanh()?)? + (&x[0] * &x[0])?.neg()?.exp()?),
        "d" => forward(move || (&x[0] - &x[1])?.sqr()?.sum_all()),
        _ => return Err("candle has no such chain".into()),
    })
}

/// candle computes at once: what is returned is there.
fn forward(function: impl Fn() -> candle_core::Result<Tensor> + 'static) -> Workload {
    let function = Rc::new(function);
    let again = function.clone();
    let run = move |iterations| {
        for _ in 0..iterations {
            std::hint::black_box(function()?);
        }
        Ok(())
    };
    Workload { run: Box::new(run), check: Box::new(move || Ok(mean_square(&numbers(&again()?)?))) }
}
