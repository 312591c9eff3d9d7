//! `cargo xtask parity`: writes `docs/parity.md`, what Keras has and where it is here, with the test that holds it to Keras.
//!
//! The list is `items.toml`, the guides' examples and the lengths of their Python are `guides.toml`. Nothing is ticked on trust: a file must be
//! there and define the item, a test must be there, and so must the case in the numbers from Keras that it reads.

mod guides;
mod items;
mod lines;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::tidy::Fault;

/// Where the page is.
const PAGE: &str = "docs/parity.md";

/// Writes docs/parity.md from the list of what Keras has, the sources and the tests.
#[derive(Args)]
pub struct Parity {
    /// Counts the lines of Python files (`NAME.py`, a guide's block each) into the list of guides first.
    #[arg(long, value_name = "FOLDER")]
    python: Option<PathBuf>,
}

/// Writes the page; prints what is wrong with the list, and fails if anything is.
pub fn run(root: &Path, arguments: &Parity) -> Result<()> {
    if let Some(folder) = &arguments.python {
        guides::count(root, folder)?;
    }
    let (text, faults) = page(root)?;
    fs::write(root.join(PAGE), text).with_context(|| format!("writing {PAGE}"))?;
    faults.iter().for_each(|fault| println!("{fault}"));
    anyhow::ensure!(faults.is_empty(), "parity: {} entries of the list are wrong", faults.len());
    Ok(())
}

/// What `tidy` finds: entries whose file, definition or test is not there, and a page that is not what the sources say.
pub fn check(root: &Path) -> Result<Vec<Fault>> {
    let (text, mut faults) = page(root)?;
    if fs::read_to_string(root.join(PAGE)).unwrap_or_default() != text {
        faults.push(Fault::new(PAGE, 1, "is not what the sources say: run `cargo xtask parity`"));
    }
    Ok(faults)
}

fn page(root: &Path) -> Result<(String, Vec<Fault>)> {
    let (items, mut faults) = items::section(root)?;
    let (guides, more) = guides::section(root)?;
    faults.extend(more);
    let text = format!(
        "# Parity with Keras\n\nWritten by `cargo xtask parity`; `cargo xtask tidy` fails when it is stale. The list is Keras 3.15's, without what \
         belongs to images and text before the network. A tick means that the item is in the file named, and that the test named holds it \
         to Keras (or, where Keras leaves it to chance or to the terminal, to what its documentation says). What has no tick is not there yet, or has no such test.\n\n{items}\n{guides}"
    );
    Ok((text, faults))
}
