//! The run as callbacks see it.

use crate::batch::Data;
use crate::compile::missing;
use crate::model::Model;
use crate::train_step::Results;
use crisol_callbacks::{Callback, History, LayerNode, Logs, Position, Run, Verbose};
use crisol_ir::{Error, ErrorKind, Result, Value};
use crisol_layers::Mode;
use crisol_params::Weight;
use crisol_tensor::Tensor;
use crisol_tensor::random::Key;
use std::path::Path;

/// A run of `fit`, `evaluate` or `predict`.
pub(crate) struct Running<'m> {
    pub(crate) model: &'m mut Model,
    pub(crate) epochs: usize,
    pub(crate) steps: Option<usize>,
    /// What the last step showed.
    pub(crate) results: Results,
    pub(crate) history: History,
    /// Where training goes on.
    pub(crate) position: Position,
    pub(crate) is_silent: bool,
    pub(crate) last: Option<LastStep>,
    /// The weights of models that the step holds itself.
    pub(crate) held: Vec<Weight>,
    /// Whether a callback has put averages in place of the weights.
    pub(crate) is_swapped: bool,
}

/// What a step is repeated from.
pub(crate) struct LastStep {
    pub(crate) weights: Vec<Tensor>,
    pub(crate) data: Data,
    pub(crate) key: Key,
}

impl<'m> Running<'m> {
    pub(crate) fn new(model: &'m mut Model, epochs: usize, steps: Option<usize>, verbose: Verbose) -> Running<'m> {
        Running {
            model,
            epochs,
            steps,
            results: Results::compiled(),
            history: History::default(),
            position: Position::default(),
            is_silent: verbose == Verbose::Silent,
            last: None,
            held: Vec::new(),
            is_swapped: false,
        }
    }

    /// The weights of the model, or of those that the step holds itself, which may go by one name: they are numbered.
    fn all_weights(&self) -> Result<Vec<(String, Weight)>> {
        if self.held.is_empty() {
            let weights = self.model.tree()?.weights().iter();
            return Ok(weights.map(|weight| (weight.path().to_string(), weight.clone())).collect());
        }
        let own = self.model.tree().map_or(&[][..], |tree| tree.weights()).iter();
        let held = self.held.iter().enumerate();
        let held = held.map(|(number, weight)| (format!("{number}/{}", weight.path()), weight.clone()));
        Ok(own.map(|weight| (weight.path().to_string(), weight.clone())).chain(held).collect())
    }

    /// Tells every callback of something.
    pub(crate) fn tell(
        &mut self,
        callbacks: &mut [&mut dyn Callback],
        what: impl Fn(&mut dyn Callback, &mut dyn Run) -> Result<()>,
    ) -> Result<()> {
        callbacks.iter_mut().try_for_each(|callback| what(*callback, self))
    }
}

impl Run for Running<'_> {
    fn epochs(&self) -> usize {
        self.epochs
    }

    fn steps(&self) -> Option<usize> {
        self.steps
    }

    fn logs(&self) -> Result<Logs> {
        self.results.logs(self.model)
    }

    fn iterations(&self) -> Option<u64> {
        self.model.compiled.optimizer.as_ref().map(crisol_optim::Optimizer::iterations)
    }

    fn learning_rate(&self) -> Option<f64> {
        self.model.learning_rate()
    }

    fn set_learning_rate(&mut self, learning_rate: f64) -> Result<()> {
        self.model.compiled.optimizer("set_learning_rate")?.set_learning_rate(learning_rate)
    }

    fn weights(&self) -> Result<Vec<(String, Value)>> {
        let weights = self.all_weights()?.into_iter();
        weights.map(|(path, weight)| Ok((path, weight.variable().value().to_value()?))).collect()
    }

    fn set_weights(&mut self, weights: &[(String, Value)]) -> Result<()> {
        let all = self.all_weights()?;
        for (path, value) in weights {
            let Some((_, weight)) = all.iter().find(|(known, _)| known == path) else {
                return Err(Error::unknown_name("weight", path, all.iter().map(|(known, _)| known.as_str())));
            };
            weight.variable().assign(Tensor::from_value(value.clone()))?;
        }
        Ok(())
    }

    fn swap_averages(&mut self) -> Result<()> {
        self.model.swap_averages()?;
        self.is_swapped = !self.is_swapped;
        Ok(())
    }

    fn save(&mut self, path: &Path) -> Result<()> {
        self.model.save(path)
    }

    fn save_weights(&mut self, path: &Path) -> Result<()> {
        self.model.save_weights(path)
    }

    fn save_backup(&mut self, path: &Path, position: Position) -> Result<()> {
        self.model.save_state_at(path, position)
    }

    fn restore_backup(&mut self, path: &Path) -> Result<Position> {
        self.position = self.model.load_state_at(path)?;
        Ok(self.position)
    }

    fn first_not_finite(&mut self) -> Result<Option<String>> {
        let Some(last) = &self.last else {
            return Err(Error::new(ErrorKind::State, "the weights of before the step were not kept"));
        };
        let weights = self.model.tree()?.weights();
        let now: Vec<Tensor> = weights.iter().map(|weight| weight.variable().value()).collect();
        for (weight, value) in weights.iter().zip(&last.weights) {
            weight.variable().assign(value)?;
        }
        let outputs = self.model.network().layer_outputs(last.data.inputs(), Mode::Training, last.key);
        let mut found = None;
        for (name, output) in outputs? {
            let values = output.cast(crisol_ir::DType::F64).to_vec::<f64>()?;
            if values.iter().any(|value| !value.is_finite()) {
                found = Some(name.to_string());
                break;
            }
        }
        for (weight, value) in weights.iter().zip(&now) {
            weight.variable().assign(value)?;
        }
        Ok(found)
    }

    fn layers(&self) -> Vec<LayerNode> {
        let layers = self.model.network().connections().unwrap_or_default().into_iter();
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_string).collect();
        layers
            .map(|layer| LayerNode {
                name: layer.name.to_string(),
                type_name: layer.type_name.to_string(),
                inputs: owned(layer.inputs),
            })
            .collect()
    }

    fn show(&mut self, text: &str) {
        print!("{text}");
    }

    fn warn(&mut self, text: String) {
        if !self.is_silent {
            eprintln!("warning: {text}");
        }
        self.history.warn(text);
    }
}

impl Model {
    /// Leaves the weights at their moving averages, if the optimizer keeps any: the end of a training, as in Keras.
    pub(crate) fn finalize(&self) -> Result<()> {
        match &self.compiled.optimizer {
            Some(optimizer) if self.network.is_built() => optimizer.finalize(&self.network.trainable_weights()?),
            _ => Ok(()),
        }
    }

    /// Exchanges the weights with the optimizer's moving averages of them.
    pub(crate) fn swap_averages(&mut self) -> Result<()> {
        let optimizer = self.compiled.optimizer.as_ref().ok_or_else(|| missing("optimizer", "swap_averages"))?;
        let mut swapped = 0;
        for weight in self.network.trainable_weights()? {
            for (name, average) in optimizer.states(weight.path()) {
                if name == "average" {
                    let now = weight.variable().value();
                    weight.variable().assign(average.value())?;
                    average.assign(now)?;
                    swapped += 1;
                }
            }
        }
        if swapped == 0 && optimizer.iterations() > 0 {
            return Err(Error::new(ErrorKind::State, format!("{} keeps no averages of weights", optimizer.name()))
                .help("give the optimizer `.ema(0.99)`"));
        }
        Ok(())
    }
}
