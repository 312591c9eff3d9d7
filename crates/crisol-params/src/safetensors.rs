//! Saving a tree to a safetensors file and loading it back. Files are untrusted, and never seen half-written.

use crate::bytes;
use crate::files::write_whole;
use crate::tree::Tree;
use crate::weight::Weight;
use ::safetensors::SafeTensors;
use ::safetensors::tensor::{Dtype, TensorView};
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// What was loaded from a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// The paths of the weights that have a new value, in the tree's order.
    pub loaded: Vec<String>,
    /// Those of them whose value had another path in the file, which stands first.
    pub renamed: Vec<(String, String)>,
    /// Weights that keep the value they had.
    pub missing: Vec<String>,
    /// Values of the file that no weight took.
    pub unexpected: Vec<String>,
}

/// What a file holds for a tree: see [`Tree::match_safetensors`].
#[derive(Debug)]
pub struct Matched {
    /// The new value of every weight that has one.
    pub values: Vec<(Weight, Value)>,
    /// Everything that does not fit.
    pub wrong: Vec<String>,
}

/// In lines: how many were loaded, and every name that was not, or under another name.
impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} weights loaded", self.loaded.len())?;
        for (from, to) in &self.renamed {
            write!(f, "\n  renamed: {from} -> {to}")?;
        }
        for (what, names) in [("missing", &self.missing), ("unexpected", &self.unexpected)] {
            for name in names {
                write!(f, "\n  {what}: {name}")?;
            }
        }
        Ok(())
    }
}

impl Tree {
    /// Writes all weights to a safetensors file: beside it first, then renamed over it, so that a crash at any moment leaves
    /// the old file or the new one.
    ///
    /// # Errors
    /// A value that cannot be computed, or a file that cannot be written: the old one is then untouched.
    pub fn save_safetensors(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        write_whole(path, &self.to_safetensors()?)
            .map_err(|error| file_error(ErrorKind::Io, path, &format!("cannot be written: {error}")))
    }

    /// Reads the values of all weights from a safetensors file.
    ///
    /// # Errors
    /// A file that cannot be read, is not safetensors, or does not hold exactly this tree's weights with their shapes and
    /// element types. Every missing, unexpected and different name is listed, and nothing is loaded.
    pub fn load_safetensors(&self, path: impl AsRef<Path>) -> Result<LoadReport> {
        let path = path.as_ref();
        self.load_safetensors_bytes(path, &read(path)?)
    }

    /// [`Tree::load_safetensors`] from the bytes of a file, which errors call `path`.
    ///
    /// # Errors
    /// As [`Tree::load_safetensors`].
    pub fn load_safetensors_bytes(&self, path: &Path, bytes: &[u8]) -> Result<LoadReport> {
        let Matched { values, wrong } = self.match_values(&parse(path, bytes)?);
        if !wrong.is_empty() {
            let text = format!("does not fit this model: {}", wrong.join("; "));
            return Err(file_error(ErrorKind::Format, path, &text));
        }
        let mut loaded = Vec::new();
        for (weight, value) in values {
            weight.variable().assign(Tensor::from_value(value))?;
            loaded.push(weight.path().to_string());
        }
        Ok(LoadReport { loaded, ..LoadReport::default() })
    }

    /// All weights as the bytes of a safetensors file.
    ///
    /// # Errors
    /// A value that cannot be computed.
    pub fn to_safetensors(&self) -> Result<Vec<u8>> {
        let values = self.weights().iter().map(|weight| Ok((weight.path(), weight.variable().value().to_value()?)));
        encode_safetensors(&values.collect::<Result<Vec<(&str, Value)>>>()?)
    }

    /// The new value of every weight from the bytes of a safetensors file, and all that does not fit. Nothing changes.
    ///
    /// # Errors
    /// The bytes are damaged or no safetensors file; `path` names them.
    pub fn match_safetensors(&self, path: &Path, bytes: &[u8]) -> Result<Matched> {
        Ok(self.match_values(&parse(path, bytes)?))
    }

