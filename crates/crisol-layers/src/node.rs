//! Symbolic values of functional models: inputs, and layers applied to them.

use crate::layer::Layer;
use crisol_tensor::{DType, Error, Result, Shape};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A value of a functional model that stands for data to come: an [`Input`], or a layer applied to other nodes.
///
/// Nothing is computed or checked before a [`Network`](crate::Network) is made of it.
#[derive(Clone, Debug)]
pub struct Node {
    pub(crate) cell: Arc<NodeCell>,
    /// Which output of a layer of several.
    pub(crate) output: usize,
}

#[derive(Debug)]
pub(crate) struct NodeCell {
    /// Grows from node to node and layer to layer in the order of their creation.
    pub(crate) id: u64,
    pub(crate) origin: Origin,
    pub(crate) location: &'static Location<'static>,
}

#[derive(Debug)]
pub(crate) enum Origin {
    Input(InputType),
    Call { layer: Arc<LayerUse>, inputs: Vec<Node> },
}

/// What an input accepts.
#[derive(Clone, Debug)]
pub(crate) struct InputType {
    /// By default counted from `input_layer`.
    pub(crate) name: Option<String>,
    /// Without the batch axis.
    pub(crate) shape: Result<Shape>,
    /// By default the model's.
    pub(crate) dtype: Option<DType>,
}

/// A layer with an identity: two of the same settings are two layers.
#[derive(Debug)]
pub(crate) struct LayerUse {
    pub(crate) id: u64,
    pub(crate) layer: Arc<dyn Layer>,
}

impl LayerUse {
    pub(crate) fn new(layer: Arc<dyn Layer>) -> LayerUse {
        LayerUse { id: next_id(), layer }
    }
}

impl Node {
    pub(crate) fn call(layer: Arc<LayerUse>, inputs: Vec<Node>, location: &'static Location<'static>) -> Node {
        Node::new(Origin::Call { layer, inputs }, location)
    }

    fn new(origin: Origin, location: &'static Location<'static>) -> Node {
        Node { cell: Arc::new(NodeCell { id: next_id(), origin, location }), output: 0 }
    }

    /// Another output of the layer that makes this one.
    pub(crate) fn output(&self, output: usize) -> Node {
        Node { cell: Arc::clone(&self.cell), output }
    }

    /// The number that identifies what makes the value: the layer, or the input itself.
    pub(crate) fn maker(&self) -> u64 {
        match &self.cell.origin {
            Origin::Input(_) => self.cell.id,
            Origin::Call { layer, .. } => layer.id,
        }
    }

    pub(crate) fn inputs(&self) -> &[Node] {
        match &self.cell.origin {
            Origin::Input(_) => &[],
            Origin::Call { inputs, .. } => inputs,
        }
    }
}

/// Where data enters a model.
#[derive(Debug)]
pub struct Input;

impl Input {
    /// A node for data of the given shape, without the batch axis. Data of any element type is cast to the model's.
    ///
    /// ```
    /// use crisol_layers::{Dense, Flatten, Input, LayerExt};
    /// let image = Input::new([28, 28]);
    /// let output = Dense::new(10).on(&Flatten::new().on(&image));
    /// # let _ = output;
    /// ```
    #[allow(clippy::new_ret_no_self)] // Keras' habit: an input is used as the value it stands for
    #[track_caller]
    pub fn new<S>(shape: S) -> Node
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let shape = shape.try_into().map_err(Error::from);
        Input::of(InputType { name: None, shape, dtype: None })
    }

    /// A node for data of the given shape that keeps, or is cast to, an element type: integers for an embedding.
    #[track_caller]
    pub fn typed<S>(dtype: DType, shape: S) -> Node
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let shape = shape.try_into().map_err(Error::from);
        Input::of(InputType { name: None, shape, dtype: Some(dtype) })
    }

    /// A node for data of the given shape under a name of its own, by which a model of several inputs finds its data.
    ///
    /// ```
    /// use crisol_layers::{Dense, Input, LayerExt, Network};
    /// let digits = Input::named("digits", [784]);
    /// let network = Network::functional(&digits, &Dense::new(10).on(&digits))?;
    /// assert_eq!(network.layer_names(), ["digits", "dense"]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn named<S>(name: impl Into<String>, shape: S) -> Node
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let shape = shape.try_into().map_err(Error::from);
        Input::of(InputType { name: Some(name.into()), shape, dtype: None })
    }

    #[track_caller]
    pub(crate) fn of(ty: InputType) -> Node {
        Node::new(Origin::Input(ty), Location::caller())
    }
}

fn next_id() -> u64 {
    static IDS: AtomicU64 = AtomicU64::new(0);
    IDS.fetch_add(1, Ordering::Relaxed)
}
