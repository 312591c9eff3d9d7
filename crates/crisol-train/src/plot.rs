//! The curves of a training as a picture.

use crisol_callbacks::History;
use crisol_ir::Result;
use crisol_plot::{Curve, plot_history};
use std::path::Path;

/// Draws what it holds.
pub trait Plot {
    /// Writes the curves as a PNG file: a panel a metric, training dashed, validation solid.
    ///
    /// # Errors
    /// There is no number to draw, or the file cannot be written; nothing half-written stays.
    fn plot(&self, path: impl AsRef<Path>) -> Result<()>;
}

/// ```
/// use crisol_callbacks::{History, Logs};
/// use crisol_train::Plot;
/// let mut history = History::default();
/// for (loss, val_loss) in [(0.9, 0.8), (0.5, 0.6)] {
///     let mut logs = Logs::new();
///     logs.set("loss", loss);
///     logs.set("val_loss", val_loss);
///     history.push(logs);
/// }
/// let folder = tempfile::tempdir()?;
/// history.plot(folder.path().join("history.png"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Plot for History {
    fn plot(&self, path: impl AsRef<Path>) -> Result<()> {
        let curves: Vec<Curve> = self.names().into_iter().map(|name| Curve::new(name, self.get(name))).collect();
        Ok(plot_history(&curves, path)?)
    }
}
