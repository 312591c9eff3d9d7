//! Pictures: the curves of a training, the layers of a model.

use crate::model::Model;
use crisol_callbacks::History;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_plot::{Curve, GraphNode, plot_graph, plot_history};
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

impl Model {
    /// Draws the layers and what leads from one to the next into an SVG file: Keras' `plot_model` with names, types and output shapes.
    /// A model whose input shapes are known gets its weights for it, if it has none.
    ///
    /// ```
    /// use crisol_layers::{Dense, Input};
    /// use crisol_train::Sequential;
    /// let model = Sequential::new((Input::new([3]), Dense::new(8).activation("relu"), Dense::new(1)));
    /// let folder = tempfile::tempdir()?;
    /// model.plot_model(folder.path().join("model.svg"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The path does not end in `.svg`; a model without layers, or with layers that do not fit together; the file cannot be written: an
    /// old one is then untouched.
    pub fn plot_model(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        if path.extension().is_none_or(|extension| extension != "svg") {
            let text = format!("{} is no name of a drawing, which is an SVG file", path.display());
            return Err(Error::new(ErrorKind::Value, text).operation("plot_model").help("let it end in .svg"));
        }
        self.build_if_known()?;
        let layers = self.network().connections()?;
        let place = |name: &str| layers.iter().position(|layer| layer.name == name);
        let nodes: Vec<GraphNode> = layers
            .iter()
            .map(|layer| GraphNode {
                text: match &layer.output_shape {
                    Some(shape) => format!("{} ({})\n{shape}", layer.name, layer.type_name),
                    None => format!("{} ({})", layer.name, layer.type_name),
                },
                inputs: layer.inputs.iter().filter_map(|input| place(input)).collect(),
            })
            .collect();
        Ok(plot_graph(&nodes, path)?)
    }
}
