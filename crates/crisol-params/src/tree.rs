//! The named tree of a model's variables.

use crate::initializer::Initializer;
use crate::settings::WeightSettings;
use crate::weight::{Role, Weight};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor, Value, Variable, evaluate_all};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The variables of a model by path, in the order of their creation.
///
/// Names can be added until the tree is [sealed](Tree::seal), values change as long as it lives.
#[derive(Clone, Debug)]
pub struct Tree {
    key: Key,
    weights: Vec<Weight>,
    places: FxHashMap<Arc<str>, usize>,
    sealed: bool,
}

impl Tree {
    /// An empty tree; the key, with each path, decides the first values of weights.
    pub fn new(key: Key) -> Tree {
        Tree { key, weights: Vec::new(), places: FxHashMap::default(), sealed: false }
    }

    /// Adds a variable, whose first value depends on the tree's key and the path alone.
    ///
    /// # Errors
    /// A path that exists or is empty, a sealed tree, or an initializer that refuses.
    pub fn create(
        &mut self,
        path: &str,
        shape: Shape,
        dtype: DType,
        role: Role,
        initializer: &dyn Initializer,
    ) -> Result<&Weight> {
        self.expect_new(path, &format!("{dtype}{shape}"))?;
        let wrong = |error: Error| error.layer(format!("weight {path:?}"));
        let value = initializer.initialize(shape, dtype, path_key(self.key, path)).map_err(wrong)?;
        let ty = value.ty().map_err(wrong)?;
        if (ty.shape, ty.dtype) != (shape, dtype) {
            let text = format!("the initializer {initializer:?} made {ty}, expected {dtype}{shape}");
            return Err(wrong(Error::new(ErrorKind::Shape, text)));
        }
        let variable = Variable::new(value)?;
        let frozen = Arc::new(AtomicBool::new(false));
        let (regularizer, constraint) = (None, None);
        Ok(self.push(Weight { path: path.into(), label: None, variable, role, frozen, regularizer, constraint }))
    }

    /// Adds a weight of another tree under a path of this one. Both trees share its value and whether it is frozen.
    ///
    /// # Errors
    /// A path that exists or is empty, or a sealed tree.
    pub fn share(&mut self, path: &str, weight: &Weight) -> Result<&Weight> {
        self.expect_new(path, &format!("{:?}", weight.variable))?;
        Ok(self.push(Weight { path: path.into(), label: None, ..weight.clone() }))
    }

    /// Says how a weight is shown, what it costs and where it may be.
    ///
    /// # Errors
    /// No weight has the path.
    pub fn describe(&mut self, path: &str, label: &str, settings: &WeightSettings) -> Result<()> {
        self.weight(path)?;
        let place = self.places[path];
        let weight = &mut self.weights[place];
        weight.label = (label != path).then(|| label.into());
        weight.regularizer = settings.regularizer.clone();
        weight.constraint = settings.constraint.clone();
        Ok(())
    }

    /// Computes all first values in one plan and closes the tree to new names.
    ///
    /// # Errors
    /// A value that cannot be computed.
    pub fn seal(&mut self) -> Result<()> {
        let values: Vec<Tensor> = self.weights.iter().map(|weight| weight.variable.value()).collect();
        evaluate_all(&values)?;
        self.sealed = true;
        Ok(())
    }

    /// The weight at a path.
    pub fn get(&self, path: &str) -> Option<&Weight> {
        self.places.get(path).map(|&place| &self.weights[place])
    }

    /// The weight at a path, or an error that offers the nearest path.
    ///
    /// # Errors
    /// No weight has the path.
    pub fn weight(&self, path: &str) -> Result<&Weight> {
        self.get(path).ok_or_else(|| Error::unknown_name("weight", path, self.weights.iter().map(Weight::path)))
    }

    /// All weights and states in the order of their creation.
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// The weights that an optimizer may change.
    pub fn trainable_weights(&self) -> impl Iterator<Item = &Weight> {
        self.weights.iter().filter(|weight| weight.trainable())
    }

    /// States and frozen weights.
    pub fn non_trainable_weights(&self) -> impl Iterator<Item = &Weight> {
        self.weights.iter().filter(|weight| !weight.trainable())
    }

    /// What the regularizers of trainable weights add to the loss, in the order of the weights.
    ///
    /// # Errors
    /// A regularizer that refuses a weight, which the error names.
    pub fn regularization_losses(&self) -> Result<Vec<Tensor>> {
        let mut losses = Vec::new();
        for weight in self.trainable_weights() {
            if let Some(regularizer) = &weight.regularizer {
                let loss = regularizer.loss(&weight.variable.value());
                losses.push(loss.map_err(|error| error.layer(format!("weight {:?}", weight.path)))?);
            }
        }
        Ok(losses)
    }

