//! A layer with a name of its own, or one that begins frozen; and layers in boxes.

use crate::layer::Layer;
use crate::scope::Scope;
use crisol_params::Tree;
use crisol_tensor::{Result, Tensor};
use std::sync::Arc;

/// A layer with a name of its own, or one that begins frozen: what [`LayerExt::name`](crate::LayerExt::name) and
/// [`LayerExt::frozen`](crate::LayerExt::frozen) make.
#[derive(Clone, Debug)]
pub struct Labeled<L> {
    pub(crate) layer: L,
    pub(crate) name: Option<String>,
    pub(crate) frozen: bool,
}

impl<L: Layer> Layer for Labeled<L> {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        self.layer.call(cx, x)
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        self.layer.call_many(cx, inputs)
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.layer.call_all(cx, inputs)
    }

    fn output_count(&self) -> usize {
        self.layer.output_count()
    }

    fn passes_mask(&self) -> bool {
        self.layer.passes_mask()
    }

    fn begins_frozen(&self) -> bool {
        self.frozen || self.layer.begins_frozen()
    }

    fn type_name(&self) -> &'static str {
        self.layer.type_name()
    }

    fn describe(&self, cx: &Scope) -> String {
        self.layer.describe(cx)
    }

    fn given_name(&self) -> Option<&str> {
        self.name.as_deref().or_else(|| self.layer.given_name())
    }

    fn own_weights(&self) -> Option<Arc<Tree>> {
        self.layer.own_weights()
    }

    fn config(&self) -> Result<serde_json::Value> {
        self.layer.config()
    }
}

impl Layer for Box<dyn Layer> {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        (**self).call(cx, x)
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        (**self).call_many(cx, inputs)
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        (**self).call_all(cx, inputs)
    }

    fn output_count(&self) -> usize {
        (**self).output_count()
    }

    fn passes_mask(&self) -> bool {
        (**self).passes_mask()
    }

    fn begins_frozen(&self) -> bool {
        (**self).begins_frozen()
    }

    fn type_name(&self) -> &'static str {
        (**self).type_name()
    }

    fn describe(&self, cx: &Scope) -> String {
        (**self).describe(cx)
    }

    fn given_name(&self) -> Option<&str> {
        (**self).given_name()
    }

    fn own_weights(&self) -> Option<Arc<Tree>> {
        (**self).own_weights()
    }

    fn config(&self) -> Result<serde_json::Value> {
        (**self).config()
    }
}

impl Layer for Arc<dyn Layer> {
    fn call(&self, cx: &mut Scope, x: &Tensor) -> Result<Tensor> {
        (**self).call(cx, x)
    }

    fn call_many(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Tensor> {
        (**self).call_many(cx, inputs)
    }

    fn call_all(&self, cx: &mut Scope, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        (**self).call_all(cx, inputs)
    }

    fn output_count(&self) -> usize {
        (**self).output_count()
    }

    fn passes_mask(&self) -> bool {
        (**self).passes_mask()
    }

    fn begins_frozen(&self) -> bool {
        (**self).begins_frozen()
    }

    fn type_name(&self) -> &'static str {
        (**self).type_name()
    }

    fn describe(&self, cx: &Scope) -> String {
        (**self).describe(cx)
    }

    fn given_name(&self) -> Option<&str> {
        (**self).given_name()
    }

    fn own_weights(&self) -> Option<Arc<Tree>> {
        (**self).own_weights()
    }

    fn config(&self) -> Result<serde_json::Value> {
        (**self).config()
    }
}
