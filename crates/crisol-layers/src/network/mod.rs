//! Networks: layers in a chain or a graph, with the tree of their weights once they are built.

mod build;
mod config;
mod forward;
mod graph;
mod inspect;
mod items;
mod names;
mod nodes;
mod run;
mod summary;

pub use forward::Forward;
pub use graph::Item;
pub use inspect::Connection;
pub use items::{IntoItem, IntoLayers, Shaped};
pub(crate) use names::snake_case;
pub use nodes::Nodes;

use crate::layer::Layer;
use crate::scope::Scope;
use build::Built;
use crisol_params::{Tree, Weight};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor, TensorType, Value};
use graph::{EntryKind, Graph};
use run::{part, run};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// A model's layers and weights: a chain or a graph, itself a layer.
///
/// A network is built when its input shape is known: [`Network::build`] for one that starts at an [`Input`](crate::Input),
/// the first call otherwise. Building traces every layer for its weights and output shape.
///
/// ```
/// use crisol_layers::{Dense, Flatten, Inference, Network};
/// use crisol_tensor::Tensor;
/// let network = Network::sequential((
///     Flatten::new(),
///     Dense::new(64).activation("relu"),
///     Dense::new(10).activation("softmax"),
/// ));
/// let y = network.call(&Tensor::zeros([2, 28, 28]), Inference)?;
/// assert_eq!(y.shape()?.sizes(), [2, 10]);
/// assert_eq!(network.tree()?.weights()[2].path(), "dense_1/kernel");
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Network {
    kind: Kind,
    name: Option<String>,
    /// A sequential model keeps what is wrong with its list until it is used.
    graph: Result<Graph>,
    dtype: DType,
    key: Option<Key>,
    built: OnceLock<Built>,
    last: Mutex<Last>,
}

/// What layers added in the last forward pass.
#[derive(Debug, Default)]
struct Last {
    losses: Vec<Tensor>,
    metrics: Vec<(String, Tensor)>,
}

#[derive(Clone, Debug)]
enum Kind {
    Sequential(Vec<Item>),
    Functional,
}

/// Making a network.
impl Network {
    /// Layers that are called one after the other.
    ///
    /// What is wrong with the list is an error when the network is built or called.
    #[track_caller]
    pub fn sequential(layers: impl IntoLayers) -> Network {
        let items = layers.into_items();
        let graph = Graph::chain(&items);
        Network::new(Kind::Sequential(items), graph)
    }

    /// The layers that lead from inputs to outputs.
    ///
    /// # Errors
    /// Outputs that depend on other inputs, or two layers of one name.
    pub fn functional(inputs: impl Nodes, outputs: impl Nodes) -> Result<Network> {
        let graph = Graph::functional(&inputs.nodes(), &outputs.nodes())?;
        Ok(Network::new(Kind::Functional, Ok(graph)))
    }

    fn new(kind: Kind, graph: Result<Graph>) -> Network {
        Network {
            kind,
            name: None,
            graph,
            dtype: DType::F32,
            key: None,
            built: OnceLock::new(),
            last: Mutex::default(),
        }
    }

    /// The same layers without weights: what is built of them learns nothing of this network.
    #[must_use]
    pub fn unbuilt(&self) -> Network {
        let Network { kind, name, graph, dtype, key, .. } = self;
        let network = Network::new(kind.clone(), graph.clone());
        Network { name: name.clone(), dtype: *dtype, key: *key, ..network }
    }

    /// Appends a layer to a sequential network that is not built yet.
    ///
    /// # Errors
    /// The network is functional or built.
    #[track_caller]
    pub fn add(&mut self, layer: impl IntoItem) -> Result<&mut Network> {
        if self.built.get().is_some() {
            return Err(Error::new(ErrorKind::State, "a layer cannot be added to a network that is built"));
        }
        let Kind::Sequential(items) = &mut self.kind else {
            let text = "a layer cannot be added to a functional network";
            return Err(Error::new(ErrorKind::State, text).help("apply it to a node with .on"));
        };
        items.push(layer.into_item());
        self.graph = Graph::chain(items);
        Ok(self)
    }

    /// Names the network.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Network {
        self.name = Some(name.into());
        self
    }

    /// Decides the first values of weights. Without it they are drawn from this thread's stream when the network is built.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Network {
        self.key = Some(Key::new(seed));
        self
    }

    /// The element type of weights and of what layers compute: single precision, or double to check gradients.
    #[must_use]
    pub fn dtype(mut self, dtype: DType) -> Network {
        self.dtype = dtype;
        self
    }
}

/// Building and calling.
impl Network {
    /// The network with its weights.
    ///
    /// # Errors
    /// No input shape is known, or what a layer refuses: with its name, its description, and the line that wrote it.
    pub fn build(self) -> Result<Network> {
        self.build_for(&[])?;
        Ok(self)
    }

    /// Creates the weights, if that has not happened. The shapes, without the batch axis, are for inputs that have none yet.
    ///
    /// # Errors
    /// As [`Network::build`], and shapes that differ from those of the network's inputs.
    pub fn build_for(&self, shapes: &[Shape]) -> Result<()> {
        self.built_for(shapes).map(drop)
    }