    /// Moves trainable weights to where their constraints want them: to be called after an optimizer's update.
    ///
    /// # Errors
    /// A constraint that refuses a weight, which the error names.
    pub fn apply_constraints(&self) -> Result<()> {
        for weight in self.trainable_weights() {
            if let Some(constraint) = &weight.constraint {
                let moved = constraint.project(&weight.variable.value());
                let moved = moved.and_then(|value| weight.variable.assign(value));
                moved.map_err(|error| error.layer(format!("weight {:?}", weight.path)))?;
            }
        }
        Ok(())
    }

    /// The weights of a layer: those whose path goes through `prefix`. An empty prefix means all.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Weight> {
        self.weights.iter().filter(move |weight| goes_through(&weight.path, prefix))
    }

    /// The number of all elements.
    pub fn parameters(&self) -> usize {
        self.weights.iter().map(Weight::parameters).sum()
    }

    /// The number of elements that an optimizer may change.
    pub fn trainable_parameters(&self) -> usize {
        self.trainable_weights().map(Weight::parameters).sum()
    }

    /// Keeps optimizers from changing the weights of a layer; an empty prefix means all.
    ///
    /// # Errors
    /// No path goes through the prefix.
    pub fn freeze(&self, prefix: &str) -> Result<()> {
        self.set_frozen(prefix, true)
    }

    /// Lets optimizers change the weights of a layer again; an empty prefix means all.
    ///
    /// # Errors
    /// No path goes through the prefix.
    pub fn unfreeze(&self, prefix: &str) -> Result<()> {
        self.set_frozen(prefix, false)
    }

    /// The values of all weights in the order of [`Tree::weights`].
    ///
    /// # Errors
    /// A value that cannot be computed.
    pub fn get_weights(&self) -> Result<Vec<Value>> {
        self.weights.iter().map(|weight| weight.variable.value().to_value()).collect()
    }

    /// Gives all weights new values, in the order of [`Tree::weights`]; numbers are cast to the weight's element type.
    ///
    /// # Errors
    /// Another number of values, or values of other shapes: all of them are listed and nothing is changed.
    pub fn set_weights(&self, values: &[Value]) -> Result<()> {
        if values.len() != self.weights.len() {
            let text = format!("{} values given for {} weights", values.len(), self.weights.len());
            return Err(Error::new(ErrorKind::Value, text).operation("set_weights"));
        }
        let mut wrong = Vec::new();
        for (weight, value) in self.weights.iter().zip(values) {
            let (given, expected) = (value.shape()?, weight.variable.shape());
            if given != expected {
                wrong.push(format!("{}: expected {expected}, given {given}", weight.path));
            }
        }
        if !wrong.is_empty() {
            let text = format!("shapes differ: {}", wrong.join("; "));
            return Err(Error::new(ErrorKind::Shape, text).operation("set_weights"));
        }
        for (weight, value) in self.weights.iter().zip(values) {
            weight.variable.assign(Tensor::from_value(value.cast(weight.variable.dtype())))?;
        }
        Ok(())
    }

    fn set_frozen(&self, prefix: &str, frozen: bool) -> Result<()> {
        let mut found = prefix.is_empty();
        for weight in self.under(prefix) {
            weight.frozen.store(frozen, Ordering::Relaxed);
            found = true;
        }
        if found {
            return Ok(());
        }
        let mut layers: Vec<&str> =
            self.weights.iter().filter_map(|weight| Some(weight.path.rsplit_once('/')?.0)).collect();
        layers.dedup();
        Err(Error::unknown_name("layer with weights", prefix, layers))
    }

    fn expect_new(&self, path: &str, what: &str) -> Result<()> {
        if path.is_empty() || path.split('/').any(str::is_empty) {
            let text = format!("expected names separated by '/', found {path:?}");
            return Err(Error::new(ErrorKind::Name, text).operation("weight"));
        }
        if let Some(known) = self.get(path) {
            let text = format!("{path:?} ({what}) exists already, as {:?}", known.variable);
            return Err(Error::new(ErrorKind::Name, text).operation("weight"));
        }
        if self.sealed {
            let text = format!("{path:?} ({what}) is new, but the model is built: it takes no new weights");
            return Err(Error::new(ErrorKind::State, text)
                .operation("weight")
                .help("a layer must ask for the same weights in every call"));
        }
        Ok(())
    }

    fn push(&mut self, weight: Weight) -> &Weight {
        let place = self.weights.len();
        self.places.insert(Arc::clone(&weight.path), place);
        self.weights.push(weight);
        &self.weights[place]
    }
}

/// A key of its own for each path, independent of all other paths.
pub fn path_key(key: Key, path: &str) -> Key {
    // FNV-1a: simple, and the same on every machine and release, as saved experiments rely on.
    let hash = path
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    key.fold(hash)
}

/// Whether a path is `prefix` or continues it.
fn goes_through(path: &str, prefix: &str) -> bool {
    prefix.is_empty() || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
