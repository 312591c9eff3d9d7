//! A step of one's own inside `fit`: the trait, what a step returns, and the trainer that runs it.

use crate::batch::Data;
use crate::data::IntoFeed;
use crate::evaluate::Evaluate;
use crate::fit::Fit;
use crate::model::Model;
use crate::{evaluate, predict, training};
use crisol_callbacks::{History, Logs};
use crisol_ir::Result;
use crisol_ir::ndarray::ArrayD;
use crisol_layers::Network;
use crisol_params::Weight;
use crisol_tensor::Tensor;
use std::ops::{Deref, DerefMut};

/// What is done with a batch, in place of Keras' `train_step`, `test_step` and `predict_step`. Those that are not written are the
/// built-in ones.
///
/// A step only records: the loop evaluates it, with all updates, as one plan.
///
/// ```
/// use crisol_autograd::GradientTape;
/// use crisol_ir::{Result, ndarray::Array2};
/// use crisol_layers::{Dense, Input, LayerExt, Training};
/// use crisol_train::{Compile, Data, Fit, Model, Results, TrainStep, Trainer, Verbose};
///
/// struct Custom;
///
/// impl TrainStep for Custom {
///     fn train_step(&mut self, model: &mut Model, data: &Data) -> Result<Results> {
///         let tape = GradientTape::new();
///         let y_pred = model.call(data.x(), Training)?;
///         let loss = model.compiled_loss(data.y()?, &y_pred, data.sample_weight())?;
///         model.apply(tape.gradient(&loss, model.trainable_weights()?)?)?;
///         model.update_metrics(data.y()?, &y_pred, data.sample_weight())?;
///         Ok(model.results())
///     }
/// }
///
/// let input = Input::new([3]);
/// let mut model = Model::new(&input, Dense::new(1).on(&input))?;
/// model.compile(Compile::new().optimizer("adam").loss("mse").metric("mae"))?;
/// let mut trainer = Trainer::of(model, Custom);
/// let (x, y) = (Array2::<f32>::ones((64, 3)), Array2::<f32>::ones((64, 1)));
/// let history = trainer.fit((&x, &y), Fit::epochs(2).verbose(Verbose::Silent))?;
/// assert_eq!(history.names(), ["loss", "mae"]);
/// println!("{}", trainer.summary()?);
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub trait TrainStep {
    /// Learns from a batch, and says what the logs show.
    ///
    /// # Errors
    /// Ends the training.
    fn train_step(&mut self, model: &mut Model, data: &Data) -> Result<Results> {
        model.train_step(data)
    }

    /// Takes a batch of an evaluation in.
    ///
    /// # Errors
    /// Ends the evaluation.
    fn test_step(&mut self, model: &mut Model, data: &Data) -> Result<Results> {
        model.test_step(data)
    }

    /// The outputs for a batch.
    ///
    /// # Errors
    /// Ends the prediction.
    fn predict_step(&mut self, model: &mut Model, data: &Data) -> Result<Vec<Tensor>> {
        model.predict_step(data)
    }

    /// The weights of models that it holds itself, so that callbacks can keep and restore them. None, unless it says so.
    ///
    /// # Errors
    /// A model is not built.
    fn weights(&self) -> Result<Vec<Weight>> {
        Ok(Vec::new())
    }

    /// Forgets what metrics of its own have taken in: called before every epoch and every evaluation. Those a model was compiled with are
    /// reset anyway; one that is left alone here goes on over all epochs.
    ///
    /// # Errors
    /// A state that cannot be assigned.
    fn reset_metrics(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What the built-in steps do.
pub(crate) struct BuiltIn;

impl TrainStep for BuiltIn {}

/// What a step shows in the logs. Numbers are computed only when somebody looks.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// `None`: the losses and metrics that the model was compiled with.
    values: Option<Vec<(String, Tensor)>>,
}

impl Results {
    /// No number yet.
    pub fn new() -> Results {
        Results { values: Some(Vec::new()) }
    }

    /// Those a model was compiled with.
    pub(crate) fn compiled() -> Results {
        Results { values: None }
    }

    /// One more number, a scalar.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Tensor>) -> Results {
        self.values.get_or_insert_default().push((name.into(), value.into()));
        self
    }

    pub(crate) fn logs(&self, model: &Model) -> Result<Logs> {
        let Some(values) = &self.values else { return model.compiled.trackers.logs() };
        let mut logs = Logs::new();
        for (name, value) in values {
            logs.set(name, value.item()?);
        }
        Ok(logs)
    }
}

/// Trains with a step of one's own: a model, or what the step itself holds.
///
/// All else is the model's: `trainer.summary()`, `trainer.compile(...)`, `trainer.save_weights(...)`.
#[derive(Debug)]
pub struct Trainer<S> {
    /// The step, with what it holds.
    pub step: S,
    model: Model,
}

impl<S: TrainStep> Trainer<S> {
    /// A step that holds its models itself.
    pub fn new(step: S) -> Trainer<S> {
        Trainer::of(Model::from_network(Network::sequential(())), step)
    }

    /// A step for a model.
    pub fn of(model: impl Into<Model>, step: S) -> Trainer<S> {
        Trainer { step, model: model.into() }
    }

    /// Trains, as [`Model::fit`].
    ///
    /// # Errors
    /// What the step returns, and as [`Model::fit`].
    pub fn fit<'d>(&mut self, data: impl IntoFeed<'d>, fit: Fit<'_>) -> Result<History> {
        training::fit(&mut self.model, &mut self.step, data.into_feed(), fit)
    }

    /// Evaluates, as [`Model::evaluate`].
    ///
    /// # Errors
    /// What the step returns, and as [`Model::evaluate`].
    pub fn evaluate<'d>(&mut self, data: impl IntoFeed<'d>) -> Result<Logs> {
        self.evaluate_with(data, Evaluate::new())
    }

    /// Evaluates with more arguments, as [`Model::evaluate_with`].
    ///
    /// # Errors
    /// As [`Trainer::evaluate`].
    pub fn evaluate_with<'d>(&mut self, data: impl IntoFeed<'d>, arguments: Evaluate<'_>) -> Result<Logs> {
        evaluate::evaluate(&mut self.model, &mut self.step, data.into_feed(), arguments)
    }

    /// Predicts, as [`Model::predict`].
    ///
    /// # Errors
    /// What the step returns, and as [`Model::predict`].
    pub fn predict<'d>(&mut self, data: impl IntoFeed<'d>) -> Result<ArrayD<f32>> {
        predict::only(predict::predict(&mut self.model, &mut self.step, data.into_feed(), Evaluate::new())?)
    }
}

impl<S> Deref for Trainer<S> {
    type Target = Model;
    fn deref(&self) -> &Model {
        &self.model
    }
}

impl<S> DerefMut for Trainer<S> {
    fn deref_mut(&mut self) -> &mut Model {
        &mut self.model
    }
}