    fn match_values(&self, file: &SafeTensors) -> Matched {
        let (mut values, mut wrong) = (Vec::new(), Vec::new());
        for weight in self.weights() {
            match file.tensor(weight.path()) {
                Ok(view) => match value_for(weight, &view) {
                    Ok(value) => values.push((weight.clone(), value)),
                    Err(text) => wrong.push(text),
                },
                Err(_) => wrong.push(format!("{} is missing", weight.path())),
            }
        }
        let mut unexpected: Vec<&str> = file.names().into_iter().filter(|name| self.get(name).is_none()).collect();
        unexpected.sort_unstable();
        wrong.extend(unexpected.iter().map(|name| format!("{name} is unexpected")));
        Matched { values, wrong }
    }
}

/// Named values as the bytes of a safetensors file.
///
/// # Errors
/// A name that is there twice.
///
/// ```
/// use crisol_params::{decode_safetensors, encode_safetensors};
/// use crisol_tensor::{Value, ndarray::arr1};
/// let values = [("rate", Value::from(arr1(&[0.5f64]).into_dyn()))];
/// let bytes = encode_safetensors(&values)?;
/// assert_eq!(decode_safetensors("rates".as_ref(), &bytes)?["rate"], values[0].1);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
pub fn encode_safetensors(values: &[(impl AsRef<str>, Value)]) -> Result<Vec<u8>> {
    let internal = |error: String| Error::new(ErrorKind::Internal, error).operation("encode_safetensors");
    let mut seen = BTreeSet::new();
    let mut parts = Vec::new();
    for (name, value) in values {
        let name = name.as_ref();
        if !seen.insert(name) {
            return Err(Error::new(ErrorKind::Name, format!("two values are named {name:?}")));
        }
        parts.push((name, value.shape()?, value.dtype(), bytes::of_value(value)));
    }
    let mut views = Vec::new();
    for (name, shape, dtype, bytes) in &parts {
        let view = TensorView::new(file_dtype(*dtype), shape.to_vec(), bytes);
        views.push((*name, view.map_err(|error| internal(format!("{name}: {error}")))?));
    }
    ::safetensors::serialize(views, None).map_err(|error| internal(error.to_string()))
}

/// The values in the bytes of a safetensors file, by name; `path` is what errors call it.
///
/// # Errors
/// The bytes are damaged or no safetensors file, or hold an element type that crisol does not have.
pub fn decode_safetensors(path: &Path, bytes: &[u8]) -> Result<BTreeMap<String, Value>> {
    let file = parse(path, bytes)?;
    let mut values = BTreeMap::new();
    for (name, view) in file.iter() {
        let shape = Shape::new(view.shape());
        let value = dtype_of(view.dtype())
            .zip(shape.ok())
            .and_then(|(dtype, shape)| bytes::to_value(view.data(), dtype, &shape));
        let Some(value) = value else {
            let text = format!("holds {name} as {}{:?}, which is no type of crisol", view.dtype(), view.shape());
            return Err(file_error(ErrorKind::Format, path, &text));
        };
        values.insert(name.to_string(), value);
    }
    Ok(values)
}

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| file_error(ErrorKind::Io, path, &format!("cannot be read: {error}")))
}

/// The tensors that the bytes of a file hold.
pub(crate) fn parse<'a>(path: &Path, bytes: &'a [u8]) -> Result<SafeTensors<'a>> {
    SafeTensors::deserialize(bytes)
        .map_err(|error| file_error(ErrorKind::Format, path, &format!("is damaged or no safetensors file: {error}")))
}

/// The value of a weight from a file, or what is wrong with it.
pub(crate) fn value_for(weight: &Weight, view: &TensorView) -> Result<Value, String> {
    let (dtype, shape) = (weight.variable().dtype(), weight.variable().shape());
    if view.dtype() != file_dtype(dtype) || view.shape() != shape.sizes() {
        let given = dtype_of(view.dtype()).map_or_else(|| view.dtype().to_string(), |dtype| dtype.to_string());
        return Err(format!("{} is {given}{:?}, expected {dtype}{shape}", weight.path(), view.shape()));
    }
    bytes::to_value(view.data(), dtype, &shape)
        .ok_or_else(|| format!("{} has {} bytes for {shape}", weight.path(), view.data().len()))
}

pub(crate) fn file_dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::Bool => Dtype::BOOL,
        DType::U8 => Dtype::U8,
        DType::I32 => Dtype::I32,
        DType::I64 => Dtype::I64,
        DType::BF16 => Dtype::BF16,
        DType::F16 => Dtype::F16,
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
    }
}

fn dtype_of(dtype: Dtype) -> Option<DType> {
    DType::ALL.into_iter().find(|known| file_dtype(*known) == dtype)
}

