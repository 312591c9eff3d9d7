//! `cargo xtask ci`: everything that a change must pass, step by step, each with its minutes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::{readme, tidy};

/// The crates that pass everything without the compiler, on the interpreter of the kernel language.
const WITHOUT_JIT: &[&str] = &[
    "crisol-plan",
    "crisol-tensor",
    "crisol-autograd",
    "crisol-params",
    "crisol-layers",
    "crisol-losses",
    "crisol-metrics",
    "crisol-optim",
    "crisol-train",
];

/// Tests of the crates that choose instructions by processor.
const BY_PROCESSOR: &str = "test --lib --tests --package crisol-kernels --package crisol-jit --package crisol-plan";

/// What keeps the target folder small: hundreds of test programs are linked, each with Cranelift in it, and with debug
/// information and incremental builds they fill a disk. What the caller has set stays.
const SMALL: &[(&str, &str)] =
    &[("CARGO_INCREMENTAL", "0"), ("CARGO_PROFILE_DEV_DEBUG", "false"), ("CARGO_PROFILE_DEV_STRIP", "debuginfo")];

struct Step {
    name: &'static str,
    action: Action,
}

enum Action {
    /// The rules of [`tidy`], in this process.
    Tidy,
    /// A command: the program, then its arguments.
    Run(Vec<String>),
    /// A command with one more variable in its environment.
    With((&'static str, &'static str), Vec<String>),
    /// A command of which the closing lines are counted for the summary.
    Test(Vec<String>),
    /// The same, with one more variable in its environment.
    TestWith((&'static str, &'static str), Vec<String>),
    /// The same, with the README's own test command.
    TestAsPromised,
    /// A script, where Python has a module: what is skipped is said in the summary.
    Python { script: &'static str, module: &'static str },
}

/// All steps, the quick ones first. A new one is a line here.
fn steps() -> Vec<Step> {
    let step = |name, action| Step { name, action };
    let cargo = |arguments: &str| std::iter::once("cargo").chain(arguments.split(' ')).map(str::to_owned).collect();
    let mut without_jit: Vec<String> = cargo("test --no-default-features");
    for name in WITHOUT_JIT {
        without_jit.extend(["--package".to_owned(), (*name).to_owned()]);
    }
    vec![
        step("format", Action::Run(format_command())),
        step("tidy", Action::Tidy),
        step("clippy", Action::Run(cargo("clippy --workspace --all-targets -- -D warnings"))),
        step("docs", Action::With(("RUSTDOCFLAGS", "-D warnings"), cargo("doc --workspace --no-deps --all-features"))),
        step("examples", Action::Run(cargo("build --workspace --examples --benches"))),
        step("jit-off", Action::Test(without_jit)),
        step("test", Action::TestAsPromised),
        step(
            "fuzz",
            Action::TestWith(("CRISOL_FUZZ_CASES", "20000"), cargo("test --package crisol-fuzz --test programs")),
        ),
        // What chooses instructions, as on lesser processors than this one.
        step("sse2", Action::TestWith(("CRISOL_CPU", "baseline"), cargo(BY_PROCESSOR))),
        step("sse4.2", Action::TestWith(("CRISOL_CPU", "sse4.2"), cargo(BY_PROCESSOR))),
        step("avx2", Action::TestWith(("CRISOL_CPU", "avx2"), cargo(BY_PROCESSOR))),
        // Event files, by TensorBoard's own reader.
        step("board", Action::Python { script: "tools/tensorboard/check.py", module: "tensorboard" }),
        // The main job, short: what it learns is not judged here, that it runs from pictures to report is.
        step(
            "study",
            Action::Run(cargo("xtask reproduce-ablation --epochs 2 --image-size 64 --report target/ci-study")),
        ),
    ]
}

/// Runs the steps of these names, or all, and prints how long each took. Stops at the first that fails.
pub fn run(root: &Path, names: &[String], list: bool) -> Result<()> {
    let all = steps();
    let known: Vec<&str> = all.iter().map(|step| step.name).collect();
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("ci has no step `{unknown}`, it has: {}", known.join(", "));
    }
    let chosen = all.into_iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name));
    let mut done = Vec::new();
    for step in chosen {
        if list {
            println!("{:<10} {}", step.name, step.action.describe(root));
            continue;
        }
        println!("\n==> {}: {}", step.name, step.action.describe(root));
        let start = Instant::now();
        let result = step.action.run(root);
        let remark = result.as_ref().map_or_else(|_| "FAILED".to_owned(), Clone::clone);
        done.push((step.name, start.elapsed(), remark));
        if let Err(error) = result {
            print!("{}", summary(&done));
            return Err(error.context(format!("ci: step `{}` failed", step.name)));
        }
    }
    print!("{}", summary(&done));
    Ok(())
}

/// The format step alone, for `cargo xtask tidy`.
pub fn format(root: &Path) -> Result<()> {
    Action::Run(format_command()).run(root).context("the format differs: run `cargo fmt --all`")?;
    Ok(())
}

impl Action {
    fn describe(&self, root: &Path) -> String {
        match self {
            Self::Tidy => "the house rules".to_owned(),
            Self::Run(words) | Self::Test(words) => words.join(" "),
            Self::With((name, value), words) | Self::TestWith((name, value), words) => {
                format!("{name}='{value}' {}", words.join(" "))
            }
            Self::TestAsPromised => match readme::test_command(root) {
                Ok(words) => words.join(" "),
                Err(error) => format!("unknown: {error:#}"),
            },
            Self::Python { script, .. } => format!("{} {script}", python()),
        }
    }

