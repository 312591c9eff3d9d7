//! Who may depend on whom, as one table.

use super::Fault;
use super::manifests::{Dependency, Member};

/// Every package of the workspace and our own crates that it may use outside its tests.
///
/// Siblings never name one another, and nothing points upward. `jit` and `kernels` are `plan`'s business. A
/// `?` behind a name: only as an optional dependency. Whoever adds a line here changes the architecture:
/// the picture in ARCHITECTURE.md must follow.
const TABLE: &[(&str, Uses)] = &[
    ("crisol-ir", Uses::Only(&[])),
    ("crisol-ops", Uses::Only(&["crisol-ir"])),
    ("crisol-jit", Uses::Only(&["crisol-ir"])),
    ("crisol-kernels", Uses::Only(&["crisol-ir"])),
    ("crisol-plan", Uses::Only(&["crisol-ir", "crisol-ops", "crisol-kernels", "crisol-jit?"])),
    ("crisol-tensor", Uses::Only(&["crisol-ir", "crisol-ops", "crisol-plan"])),
    ("crisol-autograd", Uses::Only(BELOW_AUTOGRAD)),
    ("crisol-params", Uses::Only(BELOW_AUTOGRAD)),
    ("crisol-layers", Uses::Only(BELOW_LAYERS)),
    ("crisol-losses", Uses::Only(BELOW_LAYERS)),
    ("crisol-metrics", Uses::Only(BELOW_LAYERS)),
    ("crisol-optim", Uses::Only(BELOW_LAYERS)),
    // Checks what users write on layers and optimizers; models need none of it.
    (
        "crisol-testing",
        Uses::Only(&["crisol-tensor", "crisol-autograd", "crisol-params", "crisol-layers", "crisol-optim"]),
    ),
    // Acts on a trait of its own: it knows errors, and neither tensors nor models.
    ("crisol-callbacks", Uses::Only(&["crisol-ir"])),
    // Yields ndarray batches: of use to any training loop.
    // The error, into which theirs converts, so that `?` works across crates.
    ("crisol-data", Uses::Only(&["crisol-ir"])),
    (
        "crisol-train",
        Uses::Only(&[
            "crisol-ir",
            "crisol-ops",
            "crisol-plan",
            "crisol-tensor",
            "crisol-autograd",
            "crisol-params",
            "crisol-layers",
            "crisol-losses",
            "crisol-metrics",
            "crisol-optim",
            "crisol-callbacks",
            "crisol-data",
            // `History::plot`.
            "crisol-plot?",
        ]),
    ),
    ("crisol-plot", Uses::Only(&["crisol-ir"])),
    ("crisol-study", Uses::Only(&["crisol-plot"])),
    ("crisol", Uses::Anything),
    ("crisol-benches", Uses::Anything),
    ("crisol-fuzz", Uses::Anything),
    ("xtask", Uses::Anything),
];

const BELOW_AUTOGRAD: &[&str] = &["crisol-ir", "crisol-ops", "crisol-plan", "crisol-tensor"];

const BELOW_LAYERS: &[&str] =
    &["crisol-ir", "crisol-ops", "crisol-plan", "crisol-tensor", "crisol-autograd", "crisol-params"];

/// Foreign crates that one crate of ours keeps from the others, by the start of their names.
const KEPT: &[(&str, &str)] = &[("cranelift", "crisol-jit"), ("plotters", "crisol-plot")];

/// Foreign crates that at most one crate of ours names.
const IN_ONE_PLACE: &[&str] = &["safetensors", "rawzip"];

#[derive(Clone, Copy)]
enum Uses {
    Only(&'static [&'static str]),
    Anything,
}

pub fn check(members: &[Member]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, _) in TABLE {
        if !members.iter().any(|member| member.name == *name) {
            let message = format!("the crate table names `{name}`, which is no member: remove the line");
            faults.push(Fault::new("Cargo.toml", 1, message));
        }
    }
    for member in members {
        match TABLE.iter().find(|(name, _)| *name == member.name) {
            None => {
                let message = format!(
                    "`{}` is missing from the crate table in xtask/src/tidy/crates.rs: say there what it may use",
                    member.name
                );
                faults.push(Fault::new(&member.manifest, 1, message));
            }
            Some((_, uses)) => faults.extend(upward(member, *uses, members)),
        }
        faults.extend(kept(member));
    }
    for package in IN_ONE_PLACE {
        let users: Vec<&Member> =
            members.iter().filter(|member| member.shipped().any(|dependency| dependency.name == *package)).collect();
        for user in users.iter().skip(1) {
            let message = format!("`{package}` belongs in one crate, and `{}` has it already", users[0].name);
            faults.push(Fault::new(&user.manifest, user.line_of(package), message));
        }
    }
    faults
}

