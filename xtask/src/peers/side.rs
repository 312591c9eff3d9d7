//! A framework as a process: how it is started, and how it is asked.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

/// Threads that everybody gets.
const THREADS: &str = "2";
/// What the thread pools of the frameworks read.
const THREAD_VARIABLES: &[&str] = &[
    "PEER_THREADS",
    "CRISOL_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "CANDLE_NUM_THREADS",
];
/// Settings that hold a library back to older processors.
const UNSET: &[&str] = &["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "CRISOL_TILES", "CRISOL_EXPLAIN"];

/// How a framework is started.
#[derive(Clone, Debug)]
pub struct Launch {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Launch {
    /// crisol itself, built as a user builds it.
    pub fn crisol(root: &Path) -> Result<Self> {
        let mut build = Command::new("cargo");
        build.args(["build", "--release", "--package", "crisol-benches", "--bin", "peer"]).current_dir(root);
        ensure!(build.status().context("starting cargo")?.success(), "building crisol's side failed");
        let metadata = cargo_metadata::MetadataCommand::new()
            .manifest_path(root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .context("asking cargo metadata")?;
        let program = metadata.target_directory.join("release").join("peer").into();
        Ok(Self { name: "crisol".to_owned(), program, arguments: Vec::new() })
    }

    /// A framework of `tools/peers`.
    pub fn python(root: &Path, python: &Path, name: &str) -> Self {
        let script = root.join("tools/peers/peer.py").to_string_lossy().into_owned();
        // -B: measuring leaves nothing behind in the repository.
        let arguments = vec!["-B".to_owned(), script, name.to_owned()];
        Self { name: name.to_owned(), program: python.to_path_buf(), arguments }
    }

    /// A framework of `tools/rust-peers`.
    pub fn rust(binary: &Path, name: &str) -> Self {
        Self { name: name.to_owned(), program: binary.to_path_buf(), arguments: vec![name.to_owned()] }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The command with one more argument, its threads counted; what it reports besides answers is dropped.
    pub fn command(&self, more: Option<&str>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(more).stdout(Stdio::piped()).stderr(Stdio::null());
        for variable in THREAD_VARIABLES {
            command.env(variable, THREADS);
        }
        for variable in UNSET {
            command.env_remove(variable);
        }
        command
    }

    /// Whether it is installed: its version.
    pub fn probe(&self) -> Result<String> {
        let mut command = self.command(Some("--probe"));
        let output = command.stdin(Stdio::null()).stderr(Stdio::piped()).output();
        let output = output.with_context(|| format!("starting {}", self.program.display()))?;
        if !output.status.success() {
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!("{}", complaint.lines().last().unwrap_or("it ended without a word"));
        }
        let greeting: Greeting = serde_json::from_slice(&output.stdout).context("it answered with something else")?;
        Ok(greeting.version)
    }
}

/// Builds the Rust peers for this machine's processor, in a folder of their own.
pub fn build_rust_peers(root: &Path) -> Result<PathBuf> {
    let package = root.join("tools/rust-peers");
    let mut build = Command::new("cargo");
    build.args(["build", "--release"]).current_dir(&package);
    build.env("RUSTFLAGS", "-C target-cpu=native").env("CARGO_TARGET_DIR", package.join("target"));
    ensure!(build.status().context("starting cargo")?.success(), "building tools/rust-peers failed");
    Ok(package.join("target/release/rust-peers"))
}

#[derive(Deserialize)]
struct Greeting {
    version: String,
    #[serde(default)]
    workloads: Vec<String>,
}

/// A framework that runs.
pub struct Side {
    name: String,
    greeting: Greeting,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What a run took.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Run {
    pub iterations: usize,
    pub seconds: f64,
}

impl Run {
    pub fn milliseconds(self) -> f64 {
        self.seconds * 1e3 / self.iterations.max(1) as f64
    }
}

impl Side {
    /// Starts it and waits for its greeting.
    pub fn start(launch: &Launch) -> Result<Self> {
        let mut child = launch.command(None).stdin(Stdio::piped()).spawn().context("starting it")?;
        let input = child.stdin.take().context("it has no input")?;
        let mut output = BufReader::new(child.stdout.take().context("it has no output")?);
        let mut line = String::new();
        output.read_line(&mut line).context("reading its greeting")?;
        let greeting = serde_json::from_str(&line).context("it ended, or greeted with something else")?;
        Ok(Self { name: launch.name.clone(), greeting, child, input, output })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn version(&self) -> &str {
        &self.greeting.version
    }

    pub fn workloads(&self) -> &[String] {
        &self.greeting.workloads
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Runs a workload at least so many times.
    pub fn run(&mut self, workload: &str, iterations: usize) -> Result<Run> {
        let answer = self.ask(&json!({ "workload": workload, "iterations": iterations }))?;
        Ok(serde_json::from_value(answer)?)
    }

    /// A number that results are compared by.
    pub fn check(&mut self, workload: &str) -> Result<f64> {
        let answer = self.ask(&json!({ "workload": workload, "check": true }))?;
        answer["value"].as_f64().with_context(|| format!("{} checked {workload} with {answer}", self.name))
    }

    fn ask(&mut self, request: &Value) -> Result<Value> {
        let asking = || format!("asking for {request}");
        writeln!(self.input, "{request}").and_then(|()| self.input.flush()).with_context(asking)?;
        let mut line = String::new();
        self.output.read_line(&mut line).with_context(asking)?;
        ensure!(!line.is_empty(), "{} ended", self.name);
        let answer: Value = serde_json::from_str(&line).with_context(asking)?;
        match answer.get("error") {
            Some(error) => bail!("{}", error.as_str().unwrap_or_default()),
            None => Ok(answer),
        }
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone afterwards.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
