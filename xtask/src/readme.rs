//! Commands that the README promises, read from the README, so that the two cannot drift apart.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// The one command in the README's code blocks that starts with `cargo test`, as words.
pub fn test_command(root: &Path) -> Result<Vec<String>> {
    let path = root.join("README.md");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    command(&text, "cargo test")
}

fn command(markdown: &str, start: &str) -> Result<Vec<String>> {
    let mut found: Vec<Vec<String>> = commands(markdown)
        .into_iter()
        .filter(|line| line == start || line.starts_with(&format!("{start} ")))
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect();
    found.dedup();
    match (found.pop(), found.len()) {
        (Some(words), 0) => Ok(words),
        (None, _) => bail!("README.md: no code block has a line that starts with `{start}`"),
        (Some(_), _) => {
            bail!("README.md: several different lines start with `{start}`, expected one")
        }
    }
}

/// The lines of all code blocks, without a prompt and without a comment behind the command.
fn commands(markdown: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside = false;
    for event in Parser::new(markdown) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => inside = true,
            Event::End(TagEnd::CodeBlock) => inside = false,
            Event::Text(text) if inside => lines.extend(text.lines().map(|line| {
                let line = line.trim();
                let line = line.strip_prefix("$ ").unwrap_or(line);
                line.split(" #").next().unwrap_or_default().trim_end().to_owned()
            })),
            _ => {}
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_found_with_prompt_or_comment() {
        for block in ["cargo test --workspace", "$ cargo test --workspace", "cargo test --workspace   # all"] {
            let text = format!("# x\n\nRun `cargo test -p y` first.\n\n```console\ncargo build\n{block}\n```\n");
            assert_eq!(command(&text, "cargo test").unwrap(), ["cargo", "test", "--workspace"]);
        }
    }

    #[test]
    fn none_or_two_different_ones_are_errors() {
        let none = command("Run `cargo test`.", "cargo test").unwrap_err().to_string();
        assert!(none.contains("no code block"), "{none}");
        let two = command("```\ncargo test\n```\n\n```\ncargo test --all\n```\n", "cargo test").unwrap_err();
        assert!(two.to_string().contains("several"), "{two}");
        assert!(command("```\ncargo test\n```\n\n```\ncargo test\n```\n", "cargo test").is_ok());
        assert!(command("```\ncargo testify\n```\n", "cargo test").is_err());
    }
}
