//! The named tree of a model's variables.

use crate::initializer::Initializer;
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor, Value, Variable, evaluate_all};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a variable is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Changed by an optimizer.
    Weight,
    /// Changed by its layer, never by an optimizer.
    State,
}

/// A variable with its place in the tree. Clones share the variable and whether it is frozen.
#[derive(Clone, Debug)]
pub struct Weight {
    path: Arc<str>,
    variable: Variable,
    role: Role,
    frozen: Arc<AtomicBool>,
}

impl Weight {
    /// The names of the layers that lead to it and its own: `"encoder/dense_1/kernel"`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its own name, the last of the path: `"kernel"`.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The variable that holds its value.
    pub fn variable(&self) -> &Variable {
        &self.variable
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether an optimizer may change it: it is no state and is not frozen.
    pub fn trainable(&self) -> bool {
        self.role == Role::Weight && !self.frozen.load(Ordering::Relaxed)
    }

    /// The number of its elements.
    pub fn parameters(&self) -> usize {
        self.variable.shape().elements()
    }

    /// The bytes that its elements take.
    pub fn bytes(&self) -> usize {
        self.parameters() * self.variable.dtype().size()
    }
}

impl crisol_tensor::Source for Weight {
    fn tensor(&self) -> Tensor {
        self.variable().value()
    }

    fn name(&self) -> String {
        self.path().to_string()
    }
}

/// The variables of a model by path, in the order of their creation.
///
/// Names can be added until the tree is [sealed](Tree::seal), values change as long as it lives.
#[derive(Clone, Debug)]
pub struct Tree {
    key: Key,
    weights: Vec<Weight>,
    places: HashMap<Arc<str>, usize>,
    sealed: bool,
}

impl Tree {
    /// An empty tree; the key, with each path, decides the first values of weights.
    pub fn new(key: Key) -> Tree {
        Tree { key, weights: Vec::new(), places: HashMap::new(), sealed: false }
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
        Ok(self.push(path, variable, role, Arc::new(AtomicBool::new(false))))
    }

