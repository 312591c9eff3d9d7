//! Links between Markdown files lead somewhere: the file is there, and so is the heading.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::Fault;
use crate::repository::Source;

/// Checks every relative link and image of the `.md` files among `sources`.
pub fn check(root: &Path, sources: &[Source]) -> Vec<Fault> {
    let mut headings: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| source.path.ends_with(".md")) {
        for (line, target) in links(&source.text) {
            if let Some(message) = fault(root, &source.path, &target, &mut headings) {
                faults.push(Fault::new(&source.path, line, message));
            }
        }
    }
    faults
}

fn fault(root: &Path, from: &str, target: &str, headings: &mut BTreeMap<PathBuf, Vec<String>>) -> Option<String> {
    // An address with a scheme is the web's business.
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let file = file.replace("%20", " ");
    let path = if file.is_empty() {
        PathBuf::from(from)
    } else {
        Path::new(from).parent().unwrap_or(Path::new("")).join(&file)
    };
    let Some(path) = normal(&path) else {
        return Some(format!("the link `{target}` leaves the repository"));
    };
    if !root.join(&path).exists() {
        return Some(format!("the link `{target}` leads to {}, which is not there", path.display()));
    }
    if anchor.is_empty() || path.extension().is_none_or(|extension| extension != "md") {
        return None;
    }
    let known = headings.entry(path.clone()).or_insert_with(|| {
        let text = fs::read_to_string(root.join(&path)).unwrap_or_default();
        anchors(&text)
    });
    (!known.iter().any(|heading| heading == anchor))
        .then(|| format!("the link `{target}`: {} has no heading `#{anchor}`", path.display()))
}

/// Targets of links and images with their lines.
fn links(markdown: &str) -> Vec<(usize, String)> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
        .into_offset_iter()
        .filter_map(|(event, range)| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                let line = markdown[..range.start].matches('\n').count() + 1;
                Some((line, dest_url.to_string()))
            }
            _ => None,
        })
        .collect()
}

/// The headings as GitHub names them: lower case, words joined by `-`, signs dropped, a number behind a repeated one.
fn anchors(markdown: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let slug: String = heading
                    .take()
                    .unwrap_or_default()
                    .to_lowercase()
                    .chars()
                    .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c))
                    .map(|c| if c == ' ' { '-' } else { c })
                    .collect();
                let unique = (0..)
                    .map(|count| if count == 0 { slug.clone() } else { format!("{slug}-{count}") })
                    .find(|candidate| !anchors.contains(candidate));
                anchors.extend(unique);
            }
            _ => {}
        }
    }
    anchors
}

/// The path without `.` and `..`; `None` when it leaves the root.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(part) => normal.push(part),
            Component::CurDir => {}
            Component::ParentDir => {
                if !normal.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(page: &str) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("docs")).unwrap();
        fs::write(root.path().join("README.md"), "# Hello, `World`!\n\n## Twice\n\n## Twice\n").unwrap();
        let source = Source { path: "docs/page.md".to_owned(), text: page.to_owned() };
        fs::write(root.path().join(&source.path), page).unwrap();
        check(root.path(), &[source]).iter().map(Fault::to_string).collect()
    }

    #[test]
    fn links_that_lead_somewhere_are_fine() {
        let page = "# Here\n[a](../README.md) [b](../README.md#hello-world) [c](#here) [d](https://x.org/y.md)\n\
                    [e](../docs) ![f](page.md) [g](../README.md#twice-1) [h]\n\n[h]: ../README.md\n\n\
                    `[code](gone.md)`\n\n```\n[block](gone.md)\n```\n";
        assert_eq!(faults(page), Vec::<String>::new());
    }

    #[test]
    fn links_that_do_not_are_named_with_their_line() {
        let found = faults("# Here\n\n[a](gone.md)\n\n[b](../README.md#bye)\n\n[c](../../etc/passwd)\n\n![d](p.png)\n");
        assert_eq!(
            found,
            [
                "docs/page.md:3: the link `gone.md` leads to docs/gone.md, which is not there",
                "docs/page.md:5: the link `../README.md#bye`: README.md has no heading `#bye`",
                "docs/page.md:7: the link `../../etc/passwd` leaves the repository",
                "docs/page.md:9: the link `p.png` leads to docs/p.png, which is not there",
            ]
        );
    }
}
