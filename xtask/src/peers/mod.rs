//! `cargo xtask bench-peers`: crisol beside other frameworks, in one interleaved run.
//!
//! Every framework is one long-lived process that runs a workload when asked (`tools/peers`, `tools/rust-peers`, `benches/src/peer`).
//! The driver checks that results agree, then lets theirs and ours take turns, so that whatever disturbs the machine disturbs
//! both, and compares run by run.

mod limits;
mod machine;
mod measure;
mod results;
mod side;
mod startup;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use measure::Plan;
use results::Results;
use side::{Launch, Side};

/// Frameworks that `tools/peers/peer.py` knows.
const PYTHON_PEERS: &[&str] = &["torch", "torch-compile", "tensorflow", "jax", "keras-tensorflow", "keras-jax"];
/// Frameworks that `tools/rust-peers` knows.
const RUST_PEERS: &[&str] = &["rustyml", "burn", "candle"];
/// Training that other processes got more of the processors than this during is thrown away, in percent.
const MOST_OTHERS: f64 = 10.0;

/// The arguments of `bench-peers`.
#[derive(Args)]
pub struct BenchPeers {
    /// A Python with the packages of tools/peers/requirements.txt. What it lacks is skipped.
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// The binary of tools/rust-peers, or `build` to build it (about 20 minutes of a processor).
    #[arg(long, value_name = "PATH|build")]
    rust_peers: Option<String>,
    /// Only these workloads, by the start of their names: `mlp,chain-a,matmul`. `startup` is one too.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<String>,
    /// Only these frameworks.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    peers: Vec<String>,
    /// How often each pair takes turns.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long one turn lasts, in seconds.
    #[arg(long, default_value_t = 0.12)]
    seconds: f64,
    /// Forgets the results of earlier runs instead of adding to them.
    #[arg(long)]
    fresh: bool,
    /// Measures nothing: prints the README's table from the results so far.
    #[arg(long)]
    readme: bool,
    /// Where results go; those of several runs are put together there.
    #[arg(long, default_value = "reports/bench-peers", value_name = "DIR")]
    report: PathBuf,
}

pub fn run(root: &Path, arguments: &BenchPeers) -> Result<()> {
    let report = root.join(&arguments.report);
    let mut results = if arguments.fresh { Results::default() } else { Results::load(&report)? };
    if arguments.readme {
        ensure!(!results.is_empty(), "no results in {}: run without --readme first", report.display());
        print!("{}", table::readme(&results));
        return Ok(());
    }
    ensure!(arguments.rounds > 0, "--rounds 0: at least one is needed");
    ensure!(arguments.seconds > 0.0, "--seconds {}: expected more than 0", arguments.seconds);

    let crisol = Launch::crisol(root)?;
    let peers = peers(root, arguments)?;
    ensure!(!peers.is_empty(), "nobody to compare with: give --python PATH or --rust-peers build");
    results.machine(limits::measure(&crisol)?);

    if arguments.only.is_empty() || arguments.only.iter().any(|name| name == "startup") {
        startup::compare(&crisol, &peers, arguments.rounds.min(5), &mut results)?;
        results.save(&report)?;
    }
    let mut ours = Side::start(&crisol)?;
    let wanted = |name: &String| {
        arguments.only.is_empty() || arguments.only.iter().any(|start| name.starts_with(start.as_str()))
    };
    let workloads: Vec<String> = ours.workloads().iter().filter(|name| wanted(name)).cloned().collect();
    let mut sides = Vec::new();
    if !workloads.is_empty() {
        for launch in &peers {
            match Side::start(launch) {
                Ok(side) => sides.push(side),
                Err(error) => println!("skipped {}: {error:#}", launch.name()),
            }
        }
    }
    let plan = Plan { rounds: arguments.rounds, seconds: arguments.seconds, most_others: MOST_OTHERS };
    for workload in &workloads {
        measure::compare(workload, &mut ours, &mut sides, plan, &mut results)?;
        // After each, so that a run that is cut short has not been in vain.
        results.save(&report)?;
    }
    drop((ours, sides));
    // Again, for the machine may have been disturbed before: the best counts.
    results.machine(limits::measure(&crisol)?);
    results.save(&report)?;
    let text = table::markdown(&results);
    let path = report.join("results.md");
    std::fs::write(&path, &text).with_context(|| format!("writing {}", path.display()))?;
    println!("\n{text}\nwritten to {}", report.display());
    Ok(())
}

/// The frameworks that are wanted and installed.
fn peers(root: &Path, arguments: &BenchPeers) -> Result<Vec<Launch>> {
    let all = || PYTHON_PEERS.iter().chain(RUST_PEERS).copied();
    for name in &arguments.peers {
        ensure!(
            all().any(|known| known == name),
            "no framework `{name}`, there are: {}",
            all().collect::<Vec<_>>().join(", ")
        );
    }
    let wanted = |name: &&&str| arguments.peers.is_empty() || arguments.peers.iter().any(|wanted| wanted == **name);
    let mut peers = Vec::new();
    match &arguments.python {
        Some(python) => peers.extend(PYTHON_PEERS.iter().filter(wanted).map(|name| Launch::python(root, python, name))),
        None => println!("skipped {}: no --python", PYTHON_PEERS.join(", ")),
    }
    match arguments.rust_peers.as_deref() {
        Some(given) => {
            let binary = if given == "build" { side::build_rust_peers(root)? } else { PathBuf::from(given) };
            ensure!(binary.is_file(), "--rust-peers {}: no such file", binary.display());
            peers.extend(RUST_PEERS.iter().filter(wanted).map(|name| Launch::rust(&binary, name)));
        }
        None => println!("skipped {}: no --rust-peers", RUST_PEERS.join(", ")),
    }
    peers.retain(|launch| match launch.probe() {
        Ok(version) => {
            println!("{} {version}", launch.name());
            true
        }
        Err(error) => {
            println!("skipped {}: {error:#}", launch.name());
            false
        }
    });
    Ok(peers)
}