fn file_error(kind: ErrorKind, path: &Path, what: &str) -> Error {
    Error::new(kind, format!("{} {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Constant, RandomNormal, Role};
    use crisol_tensor::random::Key;
    use std::path::PathBuf;

    fn tree(weights: &[(&str, &[usize], DType)], seed: u64) -> Tree {
        let mut tree = Tree::new(Key::new(seed));
        for (path, sizes, dtype) in weights {
            let shape = Shape::new(sizes).unwrap();
            if dtype.is_float() && !dtype.is_half() {
                tree.create(path, shape, *dtype, Role::Weight, &RandomNormal::default()).unwrap();
            } else {
                tree.create(path, shape, *dtype, Role::State, &Constant(seed as f64)).unwrap();
            }
        }
        tree.seal().unwrap();
        tree
    }

    const ALL: [(&str, &[usize], DType); 8] = [
        ("a/brain", &[2, 3], DType::BF16),
        ("a/half", &[5], DType::F16),
        ("a/kernel", &[3, 4], DType::F32),
        ("a/wide", &[2], DType::F64),
        ("a/empty", &[0, 5], DType::F32),
        ("b/count", &[], DType::I64),
        ("b/labels", &[3], DType::I32),
        ("b/mask", &[3], DType::Bool),
    ];

    fn file(folder: &tempfile::TempDir) -> PathBuf {
        folder.path().join("weights.safetensors")
    }

    #[test]
    fn every_type_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let (saved, loaded) = (tree(&ALL, 1), tree(&ALL, 0));
        saved.save_safetensors(file(&folder)).unwrap();
        assert_ne!(saved.get_weights().unwrap(), loaded.get_weights().unwrap());
        let report = loaded.load_safetensors(file(&folder)).unwrap();
        assert_eq!(report.loaded, ALL.map(|(path, ..)| path));
        assert_eq!(saved.get_weights().unwrap(), loaded.get_weights().unwrap());
        // Nothing stays beside the file, and saving again replaces it.
        loaded.save_safetensors(file(&folder)).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn everything_that_does_not_fit_is_listed_and_nothing_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        tree(&ALL, 1).save_safetensors(file(&folder)).unwrap();
        let other = tree(
            &[
                ("a/kernel", &[4, 3], DType::F32),
                ("a/wide", &[2], DType::F32),
                ("a/new", &[1], DType::F32),
                ("b/labels", &[3], DType::I32),
            ],
            2,
        );
        let before = other.get_weights().unwrap();
        let error = other.load_safetensors(file(&folder)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format);
        let text = error.to_string();
        assert!(text.contains("weights.safetensors does not fit this model: "), "{text}");
        for part in [
            "a/kernel is float32[3, 4], expected float32[4, 3]",
            "a/wide is float64[2], expected float32[2]",
            "a/new is missing",
            "a/brain is unexpected; a/empty is unexpected; a/half is unexpected; b/count is unexpected; b/mask is unexpected",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text:?}");
        }
        assert_eq!(other.get_weights().unwrap(), before);
    }

    #[test]
    fn damaged_files_are_errors_that_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let tree = tree(&ALL, 1);
        let path = file(&folder);
        tree.save_safetensors(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut huge_header = whole.clone();
        huge_header[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        let mut hostile_shape =
            br#"{"a/kernel":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#.to_vec();
        hostile_shape.splice(0..0, (hostile_shape.len() as u64).to_le_bytes());
        let cuts = (0..whole.len()).step_by(7).map(|length| whole[..length].to_vec());
        for bytes in cuts.chain([huge_header, hostile_shape, vec![0xff; 64]]) {
            std::fs::write(&path, &bytes).unwrap();
            let error = tree.load_safetensors(&path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Format);
            let text = error.to_string();
            assert!(text.contains("weights.safetensors is damaged or no safetensors file: "), "{text}");
        }
    }

    #[test]
    fn a_folder_that_does_not_exist_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("weights.safetensors");
        let tree = tree(&ALL, 1);
        let error = tree.save_safetensors(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains(&format!("{} cannot be written: ", path.display())), "{error}");
        let error = tree.load_safetensors(&path).unwrap_err();
        assert!(error.to_string().contains(&format!("{} cannot be read: ", path.display())), "{error}");
    }
}
