//! The list of what Keras has: read, checked against sources and tests, and written as tables.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::tidy::Fault;

const LIST: &str = "xtask/src/parity/items.toml";

/// The whole list.
#[derive(Deserialize)]
pub struct List {
    pub kind: Vec<Kind>,
}

/// Items that are tested in one way.
#[derive(Deserialize)]
pub struct Kind {
    pub title: String,
    /// The folder, or file, where they are.
    sources: String,
    /// `path::function`, for all that do not say otherwise.
    #[serde(default)]
    test: String,
    /// The numbers from Keras that the test reads.
    cases: Option<String>,
    /// What finds them by name: see the tests of this module.
    #[cfg_attr(not(test), expect(dead_code))]
    pub registry: Option<String>,
    pub items: Vec<Item>,
    /// What comes later, by name.
    #[serde(default)]
    later: Vec<String>,
}

/// One thing that Keras has.
#[derive(Deserialize)]
pub struct Item {
    /// Keras' name.
    pub name: String,
    /// Its file within the kind's folder, if it has one of its own; none: it is not there yet.
    file: Option<String>,
    /// What it is called in the file, if not by Keras' name.
    pub defines: Option<String>,
    /// Its own test.
    test: Option<String>,
    /// Its case in the numbers from Keras, which is then checked to be there.
    pub case: Option<String>,
}

pub fn list(root: &Path) -> Result<List> {
    let text = fs::read_to_string(root.join(LIST)).with_context(|| format!("reading {LIST}"))?;
    toml::from_str(&text).with_context(|| format!("reading {LIST}"))
}

/// The tables, and what is wrong with the list.
pub fn section(root: &Path) -> Result<(String, Vec<Fault>)> {
    let (mut text, mut faults) = (String::new(), Vec::new());
    let list = list(root)?;
    let all = list.kind.iter().map(|kind| kind.items.len()).sum::<usize>();
    let done = list.kind.iter().flat_map(|kind| &kind.items).filter(|item| item.file.is_some()).count();
    writeln!(text, "{done} of {all} items.")?;
    for kind in &list.kind {
        writeln!(text, "\n## {}\n\n| | item | file | test |\n| --- | --- | --- | --- |", kind.title)?;
        for item in &kind.items {
            let Some(file) = &item.file else {
                writeln!(text, "| | {} | | |", item.name)?;
                continue;
            };
            let path = format!("{}{file}", kind.sources);
            let test = item.test.as_deref().unwrap_or(&kind.test);
            let mut wrong = Vec::new();
            wrong.extend(definition(root, &path, item.defines.as_deref().unwrap_or(&item.name)));
            wrong.extend(self::test(root, test));
            if let (Some(case), Some(cases)) = (&item.case, &kind.cases) {
                wrong.extend(self::case(root, cases, case));
            }
            let tick = if wrong.is_empty() { "✓" } else { "" };
            faults.extend(wrong.into_iter().map(|wrong| Fault::new(LIST, 1, format!("{}: {wrong}", item.name))));
            let (test_file, function) = test.split_once("::").unwrap_or((test, ""));
            let case = item.case.as_ref().map_or_else(String::new, |case| format!(", `{case}`"));
            writeln!(
                text,
                "| {tick} | {} | [{}](../{path}) | [{}](../{test_file}){case} |",
                item.name,
                path.rsplit('/').next().unwrap_or(&path),
                function.replace('_', " ")
            )?;
        }
        if !kind.later.is_empty() {
            writeln!(text, "\nLater: {}.", kind.later.join(", "))?;
        }
    }
    Ok((text, faults))
}

/// What is wrong if the file is not there or does not define the name, as type, function, field or entry of a list.
fn definition(root: &Path, path: &str, name: &str) -> Option<String> {
    let Ok(text) = fs::read_to_string(root.join(path)) else { return Some(format!("{path} is not there")) };
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    let wanted = plain(name);
    let defines = |line: &str| {
        let words = line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        let named = words
            .windows(2)
            .any(|pair| ["struct", "enum", "trait", "fn", "type"].contains(&pair[0]) && plain(pair[1]) == wanted);
        named || line.trim_start().starts_with(&format!("(\"{name}\""))
    };
    let found = text.lines().filter(|line| !line.trim_start().starts_with("//")).any(defines);
    (!found).then(|| format!("{path} defines no {name}"))
}

/// What is wrong if the test `path::function` is not there.
pub fn test(root: &Path, test: &str) -> Option<String> {
    let Some((path, function)) = test.split_once("::") else { return Some(format!("{test:?} is no path::function")) };
    let Ok(text) = fs::read_to_string(root.join(path)) else { return Some(format!("{path} is not there")) };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_test = |at: usize| {
        let start = lines[at].strip_prefix("fn ").or_else(|| lines[at].strip_prefix("pub fn "));
        let named = start.and_then(|rest| rest.strip_prefix(function)).is_some_and(|rest| rest.starts_with('('));
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with('#') || line.starts_with("//"));
        named && above.into_iter().any(|line| *line == "#[test]")
    };
    // A macro makes one test of each example from a list of their names.
    let listed = path.ends_with("/examples.rs") && lines.contains(&function);
    let found = listed || (0..lines.len()).any(is_test);
    (!found).then(|| format!("{path} has no test {function}"))
}

/// What is wrong if the numbers from Keras have no such case: a field of a line that is it, or starts with it as a word.
fn case(root: &Path, path: &str, case: &str) -> Option<String> {
    let Ok(text) = fs::read_to_string(root.join(path)) else { return Some(format!("{path} is not there")) };
    let is_it = |field: &str| field.strip_prefix(case).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let found = text.lines().any(|line| line.split('|').any(|field| is_it(field.trim())));
    (!found).then(|| format!("{path} has no case {case}"))
}
