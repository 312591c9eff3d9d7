//! `TimeDistributed`: a layer at every step of a sequence.

use crate::config::{Registry, record};
use crate::layer::Layer;
use crate::network::snake_case;
use crate::scope::Scope;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use std::sync::Arc;

/// Applies a layer to every step of `[batch, steps, ..]`, with the same weights: all steps of all samples are one batch for it. In training a layer
/// that keeps states, as batch normalization, gets step after step, as in Keras: each has its own statistics.
///
/// ```
/// use crisol_layers::{Dense, LayerExt, TimeDistributed};
/// let layer = TimeDistributed::new(Dense::new(8)).build([10, 16])?;
/// assert_eq!(layer.output_shapes()?, [[None, Some(10), Some(8)]]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TimeDistributed {
    layer: Arc<dyn Layer>,
}

impl TimeDistributed {
    /// The layer at every step.
    pub fn new(layer: impl Layer) -> TimeDistributed {
        TimeDistributed { layer: Arc::new(layer) }
    }

    /// Back from what [`Layer::config`] gave.
    pub(crate) fn read(registry: &Registry, config: &serde_json::Value) -> Result<TimeDistributed> {
        Ok(TimeDistributed { layer: registry.layer(&config["layer"])? })
    }
}

impl Layer for TimeDistributed {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        let shape = x.shape()?;
        let [batch, steps, rest @ ..] = shape.sizes() else {
            let text = format!("expected [batch, steps, ..], found {shape}");
            return Err(Error::new(ErrorKind::Shape, text).operation("time_distributed"));
        };
        let name = snake_case(self.layer.type_name());
        if cx.training() && cx.has_states(&name) {
            let step = |at: usize| x.slice_axis(1, Some(at as isize), Some(at as isize + 1), 1);
            let one: Vec<usize> = [*batch].into_iter().chain(rest.iter().copied()).collect();
            let mut outputs = Vec::with_capacity(*steps);
            for at in 0..*steps {
                outputs.push(cx.layer(&name, &*self.layer, &step(at).reshape(&one))?.expand_dims(1));
            }
            return Ok(Tensor::concatenate(&outputs.iter().collect::<Vec<_>>(), 1));
        }
        let together: Vec<usize> = [batch * steps].into_iter().chain(rest.iter().copied()).collect();
        let y = cx.layer(&name, &*self.layer, &x.reshape(&together))?;
        let sizes: Vec<usize> = [*batch, *steps].into_iter().chain(y.shape()?[1..].iter().copied()).collect();
        Ok(y.reshape(&sizes))
    }

    fn passes_mask(&self) -> bool {
        true
    }

    fn config(&self) -> Result<serde_json::Value> {
        Ok(serde_json::json!({ "layer": record(&*self.layer)? }))
    }
}
