//! The blocks of Keras' guides: which example shows each, and how long the two are.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::{items, lines};
use crate::repository;
use crate::tidy::Fault;

const LIST: &str = "xtask/src/parity/guides.toml";
const EXAMPLES: &str = "crates/crisol/examples/";
const TEST: &str = "crates/crisol/tests/examples.rs";

#[derive(Deserialize, Serialize)]
struct Guides {
    block: Vec<Block>,
}

/// A block of code in a guide.
#[derive(Deserialize, Serialize)]
struct Block {
    /// The guide and the number of the block in it.
    name: String,
    shows: String,
    /// Lines of Python; none: it repeats or prints part of another block.
    #[serde(skip_serializing_if = "Option::is_none")]
    lines: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<String>,
    /// Why it has no example yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    later: Option<String>,
}

/// The table, and what is wrong: marks of unknown blocks, examples that no test runs.
pub fn section(root: &Path) -> Result<(String, Vec<Fault>)> {
    let guides = list(root)?;
    let (shown, mut faults) = examples(root)?;
    for (name, (file, _)) in &shown {
        if !guides.block.iter().any(|block| block.name == *name) {
            faults.push(Fault::new(format!("{EXAMPLES}{file}.rs"), 1, format!("{LIST} has no block {name}")));
        }
    }
    let mut text = format!(
        "## The guides' examples\n\nEvery block of Keras' guides to customisation has its part of an example, between `// [name]` and `// [end]`, \
         which the tests run. {} An example may have a third more lines than the Python.\n\n\
         | | block | shows | Python | Rust | example |\n| --- | --- | --- | --- | --- | --- |\n",
        lines::RULE
    );
    for block in &guides.block {
        let Block { name, shows, .. } = block;
        if let Some(why) = &block.later {
            writeln!(text, "| | {name} | {shows} | | | {why} |")?;
            continue;
        }
        if let Some(whole) = &block.part_of {
            writeln!(text, "| | {name} | {shows} | | | part of {whole} |")?;
            continue;
        }
        let python = block.lines.unwrap_or(0);
        match shown.get(name) {
            None => writeln!(text, "| | {name} | {shows} | {python} | | |")?,
            Some((file, rust)) => {
                let test = items::test(root, &format!("{TEST}::{file}"));
                let tick = if 3 * rust <= 4 * python && test.is_none() { "✓" } else { "" };
                faults.extend(test.map(|wrong| Fault::new(LIST, 1, format!("{name}: {wrong}"))));
                writeln!(text, "| {tick} | {name} | {shows} | {python} | {rust} | [{file}](../{EXAMPLES}{file}.rs) |")?;
            }
        }
    }
    Ok((text, faults))
}

/// Writes the lengths of the Python blocks in a folder into the list.
pub fn count(root: &Path, folder: &Path) -> Result<()> {
    let mut guides = list(root)?;
    for block in &mut guides.block {
        if block.part_of.is_none() && block.later.is_none() {
            let path = folder.join(format!("{}.py", block.name));
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            block.lines = Some(lines::count(&text));
        }
    }
    let header = "# The blocks of Keras' guides, by guide and number, and their lines by the rule in lines.rs: `cargo xtask parity --python FOLDER`\n\
                  # counts them anew.\n\n";
    fs::write(root.join(LIST), format!("{header}{}", toml::to_string(&guides)?))
        .with_context(|| format!("writing {LIST}"))
}

fn list(root: &Path) -> Result<Guides> {
    let text = fs::read_to_string(root.join(LIST)).with_context(|| format!("reading {LIST}"))?;
    toml::from_str(&text).with_context(|| format!("reading {LIST}"))
}

/// By block, the file that shows it, and how many lines of code all its parts have.
type Shown = BTreeMap<String, (String, usize)>;

/// The marked parts of all examples.
fn examples(root: &Path) -> Result<(Shown, Vec<Fault>)> {
    let (mut shown, mut faults) = (Shown::new(), Vec::new());
    for source in repository::sources(&root.join(EXAMPLES), &["rs"])? {
        let file = source.path.trim_end_matches(".rs");
        let mut open: Option<(&str, String)> = None;
        for (at, line) in source.text.lines().enumerate() {
            let mark = line.trim().strip_prefix("// [").and_then(|rest| rest.strip_suffix(']'));
            if let Some(mark) = mark {
                if let Some((name, text)) = open.take() {
                    shown.entry(name.to_owned()).or_insert((file.to_owned(), 0)).1 += lines::count(&text);
                }
                open = (mark != "end").then(|| (mark, String::new()));
            } else if let Some((_, text)) = &mut open {
                text.push_str(line);
                text.push('\n');
            }
            if at + 1 == source.text.lines().count() && open.is_some() {
                faults.push(Fault::new(format!("{EXAMPLES}{file}.rs"), at + 1, "a marked part has no `// [end]`"));
            }
        }
    }
    Ok((shown, faults))
}
