//! The list against the registries, and the rules on small trees.

use std::fs;
use std::path::Path;

use super::{guides, items, lines};
use crate::repository;

fn plain(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

/// The names that registries know.
fn known(registry: &str) -> Vec<&'static str> {
    match registry {
        "layer" => crisol::layers::Registry::new().names().collect(),
        "loss" => crisol::losses::names().collect(),
        "metric" => crisol::metrics::names().collect(),
        "optimizer" => crisol::optimizers::names().collect(),
        "activation" => crisol::activations::names().collect(),
        "initializer" => crisol::initializers::initializer_names().collect(),
        "regularizer" => crisol::initializers::regularizer_names().collect(),
        "constraint" => crisol::initializers::constraint_names().collect(),
        other => panic!("no registry {other}"),
    }
}

#[test]
fn the_list_has_all_that_the_registries_know() {
    let list = items::list(&repository::root().unwrap()).unwrap();
    let listed: Vec<(&str, String)> = list
        .kind
        .iter()
        .filter_map(|kind| Some((kind.registry.as_deref()?, kind)))
        .flat_map(|(registry, kind)| {
            let names = |item: &items::Item| [Some(item.name.clone()), item.defines.clone(), item.case.clone()];
            kind.items.iter().flat_map(names).flatten().map(move |name| (registry, plain(&name)))
        })
        .collect();
    let mut missing = Vec::new();
    let mut registries: Vec<&str> = listed.iter().map(|(registry, _)| *registry).collect();
    registries.dedup();
    for registry in registries {
        for name in known(registry) {
            // What a network is in a file, and second names of functions.
            if ["Sequential", "Functional", "hard_swish"].contains(&name) {
                continue;
            }
            let found = listed.iter().any(|(of, listed)| *of == registry && *listed == plain(name));
            if !found {
                missing.push(format!("{registry} {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in items.toml: {missing:?}");
}

#[test]
fn lines_are_counted_alike_in_both_languages() {
    let python = "import x\nclass A(B):\n  \"\"\"What it is.\"\"\"\n\n  def f(self):  # says f\n    return g(\n        1,\n    )\nassert len(\n  a\n) == 0\nprint('#', 1)\n";
    assert_eq!(lines::count(python), 4);
    let rust = "use x;\n/// What it is.\n#[derive(Debug)]\nfn f() {\n    g(\n        \"a//b\",\n    );\n}\nassert_eq!(\n    a,\n    0\n);\n";
    assert_eq!(lines::count(rust), 3);
    assert_eq!(lines::count("\"\"\"a\nb\nc\"\"\"\nx = 1\n"), 1);
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_tick_needs_file_definition_test_and_case() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let item = |more: &str| {
        format!(
            "[[kind]]\ntitle = \"T\"\nsources = \"src/\"\ntest = \"tests/t.rs::holds\"\ncases = \"c.txt\"\nitems = [{{ name = \"DeepLayer\", {more} }}]\n"
        )
    };
    write(root, "src/a.rs", "//! DeepLayer\npub struct DeepLayer;\n");
    write(root, "src/b.rs", "// struct DeepLayer\n");
    write(root, "tests/t.rs", "#[test]\nfn holds() {}\nfn helps() {}\n");
    write(root, "c.txt", "case | deep more | 1\n");
    let wrong = |more: &str| {
        write(root, "xtask/src/parity/items.toml", &item(more));
        let (text, faults) = items::section(root).unwrap();
        assert_eq!(text.contains("✓"), faults.is_empty() && more.contains("file"));
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(wrong("file = \"a.rs\", case = \"deep\""), "");
    assert_eq!(wrong(""), "");
    assert!(wrong("file = \"gone.rs\"").contains("src/gone.rs is not there"));
    assert!(wrong("file = \"b.rs\"").contains("src/b.rs defines no DeepLayer"));
    assert!(wrong("file = \"a.rs\", case = \"dee\"").contains("has no case dee"));
    assert!(wrong("file = \"a.rs\", test = \"tests/t.rs::helps\"").contains("has no test helps"));
    assert!(wrong("file = \"a.rs\", test = \"tests/t.rs::hold\"").contains("has no test hold"));
}

#[test]
fn blocks_are_ticked_within_their_limit() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "xtask/src/parity/guides.toml", "[[block]]\nname = \"a-1\"\nshows = \"x\"\nlines = 3\n");
    write(root, "crates/crisol/tests/examples.rs", "run! {\n    one\n}\n");
    let example = |lines: usize| {
        let text = format!("//! One.\n// [a-1]\n{}// [end]\nlet other = 1;\n", "let x = 1;\n".repeat(lines));
        write(root, "crates/crisol/examples/one.rs", &text);
        guides::section(root).unwrap()
    };
    assert!(example(4).0.contains("| ✓ | a-1 | x | 3 | 4 |"));
    assert!(example(5).0.contains("|  | a-1 | x | 3 | 5 |"));
    write(root, "crates/crisol/tests/examples.rs", "");
    assert!(example(4).1[0].to_string().contains("has no test one"));
    write(root, "crates/crisol/examples/one.rs", "// [b-1]\nx\n");
    let faults: Vec<String> = guides::section(root).unwrap().1.iter().map(ToString::to_string).collect();
    assert!(faults.iter().any(|fault| fault.contains("no `// [end]`")), "{faults:?}");
}

#[test]
fn the_page_is_what_the_sources_say() {
    let faults = super::check(&repository::root().unwrap()).unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
}
