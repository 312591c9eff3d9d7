//! The layer trait: a description that is called in a scope; and what every layer can do: be named, shared, applied.

use crate::config::short_name;
use crate::labeled::Labeled;
use crate::network::{Network, Shaped};
use crate::node::{Input, LayerUse, Node};
use crate::scope::Scope;
use crisol_params::Tree;
use crisol_tensor::{Error, ErrorKind, Result, Shape, Tensor};
use std::fmt::Debug;
use std::panic::Location;
use std::sync::Arc;

/// A description of a computation with weights.
///
/// A layer holds settings only; its weights live in a tree and are asked for by name in `call`, which creates them when a
/// model is built and finds them ever after. There is no second method for shapes: a model learns them by tracing `call`.
///
/// ```
/// use crisol_layers::{Inference, Layer, LayerExt, Scope};
/// use crisol_params::RandomNormal;
/// use crisol_tensor::{Result, Tensor};
///
/// /// `x^2 a + x b`
/// #[derive(Debug)]
/// struct Quadratic {
///     units: usize,
/// }
///
/// impl Layer for Quadratic {
///     fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
///         let d = x.dim(-1)?;
///         let a = cx.weight("a", [d, self.units], RandomNormal::default());
///         let b = cx.weight("b", [d, self.units], RandomNormal::default());
///         Ok(x.square().matmul(&a) + x.matmul(&b))
///     }
/// }
///
/// let alone = Quadratic { units: 4 }.build([2])?;
/// let y = alone.call(&Tensor::ones([3, 2]), Inference)?;
/// assert_eq!(y.shape()?.sizes(), [3, 4]);
/// assert_eq!(alone.tree()?.weights()[0].path(), "quadratic/a");
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
pub trait Layer: Debug + Send + Sync + 'static {
    /// The output for an input whose first axis is the batch.
    ///
    /// # Errors
    /// An input that does not fit, or settings out of range.
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor>;

    /// The output for any number of inputs; layers that take several implement this.
    ///
    /// # Errors
    /// As [`Layer::call`], and a number of inputs that the layer does not take.
    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        match inputs {
            [x] => self.call(cx, x),
            _ => Err(wrong_inputs(inputs.len())),
        }
    }

    /// The outputs for any number of inputs; layers of several outputs implement this and [`Layer::output_count`].
    ///
    /// # Errors
    /// As [`Layer::call_many`].
    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        Ok(vec![self.call_many(cx, inputs)?])
    }

    /// The number of its outputs.
    fn output_count(&self) -> usize {
        1
    }

    /// Whether the steps of its output count that count in its input: Keras' `supports_masking`. Layers that make something else of a
    /// mask say so with [`Scope::set_mask`].
    fn passes_mask(&self) -> bool {
        false
    }

    /// Whether optimizers leave its weights alone until it is unfrozen.
    fn begins_frozen(&self) -> bool {
        false
    }

    /// The name of its type, from which its automatic name follows: `"MaxPooling2D"` becomes `"max_pooling2d"`.
    fn type_name(&self) -> &'static str {
        short_name(std::any::type_name::<Self>())
    }

    /// Its settings, as a model's file holds them. For a layer of one's own that is serde's `Serialize`:
    /// `serde_json::to_value(self)`, and [`Registry::register`](crate::Registry::register) to read it back.
    ///
    /// # Errors
    /// The layer cannot be saved; that is so unless it implements this.
    fn config(&self) -> Result<serde_json::Value> {
        Err(no_config(self.type_name()))
    }

    /// What an error message says about it, in the scope that it failed in: `"Dense 128 -> 64"`.
    fn describe(&self, _cx: &Scope) -> String {
        self.type_name().to_string()
    }

    /// The name it was given with [`LayerExt::name`].
    fn given_name(&self) -> Option<&str> {
        None
    }

    /// The weights it brings along, by their path inside of it: those of a model that was built before.
    fn own_weights(&self) -> Option<Arc<Tree>> {
        None
    }
}

