//! What the compiler says to a program that draws without the feature `plot`, instead of that there is no such method.

use crate::model::Model;
use crisol_callbacks::History;
use crisol_ir::Result;
use std::path::Path;

/// Drawing, which needs the feature `plot`: this compiles,
///
/// ```
/// use crisol_train::Plot;
/// let history = crisol_callbacks::History::default();
/// # Ok::<(), crisol_ir::Error>(())
/// ```
///
/// and this does not, for the bound that the compiler explains by the feature.
///
/// ```compile_fail,E0277
/// use crisol_train::Plot;
/// let history = crisol_callbacks::History::default();
/// history.plot("history.png")?;
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub trait Plot {
    /// Writes the curves of a training as a PNG file.
    #[allow(unused_variables, reason = "named as where they are used")]
    fn plot(&self, path: impl AsRef<Path>) -> Result<()>
    where
        Self: PlotFeature,
    {
        self.draw()
    }

    /// Draws the layers of a model into an SVG file.
    #[allow(unused_variables, reason = "named as where they are used")]
    fn plot_model(&self, path: impl AsRef<Path>) -> Result<()>
    where
        Self: PlotFeature,
    {
        self.draw()
    }
}

impl Plot for History {}
impl Plot for Model {}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "drawing needs the feature `plot`",
    note = "turn it on with: cargo add crisol --features plot"
)]
pub trait PlotFeature {
    #[doc(hidden)]
    fn draw(&self) -> Result<()>;
}
