//! Forward passes, and what layers add to them: losses and metrics.

use super::graph::{Added, Part};
use super::run::{part, run};
use super::{Last, Network};
use crate::node::Node;
use crate::scope::{Mode, Scope};
use crisol_tensor::random::{Key, next_key};
use crisol_tensor::{Error, ErrorKind, Result, Shape, Tensor};
use std::sync::Arc;

/// What a forward pass computes.
#[derive(Clone, Debug)]
pub struct Forward {
    /// The model's outputs, in their order.
    pub outputs: Vec<Tensor>,
    /// What layers added with [`Scope::add_loss`], then what the regularizers of weights cost: scalars.
    pub losses: Vec<Tensor>,
    /// What layers added with [`Scope::add_metric`]: names and scalars.
    pub metrics: Vec<(String, Tensor)>,
    /// For each output, which steps of it count, if not all do.
    pub masks: Vec<Option<Tensor>>,
}

/// Calling a network.
impl Network {
    /// The output of a network of one input and one output. In training, random layers take the next key of this thread's
    /// stream.
    ///
    /// # Errors
    /// An input that does not fit, or what a layer returns. No state changes then.
    pub fn call(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let key = if mode == Mode::Training { next_key() } else { Key::new(0) };
        let mut outputs = self.forward(std::slice::from_ref(x), mode, key)?.outputs;
        match (outputs.pop(), outputs.len()) {
            (Some(output), 0) => Ok(output),
            (_, more) => {
                let text = format!("the network has {} outputs, expected one", more + 1);
                Err(Error::new(ErrorKind::Value, text).operation("call").help("use forward"))
            }
        }
    }

    /// A forward pass of any number of inputs and outputs; the key decides all randomness in it.
    ///
    /// # Errors
    /// As [`Network::call`].
    pub fn forward(&self, inputs: &[Tensor], mode: Mode, key: Key) -> Result<Forward> {
        let mut shapes = Vec::with_capacity(inputs.len());
        for input in inputs {
            match input.shape()?.sizes() {
                [] => return Err(Error::new(ErrorKind::Shape, "expected a batch axis, found a scalar")),
                [0, ..] => {
                    let text = format!("the batch is empty: the input has shape {}", input.shape()?);
                    return Err(Error::new(ErrorKind::Shape, text));
                }
                [_, sample @ ..] => shapes.push(Shape::new(sample)?),
            }
        }
        let built = self.built_for(&shapes)?;
        let graph = self.graph()?;
        let mut scope = Scope::new(Arc::clone(&built.tree), mode, self.dtype, key);
        let values = run(graph, &mut scope, inputs)?;
        let outputs = graph.outputs.iter().map(|&output| part(&values, output).cloned());
        let outputs = outputs.collect::<Result<Vec<Tensor>>>()?;
        let masks = outputs.iter().map(|output| scope.mask(output)).collect();
        let passed = scope.commit()?;
        *self.lock_last() = Last { losses: passed.losses.clone(), metrics: passed.metrics.clone() };
        Ok(Forward { outputs, losses: passed.losses, metrics: passed.metrics, masks })
    }

    /// The losses of the last forward pass: those that layers added, then those of regularizers. Empty before the first.
    pub fn losses(&self) -> Vec<Tensor> {
        self.lock_last().losses.clone()
    }

    /// The metrics that layers added in the last forward pass. Empty before the first.
    pub fn metrics(&self) -> Vec<(String, Tensor)> {
        self.lock_last().metrics.clone()
    }

    /// Adds a loss of a value on the way from inputs to outputs: Keras' `model.add_loss(ops.sum(x) * 0.1)`.
    ///
    /// ```
    /// use crisol_layers::{Dense, Inference, Input, LayerExt, Network};
    /// use crisol_tensor::Tensor;
    /// let input = Input::new([3]);
    /// let hidden = Dense::new(2).kernel_initializer("ones").on(&input);
    /// let mut network = Network::functional(&input, &Dense::new(1).on(&hidden))?;
    /// network.add_loss(&hidden, |x| x.sum_all() * 0.5)?;
    /// network.call(&Tensor::ones([4, 3]), Inference)?;
    /// assert_eq!(network.losses()[0].item()?, 12.0);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// The node is not part of the network. What the function makes must be a scalar: another shape is an error of the forward pass.
    pub fn add_loss(&mut self, node: &Node, loss: impl Fn(&Tensor) -> Tensor + Send + Sync + 'static) -> Result<()> {
        self.add_of(node, None, Arc::new(loss))
    }

    /// Adds a metric of a value on the way from inputs to outputs: Keras 2's `model.add_metric(keras.backend.std(x), name="...")`.
    ///
    /// # Errors
    /// As [`Network::add_loss`].
    pub fn add_metric(
        &mut self,
        node: &Node,
        name: impl Into<String>,
        metric: impl Fn(&Tensor) -> Tensor + Send + Sync + 'static,
    ) -> Result<()> {
        self.add_of(node, Some(name.into()), Arc::new(metric))
    }

    fn add_of(
        &mut self,
        node: &Node,
        name: Option<String>,
        function: Arc<dyn Fn(&Tensor) -> Tensor + Send + Sync>,
    ) -> Result<()> {
        let graph = self.graph.as_mut().map_err(|error| error.clone())?;
        let Some(call) = graph.calls.iter().position(|call| call.node == Some(node.cell.id)) else {
            let text = "the value is not computed by this network";
            return Err(Error::new(ErrorKind::Value, text)
                .at(node.cell.location)
                .help("take a node between the inputs and outputs that a functional network was made from"));
        };
        graph.added.push(Added { of: Part { call, output: node.output }, name, function });
        Ok(())
    }
}