fn upward(member: &Member, uses: Uses, members: &[Member]) -> Vec<Fault> {
    let Uses::Only(allowed) = uses else {
        return Vec::new();
    };
    let own = |dependency: &&Dependency| members.iter().any(|other| other.name == dependency.name);
    member
        .shipped()
        .filter(own)
        .filter_map(|dependency| {
            let name = dependency.name.as_str();
            let message = if allowed.contains(&name) || (dependency.optional && allowed.contains(&&*format!("{name}?")))
            {
                return None;
            } else if allowed.contains(&&*format!("{name}?")) {
                format!("`{}` may use `{name}` only as an optional dependency", member.name)
            } else if allowed.is_empty() {
                format!("`{}` may use none of our crates, and uses `{name}`", member.name)
            } else {
                format!("`{}` may not use `{name}`, only {}", member.name, allowed.join(", "))
            };
            Some(Fault::new(&member.manifest, member.line_of(name), message))
        })
        .collect()
}

fn kept(member: &Member) -> Vec<Fault> {
    member
        .shipped()
        .filter_map(|dependency| {
            let name = &dependency.name;
            let (_, keeper) = KEPT.iter().find(|(start, _)| name.starts_with(start))?;
            (member.name != *keeper).then(|| {
                let message = format!("`{name}` is named by `{keeper}` alone: go through that crate");
                Fault::new(&member.manifest, member.line_of(name), message)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The workspace as the table wants it, with extra dependencies for one member.
    fn members(name: &str, extra: &[(&str, bool)]) -> Vec<Member> {
        TABLE
            .iter()
            .map(|(member, _)| {
                let dependencies: &[(&str, bool)] = if *member == name { extra } else { &[] };
                Member::fixture(member, dependencies)
            })
            .collect()
    }

    fn messages(name: &str, extra: &[(&str, bool)]) -> Vec<String> {
        check(&members(name, extra)).iter().map(Fault::to_string).collect()
    }

    #[test]
    fn what_the_table_allows_is_no_fault() {
        assert!(messages("crisol-ops", &[("crisol-ir", false), ("serde", false)]).is_empty());
        assert!(messages("crisol-plan", &[("crisol-jit", true)]).is_empty());
        assert!(messages("crisol", &[("crisol-study", true), ("crisol-train", false)]).is_empty());
    }

    #[test]
    fn upward_and_sideways_are_faults_with_their_line() {
        assert_eq!(
            messages("crisol-ops", &[("serde", false), ("crisol-tensor", false)]),
            ["crates/crisol-ops/Cargo.toml:4: `crisol-ops` may not use `crisol-tensor`, only crisol-ir"]
        );
        assert_eq!(messages("crisol-layers", &[("crisol-losses", false)]).len(), 1, "siblings never name one another");
        let data = messages("crisol-data", &[("crisol-tensor", false)]);
        assert!(data[0].ends_with("`crisol-data` may not use `crisol-tensor`, only crisol-ir"), "{data:?}");
        let plan = messages("crisol-plan", &[("crisol-jit", false)]);
        assert!(plan[0].contains("only as an optional dependency"), "{plan:?}");
    }

    #[test]
    fn the_compiler_has_one_owner() {
        assert!(messages("crisol-jit", &[("cranelift-jit", false)]).is_empty());
        let faults = messages("crisol-plan", &[("cranelift-codegen", false)]);
        assert!(faults[0].contains("named by `crisol-jit` alone"), "{faults:?}");
    }

    #[test]
    fn archives_have_one_place() {
        let mut members = members("crisol-params", &[("rawzip", false)]);
        assert!(check(&members).is_empty());
        members.retain(|member| member.name != "crisol-train");
        members.push(Member::fixture("crisol-train", &[("rawzip", false)]));
        let faults = check(&members);
        assert_eq!(faults.len(), 1);
        assert!(faults[0].to_string().contains("`crisol-params` has it already"), "{}", faults[0]);
    }

    #[test]
    fn table_and_workspace_have_the_same_members() {
        let mut members = members("", &[]);
        members.retain(|member| member.name != "crisol-ops");
        members.push(Member::fixture("crisol-utils", &[]));
        let faults: Vec<String> = check(&members).iter().map(Fault::to_string).collect();
        assert_eq!(faults.len(), 2);
        assert!(faults[0].contains("names `crisol-ops`, which is no member"), "{faults:?}");
        assert!(faults[1].contains("`crisol-utils` is missing from the crate table"), "{faults:?}");
    }

    #[test]
    fn the_table_points_downward_only() {
        let position = |name: &str| TABLE.iter().position(|(member, _)| *member == name.trim_end_matches('?'));
        for (index, (name, uses)) in TABLE.iter().enumerate() {
            let Uses::Only(allowed) = uses else { continue };
            for used in *allowed {
                let below = position(used).unwrap_or_else(|| panic!("`{used}` is no crate"));
                // Plot stands beside train and uses nothing.
                assert!(below < index || used.starts_with("crisol-plot"), "`{name}` points up to `{used}`");
            }
        }
    }
}
