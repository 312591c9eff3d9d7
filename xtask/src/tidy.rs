//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! Each rule is a function from what it looks at to faults, and has small trees with one fault each as tests.

mod crates;
mod links;
mod manifests;
mod sources;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::{parity, repository};

/// One place that breaks one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Relative to the root, with `/`.
    path: String,
    /// Counted from 1.
    line: usize,
    /// What is wrong and what to do.
    message: String,
}

impl Fault {
    /// What is wrong at a line.
    pub fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

/// Prints every fault; an error when there is one.
pub fn run(root: &Path) -> Result<()> {
    let faults = check(root)?;
    for fault in &faults {
        println!("{fault}");
    }
    match faults.len() {
        0 => Ok(()),
        1 => bail!("tidy: 1 fault"),
        count => bail!("tidy: {count} faults"),
    }
}

fn check(root: &Path) -> Result<Vec<Fault>> {
    let members = manifests::members(root)?;
    let rust = repository::sources(root, &["rs"])?;
    let prose = repository::sources(root, &["md", "toml"])?;
    let mut faults = crates::check(&members);
    faults.extend(manifests::check(&members));
    faults.extend(sources::headers(&rust));
    faults.extend(sources::sizes(&rust, sources::LONG_FILES));
    faults.extend(sources::markers(rust.iter().chain(&prose)));
    faults.extend(sources::allowed_panics(&rust));
    faults.extend(links::check(root, &prose));
    faults.extend(parity::check(root)?);
    faults.sort();
    Ok(faults)
}
