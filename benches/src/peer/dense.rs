//! Training steps of dense models: in a loop by hand over tensors that are there, and through `fit`; and predictions.

use super::Workload;
use super::data::{fixed, glorot, mean_square};
use crisol::data::Array;
use crisol::losses::Loss;
use crisol::ndarray::{Array1, ArrayD, Axis};
use crisol::optimizers::Optimizer;
use crisol::prelude::*;
use crisol::{Result, Value, evaluate};
use std::hint::black_box;
use std::rc::Rc;

/// Different batches that training goes round.
const BATCHES: usize = 16;
/// Steps after which losses are compared: two rounds, of which the second is averaged.
const CHECK_STEPS: usize = 32;
/// Steps of an epoch of `fit`: long enough that its ends do not count.
const FIT_STEPS: usize = 256;

/// A dense model and how it is trained.
pub(super) struct DenseModel {
    pub(super) name: &'static str,
    pub(super) sizes: &'static [usize],
    pub(super) batch: usize,
    optimizer: fn() -> Result<Optimizer>,
}

/// Those of the seeds: digits, fashion, house prices.
pub(super) const MODELS: [DenseModel; 3] = [
    DenseModel { name: "mlp", sizes: &[784, 64, 64, 10], batch: 64, optimizer: || RmsProp::new(1e-3).build() },
    DenseModel { name: "mlp-large", sizes: &[784, 300, 100, 10], batch: 32, optimizer: || Sgd::new(1e-2).build() },
    DenseModel { name: "regression", sizes: &[8, 50, 50, 50, 1], batch: 32, optimizer: || Adam::new(1e-3).build() },
];

impl DenseModel {
    fn classes(&self) -> Option<usize> {
        self.sizes.last().copied().filter(|&outputs| outputs > 1)
    }

    fn loss(&self) -> Box<dyn Loss> {
        match self.classes() {
            Some(_) => Box::new(SparseCategoricalCrossentropy::new()),
            None => Box::new(MeanSquaredError::new()),
        }
    }

    /// The model, with the weights that every side starts from.
    fn model(&self) -> Result<Model> {
        let input = Input::new([self.sizes[0]]);
        let mut x = input.clone();
        let last = self.sizes.len() - 2;
        let mut weights = Vec::new();
        for (layer, pair) in self.sizes.windows(2).enumerate() {
            let dense = Dense::new(pair[1]);
            x = match (layer == last, self.classes()) {
                (false, _) => dense.activation("relu").on(&x),
                (true, Some(_)) => dense.activation("softmax").on(&x),
                (true, None) => dense.on(&x),
            };
            weights.push(Value::F32(glorot(10 + layer as u64, pair[0], pair[1])));
            weights.push(Value::F32(ArrayD::zeros(vec![pair[1]])));
        }
        let model = Model::new(&input, &x)?;
        model.tree()?.set_weights(&weights)?;
        Ok(model)
    }

    fn x(&self) -> ArrayD<f32> {
        fixed(1, &[BATCHES * self.batch, self.sizes[0]])
    }

    /// All batches, one after the other; class numbers or numbers.
    fn data(&self) -> Batch {
        let y = fixed(2, &[BATCHES * self.batch, 1]);
        match self.classes() {
            Some(classes) => {
                let label = |y: &f32| ((y + 1.0) / 2.0 * classes as f32) as i32;
                Batch::from((self.x(), y.iter().map(label).collect::<Array1<i32>>()))
            }
            None => Batch::from((self.x(), y)),
        }
    }
}

/// What a loop by hand keeps.
struct Loop {
    model: Model,
    loss: Box<dyn Loss>,
    optimizer: Optimizer,
    mean: Mean,
    accuracy: Option<SparseCategoricalAccuracy>,
    batches: Vec<(Tensor, Tensor)>,
}

impl Loop {
    fn new(dense: &DenseModel) -> Result<Loop> {
        let mut batches = Vec::new();
        for batch in Dataset::from(dense.data()).batch(dense.batch).iter()? {
            let Batch { x, y, .. } = batch?;
            let y = match y {
                Some(Array::I32(labels)) => Tensor::from(labels),
                Some(Array::F32(numbers)) => Tensor::from(numbers),
                _ => return Err(Error::new(ErrorKind::Internal, "targets of another type than were made")),
            };
            batches.push((Tensor::from(x.into_f32()), y));
        }
        let accuracy = dense.classes().map(|_| SparseCategoricalAccuracy::new());
        let (model, loss) = (dense.model()?, dense.loss());
        Ok(Loop { model, loss, optimizer: (dense.optimizer)()?, mean: Mean::new("loss"), accuracy, batches })
    }

    /// A step on one of the batches that are there.
    fn step(&mut self, number: usize) -> Result<()> {
        let (x, y) = self.batches[number % self.batches.len()].clone();
        self.step_on(&x, &y)
    }

    /// A step on rows of arrays, which are copied.
    fn step_on_rows(&mut self, data: &Batch, rows: &[usize]) -> Result<()> {
        match (&data.x, &data.y) {
            (Array::F32(x), Some(Array::I32(y))) => {
                self.step_on(&Tensor::from_rows(x, rows), &Tensor::from_rows(y, rows))
            }
            (Array::F32(x), Some(Array::F32(y))) => {
                self.step_on(&Tensor::from_rows(x, rows), &Tensor::from_rows(y, rows))
            }
            _ => Err(Error::new(ErrorKind::Internal, "data of other types than were made")),
        }
    }

