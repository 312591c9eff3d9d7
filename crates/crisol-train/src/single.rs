//! Single batches, for loops of one's own: `train_on_batch`, `test_on_batch`, `predict_on_batch`.

use crate::data::IntoFeed;
use crate::model::Model;
use crate::predict::only;
use crate::train_step::Results;
use crate::{batch::Data, evaluate::Evaluate};
use crisol_callbacks::Logs;
use crisol_ir::ndarray::ArrayD;
use crisol_ir::{Error, ErrorKind, Result};
use std::collections::BTreeMap;

/// Single batches.
impl Model {
    /// One training step on one batch, and the numbers since the last [`Model::reset_metrics`]. Classes may be weighted.
    ///
    /// # Errors
    /// As [`Model::fit`].
    pub fn train_on_batch<'d>(&mut self, data: impl IntoFeed<'d>, class_weight: &[(i64, f64)]) -> Result<Logs> {
        let data = self.one_batch(data, class_weight)?;
        let before = self.counts();
        self.enter_step(Some(self.key.fold(self.seen_steps)));
        let trained = self.train_step(&data);
        self.enter_step(None);
        trained?;
        drop(data);
        self.seen_steps += 1;
        crisol_tensor::evaluate().inspect_err(|_| self.go_back_to(before))?;
        Results::compiled().logs(self)
    }

    /// One evaluation step on one batch, and the numbers since the last [`Model::reset_metrics`].
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn test_on_batch<'d>(&mut self, data: impl IntoFeed<'d>) -> Result<Logs> {
        let data = self.one_batch(data, &[])?;
        self.test_step(&data)?;
        drop(data);
        crisol_tensor::evaluate()?;
        Results::compiled().logs(self)
    }

    /// The output for one batch.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict_on_batch<'d>(&mut self, data: impl IntoFeed<'d>) -> Result<ArrayD<f32>> {
        only(self.predict_with(data, Evaluate::new().batch_size(usize::MAX))?)
    }

    /// Forgets what losses and metrics have taken in.
    ///
    /// # Errors
    /// A state that cannot be assigned.
    pub fn reset_metrics(&mut self) -> Result<()> {
        self.compiled.trackers.reset()
    }

    fn one_batch<'d>(&mut self, data: impl IntoFeed<'d>, class_weight: &[(i64, f64)]) -> Result<Data> {
        let weights: BTreeMap<i64, f64> = class_weight.iter().copied().collect();
        let batches = data.into_feed().into_batches(Some(usize::MAX), &self.names())?;
        let batches = batches.with_class_weight((!weights.is_empty()).then_some(weights));
        let data = batches.epoch(0)?.next().transpose()?;
        let data = data.ok_or_else(|| Error::new(ErrorKind::Value, "the batch is empty"))?;
        self.build_for(data.x().shape()?.sizes())?;
        Ok(data)
    }
}