    /// Creates the weights with the values of a saved network, by path. The shapes are as in [`Network::build_for`].
    ///
    /// # Errors
    /// As [`Network::build_for`]; values that are missing, left over, or of another type than their weight: all of them are listed, and nothing is
    /// allocated for weights before. The network is built already.
    pub fn build_with(&self, shapes: &[Shape], values: BTreeMap<String, Value>) -> Result<()> {
        let built = build::build(self, shapes, Some(values))?;
        let is_built = || Error::new(ErrorKind::State, "the network is built: it has weights already");
        self.built.set(built).map_err(|_| is_built().help("load_weights gives them other values"))
    }

    fn built_for(&self, shapes: &[Shape]) -> Result<&Built> {
        if let Some(built) = self.built.get() {
            return Ok(built);
        }
        let built = build::build(self, shapes, None)?;
        // Another thread may have built it meanwhile: the first one stays.
        Ok(self.built.get_or_init(|| built))
    }
}

/// What a network tells.
impl Network {
    /// The weights of a built network.
    ///
    /// # Errors
    /// The network is not built.
    pub fn tree(&self) -> Result<&Tree> {
        Ok(&self.built()?.tree)
    }

    /// The weights that an optimizer may change.
    ///
    /// # Errors
    /// The network is not built.
    pub fn trainable_weights(&self) -> Result<Vec<Weight>> {
        Ok(self.tree()?.trainable_weights().cloned().collect())
    }

    /// All weights and states.
    ///
    /// # Errors
    /// The network is not built.
    pub fn weights(&self) -> Result<Vec<Weight>> {
        Ok(self.tree()?.weights().to_vec())
    }

    /// States and frozen weights.
    ///
    /// # Errors
    /// The network is not built.
    pub fn non_trainable_weights(&self) -> Result<Vec<Weight>> {
        Ok(self.tree()?.non_trainable_weights().cloned().collect())
    }

    /// Whether the weights exist.
    pub fn is_built(&self) -> bool {
        self.built.get().is_some()
    }

    /// The element type of weights.
    pub fn weight_dtype(&self) -> DType {
        self.dtype
    }

    /// The names of all layers in Keras' order.
    pub fn layer_names(&self) -> Vec<&str> {
        let layers = self.graph.as_ref().map(|graph| graph.layers.as_slice()).unwrap_or_default();
        let hidden = matches!(self.kind, Kind::Sequential(_)) && !layers.is_empty();
        layers[usize::from(hidden)..].iter().map(|entry| entry.name.as_str()).collect()
    }

    /// The layer with the given name.
    ///
    /// # Errors
    /// No such layer: the error offers the nearest name.
    pub fn layer(&self, name: &str) -> Result<&dyn Layer> {
        let layers = self.graph()?.layers.iter();
        let found = layers.clone().find_map(|entry| match &entry.kind {
            EntryKind::Layer(layer) if entry.name == name => Some(&**layer),
            _ => None,
        });
        found.ok_or_else(|| Error::unknown_name("layer", name, layers.map(|entry| entry.name.as_str())))
    }

    /// The element type and shape of each input, without the batch axis.
    ///
    /// # Errors
    /// The network is not built.
    pub fn input_types(&self) -> Result<&[TensorType]> {
        Ok(&self.built()?.inputs)
    }

    /// The shape of each output; `None` where it follows the batch.
    ///
    /// # Errors
    /// The network is not built.
    pub fn output_shapes(&self) -> Result<Vec<&[Option<usize>]>> {
        let shapes = &self.built()?.shapes;
        let outputs = self.graph()?.outputs.iter();
        Ok(outputs.filter_map(|part| shapes[part.call].get(part.output)).map(Vec::as_slice).collect())
    }

    /// Keras' table of layers, output shapes and parameters, lines of at most `line_length` letters.
    ///
    /// # Errors
    /// A list of layers that is wrong, or a line length too small for the table.
    pub fn summary(&self, line_length: usize) -> Result<String> {
        summary::table(self, line_length)
    }

    fn built(&self) -> Result<&Built> {
        self.built.get().ok_or_else(|| {
            let text = "the network is not built: it has no weights yet";
            Error::new(ErrorKind::State, text).help("call build, or call it on data")
        })
    }

    fn graph(&self) -> Result<&Graph> {
        self.graph.as_ref().map_err(Error::clone)
    }

    fn lock_last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The name in a summary.
    fn shown_name(&self) -> String {
        self.name.clone().unwrap_or_else(|| names::snake_case(Layer::type_name(self)))
    }
}

impl Layer for Network {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.call_many(cx, std::slice::from_ref(x))
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        let mut outputs = self.call_all(cx, inputs)?;
        match (outputs.pop(), outputs.len()) {
            (Some(output), 0) => Ok(output),
            (_, more) => {
                let text = format!("the network has {} outputs, expected one", more + 1);
                Err(Error::new(ErrorKind::Value, text).help("apply it with outputs_on, or call it with layer_all"))
            }
        }
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let graph = self.graph()?;
        let values = run(graph, cx, inputs)?;
        graph.outputs.iter().map(|&output| part(&values, output).cloned()).collect()
    }

    fn output_count(&self) -> usize {
        self.graph.as_ref().map_or(1, |graph| graph.outputs.len())
    }

    fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Sequential(_) => "Sequential",
            Kind::Functional => "Functional",
        }
    }

    fn given_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn config(&self) -> Result<serde_json::Value> {
        self.to_config()
    }

    fn own_weights(&self) -> Option<Arc<Tree>> {
        self.built.get().map(|built| Arc::clone(&built.tree))
    }
}