    /// Forward pass, gradients, update and metrics, as one plan.
    fn step_on(&mut self, x: &Tensor, y: &Tensor) -> Result<()> {
        let tape = GradientTape::new();
        let outputs = self.model.call(x, Mode::Training)?;
        let loss = self.loss.call(y, &outputs, None)?;
        let gradients = tape.gradient(&loss, self.model.trainable_weights()?)?;
        self.optimizer.record(gradients)?;
        self.mean.update(&loss, None)?;
        if let Some(accuracy) = &mut self.accuracy {
            accuracy.update(y, &outputs, None)?;
        }
        // Nothing here holds what was read from the old weights any more, so they are updated where they are.
        drop((loss, outputs));
        evaluate()
    }
}

/// Steps in a loop by hand.
pub(super) fn steps(dense: &'static DenseModel) -> Result<Workload> {
    let mut training = Loop::new(dense)?;
    let run = move |iterations| {
        for number in 0..iterations {
            training.step(number)?;
        }
        training.mean.result()?.item()?;
        Ok(iterations)
    };
    let check = move || {
        let mut training = Loop::new(dense)?;
        for number in 0..CHECK_STEPS {
            if number == CHECK_STEPS - BATCHES {
                training.mean.reset()?;
            }
            training.step(number)?;
        }
        training.mean.result()?.item()
    };
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}

/// Steps in a loop by hand that copies each batch out of the arrays that `fit` is given, in an order without a pattern: what a step costs
/// where data comes from memory.
pub(super) fn steps_over_rows(dense: &'static DenseModel) -> Result<Workload> {
    let mut training = Loop::new(dense)?;
    let data = repeated(&dense.data(), FIT_STEPS / BATCHES)?;
    let mut order: Vec<usize> = (0..data.len()).collect();
    let mixed = fixed(5, &[order.len()]);
    order.sort_by(|&a, &b| mixed[[a]].total_cmp(&mixed[[b]]));
    let run = move |iterations| {
        for number in 0..iterations {
            training.step_on_rows(&data, &order[number % FIT_STEPS * dense.batch..][..dense.batch])?;
        }
        training.mean.result()?.item()?;
        Ok(iterations)
    };
    let check = move || {
        let (mut training, data) = (Loop::new(dense)?, dense.data());
        for number in 0..CHECK_STEPS {
            if number == CHECK_STEPS - BATCHES {
                training.mean.reset()?;
            }
            let first = number % BATCHES * dense.batch;
            training.step_on_rows(&data, &(first..first + dense.batch).collect::<Vec<_>>())?;
        }
        training.mean.result()?.item()
    };
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}

impl DenseModel {
    /// The model, ready for `fit`.
    pub(super) fn compiled(&self) -> Result<Model> {
        let mut model = self.model()?;
        let compile = Compile::new().optimizer((self.optimizer)()?);
        model.compile(match self.classes() {
            Some(_) => compile.loss("sparse_categorical_crossentropy").metric("accuracy"),
            None => compile.loss("mse"),
        })?;
        Ok(model)
    }
}

/// Steps of `fit` over arrays, shuffled and cut into batches anew every epoch, with all that is around them.
pub(super) fn fit(dense: &'static DenseModel) -> Result<Workload> {
    let mut model = dense.compiled()?;
    let once = Dataset::from(dense.data());
    let epoch = Dataset::from(repeated(&dense.data(), FIT_STEPS / BATCHES)?).shuffle(usize::MAX, 1).batch(dense.batch);
    let run = move |iterations: usize| {
        let epochs = iterations.div_ceil(FIT_STEPS);
        model.fit(&epoch, Fit::epochs(epochs).verbose(Verbose::Silent))?;
        Ok(epochs * FIT_STEPS)
    };
    let check = move || {
        let fit = Fit::epochs(CHECK_STEPS / BATCHES).verbose(Verbose::Silent);
        let history = dense.compiled()?.fit(once.batch(dense.batch), fit)?;
        Ok(history.get("loss").last().copied().unwrap_or(f64::NAN))
    };
    Ok(Workload { run: Box::new(run), check: Box::new(check) })
}

/// The rows again and again.
fn repeated(batch: &Batch, times: usize) -> Result<Batch> {
    let rows: Vec<usize> = (0..batch.len()).cycle().take(batch.len() * times).collect();
    Ok(batch.select(&rows)?)
}

/// The mlp's answer to one sample, as numbers in our hands.
pub(super) fn predict() -> Result<Workload> {
    let dense = &MODELS[0];
    let model = dense.model()?;
    let x = dense.x();
    let rows: Vec<ArrayD<f32>> = x.axis_chunks_iter(Axis(0), 1).take(dense.batch).map(|row| row.to_owned()).collect();
    let answer = move |row: usize| model.call(&Tensor::from(&rows[row % rows.len()]), Inference)?.to_vec::<f32>();
    let answer = Rc::new(answer);
    let first = answer.clone();
    let run = move |iterations| {
        for row in 0..iterations {
            black_box(answer(row)?);
        }
        Ok(iterations)
    };
    Ok(Workload { run: Box::new(run), check: Box::new(move || Ok(mean_square(&first(0)?))) })
}
