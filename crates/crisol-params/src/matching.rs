//! Loading the weights of another model: what has the same place, and layers under other names.

use crate::safetensors::{LoadReport, parse, read, value_for};
use crate::tree::Tree;
use crate::weight::Weight;
use crisol_tensor::{Error, ErrorKind, Result, Tensor};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

impl Tree {
    /// Reads what fits from a safetensors file, such as that of a model whose head or names differ, and reports what matched.
    ///
    /// A weight takes the value of its own path. `renames` are layers of the file and what they are called here, `("dense", "encoder")`.
    /// Without one, a layer that found nothing takes the values of the one layer of the file that nobody took and whose weights have the same
    /// names, element types and shapes; if several would do, none is taken.
    ///
    /// ```
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("weights.safetensors");
    /// use crisol_params::{Ones, Role, Tree, Zeros};
    /// use crisol_tensor::{DType, Shape, random::Key};
    /// let shape = Shape::new(&[2])?;
    /// let mut old = Tree::new(Key::new(0));
    /// old.create("dense/bias", shape, DType::F32, Role::Weight, &Ones)?;
    /// old.save_safetensors(&path)?;
    /// let mut new = Tree::new(Key::new(0));
    /// new.create("encoder/bias", shape, DType::F32, Role::Weight, &Zeros)?;
    /// let report = new.load_matching(&path, &[])?;
    /// assert_eq!(report.renamed, [("dense/bias".to_string(), "encoder/bias".to_string())]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// A file that cannot be read or is not safetensors; a rename of a layer that the file or the tree does not have; a weight whose path is in
    /// the file with another shape or element type. Nothing is loaded then.
    pub fn load_matching(&self, path: impl AsRef<Path>, renames: &[(&str, &str)]) -> Result<LoadReport> {
        let path = path.as_ref();
        self.load_matching_bytes(path, &read(path)?, renames)
    }

    /// [`Tree::load_matching`] from the bytes of a safetensors file, which errors call `path`.
    ///
    /// # Errors
    /// As [`Tree::load_matching`].
    pub fn load_matching_bytes(&self, path: &Path, bytes: &[u8], renames: &[(&str, &str)]) -> Result<LoadReport> {
        let file = parse(path, bytes)?;
        let names: BTreeSet<String> = file.names().into_iter().map(str::to_string).collect();
        for (from, to) in renames {
            let layers = names.iter().filter_map(|name| Some(name.rsplit_once('/')?.0));
            if !names.iter().any(|name| behind(name, from).is_some()) {
                return Err(Error::unknown_name("layer of the file", from, layers));
            }
            if self.under(to).next().is_none() {
                let layers = self.weights().iter().filter_map(|weight| Some(weight.path().rsplit_once('/')?.0));
                return Err(Error::unknown_name("layer with weights", to, layers));
            }
        }
        let source = |weight: &Weight| {
            let renamed = renames.iter().find_map(|(from, to)| Some(format!("{from}/{}", behind(weight.path(), to)?)));
            Some(renamed.unwrap_or_else(|| weight.path().to_string())).filter(|name| names.contains(name))
        };
        let mut pairs: Vec<(&Weight, Option<String>)> =
            self.weights().iter().map(|weight| (weight, source(weight))).collect();
        let taken: BTreeSet<&String> = pairs.iter().filter_map(|(_, name)| name.as_ref()).collect();
        let free = names.iter().filter(|name| !taken.contains(name));
        let in_file = by_layer(free.filter_map(|name| {
            let view = file.tensor(name).ok()?;
            Some((name.as_str(), format!("{}{:?}", view.dtype(), view.shape())))
        }));
        let in_tree = by_layer(pairs.iter().filter(|(_, name)| name.is_none()).map(|(weight, _)| {
            let variable = weight.variable();
            (
                weight.path(),
                format!("{}{:?}", crate::safetensors::file_dtype(variable.dtype()), variable.shape().sizes()),
            )
        }));
        let moved = only_matches(&in_tree, &in_file);
        for (weight, name) in &mut pairs {
            if let (None, Some((layer, own))) = (&name, weight.path().rsplit_once('/')) {
                *name = moved.get(layer).map(|from| format!("{from}/{own}"));
            }
        }
        let mut report = LoadReport::default();
        let (mut values, mut wrong) = (Vec::new(), Vec::new());
        for (weight, name) in &pairs {
            let Some(name) = name else {
                report.missing.push(weight.path().to_string());
                continue;
            };
            match file.tensor(name).map_err(|error| error.to_string()).and_then(|view| value_for(weight, &view)) {
                Ok(value) => values.push((weight, value)),
                Err(text) => wrong.push(text),
            }
            report.loaded.push(weight.path().to_string());
            if name != weight.path() {
                report.renamed.push((name.clone(), weight.path().to_string()));
            }
        }
        if !wrong.is_empty() {
            let text = format!("{} does not fit this model: {}", path.display(), wrong.join("; "));
            return Err(Error::new(ErrorKind::Format, text));
        }
        let taken: BTreeSet<&String> = pairs.iter().filter_map(|(_, name)| name.as_ref()).collect();
        report.unexpected = names.iter().filter(|name| !taken.contains(name)).cloned().collect();
        for (weight, value) in values {
            weight.variable().assign(Tensor::from_value(value))?;
        }
        Ok(report)
    }
}