    /// Adds a weight of another tree under a path of this one. Both trees share its value and whether it is frozen.
    ///
    /// # Errors
    /// A path that exists or is empty, or a sealed tree.
    pub fn share(&mut self, path: &str, weight: &Weight) -> Result<&Weight> {
        self.expect_new(path, &format!("{:?}", weight.variable))?;
        Ok(self.push(path, weight.variable.clone(), weight.role, Arc::clone(&weight.frozen)))
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

    fn push(&mut self, path: &str, variable: Variable, role: Role, frozen: Arc<AtomicBool>) -> &Weight {
        let path: Arc<str> = path.into();
        let place = self.weights.len();
        self.places.insert(Arc::clone(&path), place);
        self.weights.push(Weight { path, variable, role, frozen });
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
mod tests {
    use super::*;
    use crate::{GlorotUniform, Ones, RandomNormal, Zeros};
    use crisol_tensor::ndarray::ArrayD;

    fn shape(sizes: &[usize]) -> Shape {
        Shape::new(sizes).unwrap()
    }

    fn dense_and_norm() -> Tree {
        let mut tree = Tree::new(Key::new(7));
        tree.create("dense/kernel", shape(&[4, 3]), DType::F32, Role::Weight, &GlorotUniform).unwrap();
        tree.create("dense/bias", shape(&[3]), DType::F32, Role::Weight, &Zeros).unwrap();
        tree.create("dense_1/kernel", shape(&[3, 2]), DType::F32, Role::Weight, &"he_normal").unwrap();
        tree.create("norm/mean", shape(&[2]), DType::F32, Role::State, &Ones).unwrap();
        tree.seal().unwrap();
        tree
    }

    #[test]
    fn first_values_depend_on_seed_and_path_alone() {
        let one = |order: &[&str], seed| {
            let mut tree = Tree::new(Key::new(seed));
            for path in order {
                tree.create(path, shape(&[5]), DType::F32, Role::Weight, &RandomNormal::default()).unwrap();
            }
            tree.seal().unwrap();
            tree.weight("b/kernel").unwrap().variable().value().to_vec::<f32>().unwrap()
        };
        let values = one(&["a/kernel", "b/kernel"], 1);
        assert_eq!(values, one(&["b/kernel", "c/kernel", "a/kernel"], 1));
        assert_ne!(values, one(&["b/kernel"], 2));
    }

    #[test]
    fn parameters_are_counted_and_frozen_by_layer() {
        let tree = dense_and_norm();
        assert_eq!((tree.parameters(), tree.trainable_parameters()), (23, 21));
        tree.freeze("dense").unwrap();
        // "dense_1" begins with the same letters and is another layer.
        assert_eq!(tree.trainable_parameters(), 6);
        tree.unfreeze("").unwrap();
        assert_eq!(tree.trainable_parameters(), 21);
        let error = tree.freeze("dense_2").unwrap_err().to_string();
        assert!(error.starts_with("no layer with weights is named \"dense_2\" (did you mean \"dense"), "{error}");
    }

    #[test]
    fn names_are_taken_once_and_never_after_sealing() {
        let mut tree = Tree::new(Key::new(0));
        tree.create("a/b", shape(&[2]), DType::F32, Role::Weight, &Zeros).unwrap();
        let mut error =
            |path: &str| tree.create(path, shape(&[3]), DType::F32, Role::Weight, &Zeros).unwrap_err().to_string();
        assert_eq!(error("a/b"), "weight: \"a/b\" (float32[3]) exists already, as Variable(float32[2])");
        assert_eq!(error("a//b"), "weight: expected names separated by '/', found \"a//b\"");
        tree.seal().unwrap();
        let error = tree.create("c", shape(&[3]), DType::F32, Role::Weight, &Zeros).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::State);
        assert!(error.to_string().contains("\"c\" (float32[3]) is new, but the model is built"), "{error}");
        assert!(tree.weight("a/c").unwrap_err().to_string().contains("did you mean \"a/b\""));
    }

    #[test]
    fn an_unknown_initializer_names_the_weight() {
        let mut tree = Tree::new(Key::new(0));
        let error = tree.create("a/b", shape(&[2]), DType::F32, Role::Weight, &"zeroes").unwrap_err();
        assert_eq!(error.to_string(), "weight \"a/b\": no initializer is named \"zeroes\" (did you mean \"zeros\"?)");
    }

    #[test]
    fn values_go_out_and_in() {
        let tree = dense_and_norm();
        let mut values = tree.get_weights().unwrap();
        values[1] = Value::F64(ArrayD::from_elem(vec![3], 0.5));
        tree.set_weights(&values).unwrap();
        assert_eq!(tree.weight("dense/bias").unwrap().variable().value().to_vec::<f32>().unwrap(), [0.5; 3]);

        values[0] = Value::F32(ArrayD::zeros(vec![3, 4]));
        values[3] = Value::F32(ArrayD::zeros(vec![1]));
        let error = tree.set_weights(&values).unwrap_err();
        assert_eq!(
            error.to_string(),
            "set_weights: shapes differ: dense/kernel: expected [4, 3], given [3, 4]; norm/mean: expected [2], given [1]"
        );
        let error = tree.set_weights(&values[..2]).unwrap_err();
        assert_eq!(error.to_string(), "set_weights: 2 values given for 4 weights");
    }

    #[test]
    fn a_shared_weight_has_one_value() {
        let inner = dense_and_norm();
        let mut outer = Tree::new(Key::new(1));
        outer.share("inner/dense/bias", inner.weight("dense/bias").unwrap()).unwrap();
        outer.seal().unwrap();
        inner.weight("dense/bias").unwrap().variable().assign(Tensor::ones([3])).unwrap();
        let seen = outer.weight("inner/dense/bias").unwrap().variable().value();
        assert_eq!(seen.to_vec::<f32>().unwrap(), [1.0; 3]);
        inner.freeze("").unwrap();
        assert_eq!(outer.trainable_weights().count(), 0);
    }
}
