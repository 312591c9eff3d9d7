//! Evaluates with the moving averages of the weights.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::run::Run;
use crisol_ir::Result;

/// Puts the optimizer's moving averages in place of the weights before an evaluation and back after it, as
/// `keras.callbacks.SwapEMAWeights`. The optimizer must keep averages: `Adam::new(1e-3).ema(0.99)`.
///
/// ```
/// use crisol_callbacks::SwapEmaWeights;
/// let swap = SwapEmaWeights::new().swap_on_epoch(true);
/// # let _ = swap;
/// ```
#[derive(Clone, Debug, Default)]
pub struct SwapEmaWeights {
    swap_on_epoch: bool,
    is_swapped: bool,
}

impl SwapEmaWeights {
    /// Swaps around evaluations.
    pub fn new() -> SwapEmaWeights {
        SwapEmaWeights::default()
    }

    /// Whether the averages stay in the model from the end of an epoch to the beginning of the next, so that callbacks after this one
    /// save them. Training ends with the averages in the model, also where Keras, stopped early, leaves the weights that they replaced.
    #[must_use]
    pub fn swap_on_epoch(mut self, swap: bool) -> SwapEmaWeights {
        self.swap_on_epoch = swap;
        self
    }

    fn put(&mut self, run: &mut dyn Run, averages: bool) -> Result<()> {
        if self.is_swapped != averages {
            run.swap_averages().map_err(|error| error.layer("swap_ema_weights"))?;
            self.is_swapped = averages;
        }
        Ok(())
    }
}

impl Callback for SwapEmaWeights {
    /// An earlier training has ended with the averages in both places: nothing is swapped.
    fn on_train_begin(&mut self, _run: &mut dyn Run) -> Result<()> {
        self.is_swapped = false;
        Ok(())
    }

    fn on_epoch_begin(&mut self, run: &mut dyn Run, _epoch: usize) -> Result<()> {
        if self.swap_on_epoch { self.put(run, false) } else { Ok(()) }
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, _epoch: usize, _logs: &mut Logs) -> Result<Flow> {
        if self.swap_on_epoch {
            self.put(run, true)?;
        }
        Ok(Flow::Continue)
    }

    fn on_test_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        self.put(run, true)
    }

    fn on_test_end(&mut self, run: &mut dyn Run, _logs: &Logs) -> Result<()> {
        self.put(run, false)
    }

    fn on_predict_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        self.put(run, true)
    }

    fn on_predict_end(&mut self, run: &mut dyn Run) -> Result<()> {
        self.put(run, false)
    }
}
