//! Answers requests on standard input, as `tools/peers/peer.py` does for the others.

use super::{Workload, names, workload};
use crisol::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{BufRead, Write};
use std::time::Instant;

#[derive(Deserialize)]
struct Request {
    workload: String,
    #[serde(default)]
    iterations: usize,
    #[serde(default)]
    check: bool,
}

/// Answers until the input ends: a greeting first, then one line a request.
///
/// # Errors
/// The output cannot be written.
pub fn serve(input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    let mut say = |line: Value| {
        writeln!(output, "{line}")?;
        output.flush()
    };
    say(json!({ "name": "crisol", "version": env!("CARGO_PKG_VERSION"), "workloads": names() }))?;
    let mut prepared: Option<(String, Workload)> = None;
    for line in input.lines() {
        let answer = serde_json::from_str(&line?)
            .map_err(|error| Error::new(ErrorKind::Value, format!("no request: {error}")))
            .and_then(|request| answer(&request, &mut prepared));
        say(answer.unwrap_or_else(|error| json!({ "error": error.to_string() })))?;
    }
    Ok(())
}

fn answer(request: &Request, prepared: &mut Option<(String, Workload)>) -> Result<Value> {
    if prepared.as_ref().is_none_or(|(name, _)| *name != request.workload) {
        *prepared = None; // the arrays of the last one
        *prepared = Some((request.workload.clone(), workload(&request.workload)?));
    }
    let Some((_, Workload { run, check })) = prepared else {
        return Err(Error::new(ErrorKind::Internal, "a workload that was prepared is gone"));
    };
    if request.check {
        return Ok(json!({ "value": check()? }));
    }
    let start = Instant::now();
    let iterations = run(request.iterations)?;
    Ok(json!({ "iterations": iterations, "seconds": start.elapsed().as_secs_f64() }))
}

/// One training step of the mlp and how much memory the process has taken by then.
///
/// # Errors
/// What crisol says.
pub fn startup() -> Result<Value> {
    (workload("mlp")?.run)(1)?;
    Ok(json!({ "peak_mb": peak_mb() }))
}

/// The most memory the process has had, in MiB; 0 where /proc does not tell.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