/// What follows a layer in a path.
fn behind<'a>(path: &'a str, layer: &str) -> Option<&'a str> {
    path.strip_prefix(layer)?.strip_prefix('/')
}

/// The weights of each layer: names and types.
type Layers<'a> = BTreeMap<&'a str, BTreeMap<&'a str, String>>;

fn by_layer<'a>(weights: impl Iterator<Item = (&'a str, String)>) -> Layers<'a> {
    let mut layers = Layers::new();
    for (path, ty) in weights {
        if let Some((layer, own)) = path.rsplit_once('/') {
            layers.entry(layer).or_default().insert(own, ty);
        }
    }
    layers
}

/// For each layer of the tree the layer of the file that has the same weights, if there is one of each.
fn only_matches<'a>(tree: &Layers<'a>, file: &Layers<'a>) -> BTreeMap<&'a str, &'a str> {
    let mut matches = BTreeMap::new();
    for (layer, weights) in tree {
        let alike = |layers: &Layers<'a>| -> Vec<&'a str> {
            layers.iter().filter(|(_, other)| *other == weights).map(|(layer, _)| *layer).collect()
        };
        if let ([_], [from]) = (alike(tree).as_slice(), alike(file).as_slice()) {
            matches.insert(*layer, *from);
        }
    }
    matches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Constant, Role};
    use crisol_tensor::random::Key;
    use crisol_tensor::{DType, Shape};

    fn tree(weights: &[(&str, &[usize])], number: f64) -> Tree {
        let mut tree = Tree::new(Key::new(0));
        for (path, sizes) in weights {
            let shape = Shape::new(sizes).unwrap();
            tree.create(path, shape, DType::F32, Role::Weight, &Constant(number)).unwrap();
        }
        tree.seal().unwrap();
        tree
    }

    fn first(tree: &Tree, path: &str) -> f32 {
        tree.weight(path).unwrap().variable().value().to_vec::<f32>().unwrap()[0]
    }

    #[test]
    fn what_fits_is_loaded_and_the_rest_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        let saved: [(&str, &[usize]); 5] = [
            ("a/kernel", &[2, 3]),
            ("a/bias", &[3]),
            ("b/kernel", &[3, 3]),
            ("c/kernel", &[3, 3]),
            ("head/kernel", &[3, 9]),
        ];
        tree(&saved, 1.0).save_safetensors(&path).unwrap();
        let other =
            tree(&[("x/kernel", &[2, 3]), ("x/bias", &[3]), ("y/kernel", &[3, 3]), ("top/kernel", &[3, 4])], 0.0);
        let report = other.load_matching(&path, &[]).unwrap();
        assert_eq!(report.loaded, ["x/kernel", "x/bias"]);
        // Two layers of the file could be `y`, so neither is.
        assert_eq!(report.missing, ["y/kernel", "top/kernel"]);
        assert_eq!(report.unexpected, ["b/kernel", "c/kernel", "head/kernel"]);
        assert_eq!((first(&other, "x/bias"), first(&other, "y/kernel")), (1.0, 0.0));
        let report = other.load_matching(&path, &[("c", "y")]).unwrap();
        assert!(report.renamed.contains(&("c/kernel".to_string(), "y/kernel".to_string())), "{report:?}");
        assert_eq!(first(&other, "y/kernel"), 1.0);
        let error = other.load_matching(&path, &[("d", "y")]).unwrap_err().to_string();
        assert!(error.contains("no layer of the file is named \"d\""), "{error}");
    }

    #[test]
    fn a_path_with_another_shape_is_an_error_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.safetensors");
        tree(&[("a/kernel", &[2, 3]), ("a/bias", &[3])], 1.0).save_safetensors(&path).unwrap();
        let other = tree(&[("a/kernel", &[2, 4]), ("a/bias", &[3])], 0.0);
        let error = other.load_matching(&path, &[]).unwrap_err().to_string();
        assert!(error.contains("a/kernel is float32[2, 3], expected float32[2, 4]"), "{error}");
        assert_eq!(first(&other, "a/bias"), 0.0);
    }
}
