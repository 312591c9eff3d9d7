//! From the start of a process to the end of its first training step of the mlp: how long, and how much memory.

use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::measure::median;
use super::results::{Results, Startup};
use super::side::Launch;

#[derive(Deserialize)]
struct Report {
    peak_mb: f64,
}

/// Starts everybody afresh, in turns.
pub fn compare(ours: &Launch, peers: &[Launch], rounds: usize, results: &mut Results) -> Result<()> {
    println!("\nstartup: process start to the end of the first training step");
    for launch in std::iter::once(ours).chain(peers) {
        // Keras' `fit` is a workload of its own, with other first steps.
        if launch.name().starts_with("keras-") {
            continue;
        }
        // Files come from the disk the first time.
        match once(launch).and_then(|_| (0..rounds).map(|_| once(launch)).collect::<Result<Vec<_>>>()) {
            Ok(starts) => {
                let start = Startup {
                    milliseconds: median(starts.iter().map(|start| start.milliseconds)),
                    peak_mb: median(starts.iter().map(|start| start.peak_mb)),
                };
                println!("  {:<18} {:>9.1} ms {:>7.1} MB", launch.name(), start.milliseconds, start.peak_mb);
                results.startup.insert(launch.name().to_owned(), start);
            }
            Err(error) => println!("  {:<18} failed: {error:#}", launch.name()),
        }
    }
    Ok(())
}

fn once(launch: &Launch) -> Result<Startup> {
    let mut command = launch.command(Some("--startup"));
    command.stdin(Stdio::null());
    let start = Instant::now();
    let output = command.output().context("starting it")?;
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    ensure!(output.status.success(), "it ended with {}", output.status);
    let report: Report = serde_json::from_slice(&output.stdout).context("it reported something else")?;
    Ok(Startup { milliseconds, peak_mb: report.peak_mb })
}
