//! Weights alone: to and from safetensors files, and from whole models.

use crate::archive::file_error;
use crate::model::Model;
use crate::save::weights_of_archive;
use crisol_ir::{ErrorKind, Result};
use crisol_params::LoadReport;
use std::path::{Path, PathBuf};

/// Saving and loading weights alone.
impl Model {
    /// Writes all weights to a safetensors file, which other programs read too: whole, or not at all.
    ///
    /// # Errors
    /// The model is not built, or the file cannot be written.
    pub fn save_weights(&self, path: impl AsRef<Path>) -> Result<()> {
        self.built_tree()?.save_safetensors(path)
    }

    /// Reads all weights from a safetensors file, or from a whole model in a `.crisol` file.
    ///
    /// # Errors
    /// The shape of an input is not known yet; the file cannot be read; names or shapes differ: all of them are listed and nothing changes.
    pub fn load_weights(&self, path: impl AsRef<Path>) -> Result<LoadReport> {
        let (path, bytes) = weights_file(path.as_ref())?;
        self.built_tree()?.load_safetensors_bytes(&path, &bytes).map_err(|error| {
            error.help("load_weights_matching takes what fits from a model whose layers or names differ")
        })
    }

    /// Reads what fits from the weights of another model, and reports what was loaded, what is missing and what is left over.
    ///
    /// `renames` are layers of the file and what they are called here, `("dense", "encoder")`; how others are found says
    /// [`Tree::load_matching`](crisol_params::Tree::load_matching).
    ///
    /// # Errors
    /// The shape of an input is not known yet; the file cannot be read; a rename of a layer that does not exist; a weight with the same path and another
    /// shape. Nothing changes then.
    pub fn load_weights_matching(&self, path: impl AsRef<Path>, renames: &[(&str, &str)]) -> Result<LoadReport> {
        let (path, bytes) = weights_file(path.as_ref())?;
        self.built_tree()?.load_matching_bytes(&path, &bytes, renames)
    }
}

/// The bytes of a safetensors file, or of the weights in a `.crisol` file, and what errors call them.
fn weights_file(path: &Path) -> Result<(PathBuf, Vec<u8>)> {
    if path.extension().is_some_and(|extension| extension == "crisol") {
        return weights_of_archive(path);
    }
    let bytes = std::fs::read(path);
    let unreadable = |error| file_error(ErrorKind::Io, path, &format!("cannot be read: {error}"));
    Ok((path.to_path_buf(), bytes.map_err(unreadable)?))
}