    /// Runs in the root; a remark for the summary.
    fn run(&self, root: &Path) -> Result<String> {
        match self {
            Self::Tidy => tidy::run(root).map(|()| String::new()),
            Self::Run(words) => wait(command(root, words)?),
            Self::With((name, value), words) => {
                let mut command = command(root, words)?;
                command.env(name, value);
                wait(command)
            }
            Self::Test(words) => counted(command(root, words)?),
            Self::TestWith((name, value), words) => {
                let mut command = command(root, words)?;
                command.env(name, value);
                counted(command)
            }
            Self::TestAsPromised => counted(command(root, &readme::test_command(root)?)?),
            Self::Python { script, module } => {
                let python = python();
                let mut import = Command::new(&python);
                import.args(["-c", &format!("import {module}")]).stderr(Stdio::null());
                if !import.status().is_ok_and(|status| status.success()) {
                    let remark = format!("skipped: {python} has no {module}; CRISOL_PYTHON names another Python");
                    println!("{remark}");
                    return Ok(remark);
                }
                wait(command(root, &[python, (*script).to_owned()])?).map(|_| format!("ran with {module}"))
            }
        }
    }
}

/// The Python of scripts: that of `CRISOL_PYTHON`, or the system's.
fn python() -> String {
    std::env::var("CRISOL_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Names the files that differ; `cargo fmt --all` shows the rest in their diff.
fn format_command() -> Vec<String> {
    ["cargo", "fmt", "--all", "--", "--check", "-l"].map(str::to_owned).to_vec()
}

fn command(root: &Path, words: &[String]) -> Result<Command> {
    let (program, arguments) = words.split_first().context("a step without a command")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root);
    command.envs(SMALL.iter().copied().filter(|(name, _)| std::env::var_os(name).is_none()));
    Ok(command)
}

fn wait(mut command: Command) -> Result<String> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    ensure!(status.success(), "{status}");
    Ok(String::new())
}

/// Passes the output on line by line, and adds up the closing lines of the test binaries.
fn counted(mut command: Command) -> Result<String> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("starting {command:?}"))?;
    let mut total = Tests::default();
    if let Some(output) = child.stdout.take() {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        // Bytes: a test may print what is no UTF-8.
        while reader.read_until(b'\n', &mut line)? > 0 {
            std::io::stdout().write_all(&line)?;
            total.read(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "{status}; {total}");
    ensure!(total.passed > 0, "no test ran: {total}");
    Ok(total.to_string())
}

/// Sums over `test result: ok. 3 passed; 0 failed; 1 ignored; ...`.
#[derive(Debug, Default, PartialEq)]
struct Tests {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tests {
    fn read(&mut self, line: &str) {
        let Some((_, figures)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for figure in figures.split(';') {
            let mut words = figure.split_whitespace();
            let count = words.next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
            match words.next() {
                Some("passed") => self.passed += count,
                Some("failed") => self.failed += count,
                Some("ignored") => self.ignored += count,
                _ => {}
            }
        }
    }
}

impl std::fmt::Display for Tests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} ignored", self.passed, self.failed, self.ignored)
    }
}

fn summary(done: &[(&str, Duration, String)]) -> String {
    if done.is_empty() {
        return String::new();
    }
    let minutes = |time: Duration| time.as_secs_f64() / 60.0;
    let mut text = "\nstep        minutes\n".to_owned();
    for (name, time, remark) in done {
        text.push_str(format!("{name:<10} {:>8.1}  {remark}", minutes(*time)).trim_end());
        text.push('\n');
    }
    let total = minutes(done.iter().map(|(_, time, _)| *time).sum());
    text.push_str(&format!("{:<10} {total:>8.1}\n", "total"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_of_test_binaries_are_added_up() {
        let mut total = Tests::default();
        for line in [
            "running 3 tests\n",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.1s\n",
            "test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s\n",
            "a test that prints test result: ok. 9 passed\n",
        ] {
            total.read(line);
        }
        assert_eq!(total, Tests { passed: 13, failed: 2, ignored: 1 });
    }

    #[test]
    fn the_summary_has_minutes_and_a_total() {
        let done = [
            ("format", Duration::from_secs(6), String::new()),
            ("test", Duration::from_secs(90), "5 passed, 0 failed, 0 ignored".to_owned()),
        ];
        assert_eq!(
            summary(&done),
            "\nstep        minutes\nformat          0.1\ntest            1.5  5 passed, 0 failed, 0 ignored\ntotal           1.6\n"
        );
    }

    #[test]
    fn a_failing_command_is_an_error() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let fails = ["cargo", "no-such-subcommand-of-ours"].map(str::to_owned).to_vec();
        assert!(Action::Run(fails.clone()).run(root).is_err());
        assert!(Action::Test(fails).run(root).is_err());
        let missing = Action::Python { script: "no-such-script.py", module: "no_such_module_of_ours" };
        assert!(missing.run(root).unwrap().starts_with("skipped: "));
        let quiet = ["cargo", "--version"].map(str::to_owned).to_vec();
        assert!(Action::Run(quiet.clone()).run(root).is_ok());
        let error = Action::Test(quiet).run(root).unwrap_err().to_string();
        assert!(error.contains("no test ran"), "a test step that tests nothing must not pass: {error}");
    }
}
