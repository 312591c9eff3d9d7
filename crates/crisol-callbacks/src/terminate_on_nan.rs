//! Stops a training whose loss is no number any more.

use crate::callback::{Callback, Flow};
use crate::run::Run;
use crisol_ir::Result;

/// Stops at the first step whose loss is NaN or infinite, as `keras.callbacks.TerminateOnNaN`, and names that step and the first layer
/// whose output was not finite.
///
/// The loss is read after every step, and the weights of before each step are kept, so training is slower with it.
///
/// ```
/// use crisol_callbacks::TerminateOnNan;
/// let guard = TerminateOnNan::new();
/// assert!(guard.found().is_none());
/// ```
#[derive(Clone, Debug, Default)]
pub struct TerminateOnNan {
    found: Option<String>,
}

impl TerminateOnNan {
    /// Watches the loss.
    pub fn new() -> TerminateOnNan {
        TerminateOnNan::default()
    }

    /// What was found: the step and the layer.
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }
}

impl Callback for TerminateOnNan {
    fn on_train_begin(&mut self, _run: &mut dyn Run) -> Result<()> {
        self.found = None;
        Ok(())
    }

    fn on_train_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<Flow> {
        let loss = run.logs()?.get("loss");
        if loss.is_none_or(f64::is_finite) {
            return Ok(Flow::Continue);
        }
        let layer = match run.first_not_finite() {
            Ok(Some(layer)) => format!("the first layer whose output was not finite is {layer:?}"),
            Ok(None) => "the outputs of all layers are finite: it is the loss itself".to_string(),
            // A step that holds its models itself cannot be repeated.
            Err(error) => format!("which layer made it is not known: {error}"),
        };
        let text = format!("Batch {step}: Invalid loss, terminating training: {layer}");
        run.show(&format!("{text}\n"));
        self.found = Some(text);
        Ok(Flow::Stop)
    }

    fn keeps_last_weights(&self) -> bool {
        true
    }
}
