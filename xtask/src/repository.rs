//! Where the repository is and which files it has.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder above this package, wherever the repository was moved to since the build.
pub fn root() -> Result<PathBuf> {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let root = Path::new(&manifest).parent().context("xtask has no folder above it")?;
    anyhow::ensure!(
        root.join("Cargo.toml").is_file(),
        "no Cargo.toml in {}: run this as `cargo xtask` inside the repository",
        root.display()
    );
    Ok(root.to_path_buf())
}

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct Source {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Every file with one of these extensions, in the order of their paths; build output and hidden folders are left out.
pub fn sources(root: &Path, extensions: &[&str]) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    collect(root, "", extensions, &mut sources)?;
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

fn collect(folder: &Path, prefix: &str, extensions: &[&str], into: &mut Vec<Source>) -> Result<()> {
    let reading = || format!("reading {}", folder.display());
    for entry in fs::read_dir(folder).with_context(reading)? {
        let entry = entry.with_context(reading)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type().with_context(reading)?.is_dir() {
            let generated = ["target", "reports"].contains(&name.as_str()) || name.starts_with('.');
            if !generated {
                collect(&entry.path(), &format!("{path}/"), extensions, into)?;
            }
        } else if extensions.iter().any(|extension| name.ends_with(&format!(".{extension}"))) {
            let text = fs::read_to_string(entry.path()).with_context(|| format!("reading {path}"))?;
            into.push(Source { path, text });
        }
    }
    Ok(())
}
