//! What a source file must look like: a header, a size, no leftovers.

use super::Fault;
use crate::repository::Source;

/// What a file may be at most, tests included.
const MOST_LINES: usize = 400;

/// Files that may be longer, and why: (path, reason).
pub const LONG_FILES: &[(&str, &str)] =
    &[("crates/crisol-layers/tests/network.rs", "one list of what networks promise; tests are read one by one")];

/// Words that say "not finished". Put together here, so that this list does not find itself.
const MARKERS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("db", "g!"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
    concat!("#[ig", "nore"),
];

/// Every file opens by telling what lives there.
pub fn headers(sources: &[Source]) -> Vec<Fault> {
    sources
        .iter()
        .filter_map(|source| {
            let first = source.text.lines().next().unwrap_or_default().trim();
            let opens = first.starts_with("//!") || first.starts_with("#![doc = include_str!(");
            let message = "the file must open with `//!` telling what lives there";
            (!opens).then(|| Fault::new(&source.path, 1, message))
        })
        .collect()
}

/// No file is longer than [`MOST_LINES`], unless it is in the list, and every file of the list needs to be there.
pub fn sizes(sources: &[Source], exceptions: &[(&str, &str)]) -> Vec<Fault> {
    let length = |source: &Source| source.text.lines().count();
    let mut faults = Vec::new();
    for source in sources {
        let lines = length(source);
        if lines > MOST_LINES && !exceptions.iter().any(|(path, _)| *path == source.path) {
            let message = format!("{lines} lines, at most {MOST_LINES}: split it where a reader would");
            faults.push(Fault::new(&source.path, MOST_LINES + 1, message));
        }
    }
    for (path, reason) in exceptions {
        let message = match sources.iter().find(|source| source.path == *path) {
            _ if reason.trim().is_empty() => "its exception from the size limit has no reason",
            None => "has an exception from the size limit and does not exist: remove the exception",
            Some(source) if length(source) <= MOST_LINES => {
                "has an exception from the size limit and does not need it: remove the exception"
            }
            Some(_) => continue,
        };
        faults.push(Fault::new(*path, 1, message));
    }
    faults
}

/// Nothing unfinished is left behind, in code or prose.
pub fn markers<'a>(sources: impl Iterator<Item = &'a Source>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for source in sources {
        for (index, line) in source.text.lines().enumerate() {
            for marker in MARKERS {
                if has_word(line, marker) {
                    let message = format!("`{marker}` is left behind: finish it, or take it out");
                    faults.push(Fault::new(&source.path, index + 1, message));
                }
            }
        }
    }
    faults
}

/// A library never waives the lints against unwrap and expect; tests need not, clippy.toml allows it there.
pub fn allowed_panics(sources: &[Source]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for source in sources {
        let library = source.path.starts_with("crates/") && source.path.contains("/src/");
        let tests = source.path.ends_with("/tests.rs") || source.path.contains("/tests/");
        if !library || tests {
            continue;
        }
        for (index, line) in source.text.lines().enumerate() {
            let waived = line.contains("allow(") || line.contains("expect(clippy");
            if waived && (line.contains("clippy::unwrap_used") || line.contains("clippy::expect_used")) {
                let message = "library code does not waive clippy's unwrap_used and expect_used: return an error";
                faults.push(Fault::new(&source.path, index + 1, message));
            }
        }
    }
    faults
}

/// Whether `word` stands in `line` with no letter, digit or underscore against it.
fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        let joined = word.ends_with(part_of_word) && after.is_some_and(part_of_word);
        !(joined || word.starts_with(part_of_word) && before.is_some_and(part_of_word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn headers_open_every_file() {
        let files = [
            source("a.rs", "//! What lives here.\n"),
            source("b.rs", "#![doc = include_str!(\"../README.md\")]\n"),
            source("c.rs", "// A comment.\n//! Too late.\n"),
            source("build.rs", ""),
        ];
        let faults = headers(&files);
        assert_eq!(faults.iter().map(|fault| fault.path.as_str()).collect::<Vec<_>>(), ["c.rs", "build.rs"]);
        assert!(faults[0].to_string().starts_with("c.rs:1: "));
    }

    #[test]
    fn sizes_have_a_limit_and_exceptions_a_need() {
        let long = source("long.rs", &"x\n".repeat(401));
        let full = source("full.rs", &"x\n".repeat(400));
        let files = [long, full];
        let faults = sizes(&files, &[]);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].to_string().starts_with("long.rs:401: 401 lines, at most 400"), "{}", faults[0]);
        assert!(sizes(&files, &[("long.rs", "one table")]).is_empty());
        let stale = sizes(&files, &[("long.rs", "one table"), ("full.rs", "was long"), ("gone.rs", "was there")]);
        let messages: Vec<String> = stale.iter().map(Fault::to_string).collect();
        assert_eq!(messages.len(), 2);
        assert!(messages[0].starts_with("full.rs:1: ") && messages[0].contains("does not need it"));
        assert!(messages[1].starts_with("gone.rs:1: ") && messages[1].contains("does not exist"));
        assert!(sizes(&files, &[("long.rs", " ")])[0].message.contains("no reason"));
    }

    #[test]
    fn every_marker_is_found_and_lookalikes_are_not() {
        for marker in MARKERS {
            let text = format!("//! Fine.\n    {marker} later\n");
            let faults = markers([source("a.rs", &text)].iter());
            assert_eq!(faults.len(), 1, "{marker}");
            assert_eq!(faults[0].line, 2);
        }
        let fine = [source("a.rs", "let mut todos = fixmes; MASTODON; a_dbg!(); todo_list!();")];
        assert!(markers(fine.iter()).is_empty());
    }

    #[test]
    fn libraries_do_not_waive_the_lints() {
        let waiver = "#![allow(clippy::unwrap_used)]\n";
        let files = [
            source("crates/a/src/lib.rs", waiver),
            source("crates/a/src/lib/tests.rs", waiver),
            source("crates/a/tests/it.rs", waiver),
            source("xtask/src/main.rs", waiver),
        ];
        let faults = allowed_panics(&files);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].path, "crates/a/src/lib.rs");
    }
}
