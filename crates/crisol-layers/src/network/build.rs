//! Building a network: a trace for each of two batches finds the weights and the shapes.

use super::Network;
use super::graph::EntryKind;
use super::run::run;
use crate::scope::{Draft, Scope};
use crisol_params::Tree;
use crisol_tensor::random::next_key;
use crisol_tensor::{Error, ErrorKind, Result, Shape, Tensor, TensorType, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The batches that a model is traced with: an axis on which the two traces differ follows the batch. Primes, so that
/// sizes made from them by a layer are told apart from sizes of its own.
const BATCHES: [usize; 2] = [83, 89];

/// What building finds out.
#[derive(Debug)]
pub(super) struct Built {
    pub(super) tree: Arc<Tree>,
    /// The shapes of the outputs of each call; `None` where it follows the batch.
    pub(super) shapes: Vec<Vec<Vec<Option<usize>>>>,
    pub(super) inputs: Vec<TensorType>,
}

/// Traces the layers for weights and shapes, and creates the weights. The given shapes are for inputs that have none yet.
///
/// Values are those of all weights by path, if they are known.
pub(super) fn build(network: &Network, shapes: &[Shape], values: Option<BTreeMap<String, Value>>) -> Result<Built> {
    let graph = network.graph()?;
    let mut inputs = Vec::new();
    for (number, &place) in graph.inputs.iter().enumerate() {
        let EntryKind::Input(ty) = &graph.layers[place].kind else {
            return Err(Error::new(ErrorKind::Internal, "an input that is a layer"));
        };
        let shape = match (&ty.shape, shapes.get(number)) {
            (Ok(shape), _) => *shape,
            (Err(error), Some(shape)) if error.kind() == ErrorKind::State => *shape,
            (Err(error), _) => {
                return Err(error.clone().help("start the model with Input::new(shape), or call it on data first"));
            }
        };
        inputs.push(TensorType::new(ty.dtype.unwrap_or(network.dtype), shape));
    }
    let mut draft = Draft::default();
    let mut traces = Vec::new();
    for batch in BATCHES {
        let mut scope = Scope::trace(draft, network.dtype);
        let mut tensors = Vec::new();
        for ty in &inputs {
            tensors.push(scope.trace_input(TensorType::new(ty.dtype, with_batch(batch, &ty.shape)?))?);
        }
        let values = run(graph, &mut scope, &tensors)?;
        let shapes = values.iter().map(|outputs| outputs.iter().map(Tensor::shape).collect::<Result<Vec<Shape>>>());
        traces.push(shapes.collect::<Result<Vec<_>>>()?);
        draft = scope.into_draft()?;
    }
    let tree = draft.into_tree(network.key.unwrap_or_else(next_key), values)?;
    let shapes =
        traces[0].iter().zip(&traces[1]).map(|(a, b)| a.iter().zip(b).map(|(a, b)| common(a, b)).collect()).collect();
    Ok(Built { tree: Arc::new(tree), shapes, inputs })
}

fn with_batch(batch: usize, sample: &Shape) -> Result<Shape> {
    let mut sizes = vec![batch];
    sizes.extend_from_slice(sample.sizes());
    Shape::new(&sizes)
}

/// The sizes on which two traces agree.
fn common(a: &Shape, b: &Shape) -> Vec<Option<usize>> {
    a.iter().zip(b.iter()).map(|(a, b)| (a == b).then_some(*a)).collect()
}