// Errors of the methods above, which are compiled for every layer.

fn wrong_inputs(count: usize) -> Error {
    Error::new(ErrorKind::Value, format!("expected one input, found {count}"))
}

fn no_config(name: &str) -> Error {
    let text = format!("{name} has no config: it cannot be saved");
    Error::new(ErrorKind::Unsupported, text).help("derive Serialize and implement Layer::config")
}

/// What can be done with every layer.
pub trait LayerExt: Layer + Sized {
    /// Applies the layer to a node: a new layer each time, even if made from a clone.
    ///
    /// ```
    /// use crisol_layers::{Dense, Input, LayerExt, Network};
    /// let input = Input::new([28]);
    /// let output = Dense::new(10).on(&Dense::new(64).activation("relu").on(&input));
    /// let network = Network::functional(&input, &output)?;
    /// assert_eq!(network.layer_names(), ["input_layer", "dense", "dense_1"]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    fn on(self, node: &Node) -> Node {
        self.on_all(std::slice::from_ref(node))
    }

    /// Applies the layer to several nodes.
    #[track_caller]
    fn on_all(self, nodes: &[Node]) -> Node {
        // The layer is older than the node: automatic names count layers in the order of their creation.
        let layer = Arc::new(LayerUse::new(Arc::new(self)));
        Node::call(layer, nodes.to_vec(), Location::caller())
    }

    /// Applies a layer of several outputs: a node for each, in the layer's order.
    #[track_caller]
    fn outputs_on(self, nodes: &[Node]) -> Vec<Node> {
        let count = self.output_count();
        let first = self.on_all(nodes);
        (0..count).map(|output| first.output(output)).collect()
    }

    /// One layer to be applied several times, each time with the same weights.
    fn shared(self) -> Shared {
        Shared(Arc::new(LayerUse::new(Arc::new(self))))
    }

    /// Names the layer, instead of counting layers of its type.
    fn name(self, name: impl Into<String>) -> Labeled<Self> {
        Labeled { layer: self, name: Some(name.into()), frozen: false }
    }

    /// The layer with weights that no optimizer changes, until they are [unfrozen](Tree::unfreeze): Keras' `trainable=False`.
    fn frozen(self) -> Labeled<Self> {
        Labeled { layer: self, name: None, frozen: true }
    }

    /// The layer as the first of a sequential model, for inputs of the given shape (without the batch axis): an
    /// [`Input`] in front of it says the same. On a later layer it changes nothing.
    ///
    /// ```
    /// use crisol_layers::{Dense, Flatten, LayerExt, Network};
    /// let network = Network::sequential((Flatten::new().input_shape([28, 28]), Dense::new(10))).build()?;
    /// assert_eq!(network.output_shapes()?, [[None, Some(10)]]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    fn input_shape<S>(self, shape: S) -> Shaped<Self>
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        Shaped { layer: self, input: Input::new(shape) }
    }

    /// The layer with weights and without a model, for inputs of the given shape (without the batch axis).
    ///
    /// # Errors
    /// The layer refuses the shape.
    #[track_caller]
    fn build<S>(self, shape: S) -> Result<Network>
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        Network::sequential((Input::new(shape), self)).build()
    }
}

impl<L: Layer> LayerExt for L {}

/// A layer that is applied several times with the same weights.
#[derive(Clone, Debug)]
pub struct Shared(pub(crate) Arc<LayerUse>);

impl Shared {
    /// Applies the layer to a node.
    #[track_caller]
    pub fn on(&self, node: &Node) -> Node {
        self.on_all(std::slice::from_ref(node))
    }

    /// Applies the layer to several nodes.
    #[track_caller]
    pub fn on_all(&self, nodes: &[Node]) -> Node {
        Node::call(Arc::clone(&self.0), nodes.to_vec(), Location::caller())
    }
}
