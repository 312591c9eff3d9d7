//! What a manifest must say: enough to be published, and that the workspace's lints hold.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};

use super::Fault;

/// A package of the workspace.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    /// The manifest's path, relative to the root.
    pub manifest: String,
    /// The manifest's text, to find lines in.
    pub text: String,
    pub published: bool,
    pub description: bool,
    pub keywords: bool,
    pub license: bool,
    /// Whether README.md is there.
    pub readme: bool,
    /// Whether `[lints] workspace = true`.
    pub lints: bool,
    pub dependencies: Vec<Dependency>,
}

#[derive(Clone, Debug)]
pub struct Dependency {
    pub name: String,
    /// Only for tests, examples and benchmarks.
    pub development: bool,
    pub optional: bool,
    /// A path, and no version beside it: crates.io would refuse it.
    pub path_only: bool,
}

impl Member {
    /// The dependencies that users get.
    pub fn shipped(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|dependency| !dependency.development)
    }

    /// The first line that starts with a dependency's name, or 1.
    pub fn line_of(&self, dependency: &str) -> usize {
        let names = |line: &str| {
            line.trim_start().strip_prefix(dependency).is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        };
        self.text.lines().position(names).map_or(1, |index| index + 1)
    }

    /// A faultless package with these (name, optional) dependencies, the first of them on line 3.
    #[cfg(test)]
    pub fn fixture(name: &str, dependencies: &[(&str, bool)]) -> Self {
        let lines: Vec<String> = dependencies.iter().map(|(name, _)| format!("{name}.workspace = true")).collect();
        Self {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            text: format!("[package]\n[dependencies]\n{}\n", lines.join("\n")),
            published: true,
            description: true,
            keywords: true,
            license: true,
            readme: true,
            lints: true,
            dependencies: dependencies
                .iter()
                .map(|(name, optional)| Dependency {
                    name: (*name).to_owned(),
                    development: false,
                    optional: *optional,
                    path_only: false,
                })
                .collect(),
        }
    }
}

/// The members, from `cargo metadata` and their manifests.
pub fn members(root: &Path) -> Result<Vec<Member>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .exec()
        .context("asking cargo metadata")?;
    let mut members = Vec::new();
    for package in metadata.workspace_packages() {
        let path = package.manifest_path.as_std_path();
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let parsed: toml::Table = text.parse().with_context(|| format!("reading {}", path.display()))?;
        let lints = parsed.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        let relative = path.strip_prefix(root).unwrap_or(path);
        members.push(Member {
            name: package.name.to_string(),
            manifest: relative.to_string_lossy().replace('\\', "/"),
            published: package.publish.as_ref().is_none_or(|registries| !registries.is_empty()),
            description: package.description.as_ref().is_some_and(|text| !text.trim().is_empty()),
            keywords: !package.keywords.is_empty(),
            license: package.license.is_some(),
            readme: path.with_file_name("README.md").is_file(),
            lints: lints == Some(true),
            dependencies: package
                .dependencies
                .iter()
                .map(|dependency| Dependency {
                    name: dependency.name.clone(),
                    development: dependency.kind == DependencyKind::Development,
                    optional: dependency.optional,
                    path_only: dependency.path.is_some() && dependency.req.comparators.is_empty(),
                })
                .collect(),
            text,
        });
    }
    Ok(members)
}

pub fn check(members: &[Member]) -> Vec<Fault> {
    members.iter().flat_map(member).collect()
}

fn member(member: &Member) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut require = |there: bool, message: &str| {
        if !there {
            faults.push(Fault::new(&member.manifest, 1, message));
        }
    };
    require(member.lints, "`[lints] workspace = true` is missing");
    require(member.license, "no license: inherit it with `license.workspace = true`");
    if member.published {
        require(member.description, "no description, which crates.io shows and requires");
        require(member.keywords, "no keywords: nobody will find it");
        require(member.readme, "no README.md beside it");
    }
    for dependency in &member.dependencies {
        if member.published && dependency.path_only {
            let message = format!(
                "`{}` has a path and no version: it could not be published; write `{}.workspace = true`",
                dependency.name, dependency.name
            );
            faults.push(Fault::new(&member.manifest, member.line_of(&dependency.name), message));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_manifest_has_no_fault() {
        assert!(member(&Member::fixture("crisol-ops", &[("crisol-ir", false)])).is_empty());
    }

    type Gap = (fn(&mut Member), &'static str);

    #[test]
    fn each_gap_is_a_fault() {
        let gaps: [Gap; 6] = [
            (|member| member.lints = false, "`[lints] workspace = true` is missing"),
            (|member| member.license = false, "no license"),
            (|member| member.description = false, "no description"),
            (|member| member.keywords = false, "no keywords"),
            (|member| member.readme = false, "no README.md"),
            (|member| member.dependencies[0].path_only = true, "a path and no version"),
        ];
        for (make, expected) in gaps {
            let mut broken = Member::fixture("crisol-ops", &[("crisol-ir", false)]);
            make(&mut broken);
            let faults = member(&broken);
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].message.contains(expected), "{faults:?}");
        }
    }

    #[test]
    fn what_is_not_published_needs_no_shop_window() {
        let mut tool = Member::fixture("xtask", &[("crisol-ir", false)]);
        tool.published = false;
        tool.description = false;
        tool.keywords = false;
        tool.readme = false;
        tool.dependencies[0].path_only = true;
        assert!(member(&tool).is_empty());
    }

    #[test]
    fn lines_are_found_by_the_whole_name() {
        let member = Member::fixture("crisol-train", &[("crisol-plot-extra", false), ("crisol-plot", false)]);
        assert_eq!(member.line_of("crisol-plot"), 4);
        assert_eq!(member.line_of("absent"), 1);
    }

    #[test]
    fn cargo_metadata_is_read_as_cargo_means_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"low\", \"high\"]\n[workspace.lints]\n[workspace.dependencies]\nlow = { path = \"low\", version = \"0.1\" }\n",
        );
        write(
            "low/Cargo.toml",
            "[package]\nname = \"low\"\nversion = \"0.1.0\"\ndescription = \"d\"\nkeywords = [\"k\"]\nlicense = \"MIT\"\n[lints]\nworkspace = true\n",
        );
        write("low/src/lib.rs", "");
        write("low/README.md", "# low");
        write(
            "high/Cargo.toml",
            "[package]\nname = \"high\"\nversion = \"0.1.0\"\n[dependencies]\nlow = { path = \"../low\", optional = true }\n[dev-dependencies]\nlow.workspace = true\n",
        );
        write("high/src/lib.rs", "");
        let members = members(folder.path()).unwrap();
        let low = members.iter().find(|member| member.name == "low").unwrap();
        assert!(low.published && low.description && low.keywords && low.license && low.readme && low.lints);
        assert_eq!(low.manifest, "low/Cargo.toml");
        let high = members.iter().find(|member| member.name == "high").unwrap();
        assert!(!high.description && !high.readme && !high.lints);
        let shipped: Vec<_> = high.shipped().collect();
        assert_eq!(shipped.len(), 1);
        assert!(shipped[0].path_only && shipped[0].optional);
        assert!(high.dependencies.iter().any(|dependency| dependency.development && !dependency.path_only));
    }
}
