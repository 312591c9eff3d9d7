//! Other Rust frameworks on crisol's workloads: `rust-peers rustyml|burn|candle` answers the requests of `cargo xtask bench-peers`
//! (see tools/peers/peer.py for their form).

#[cfg(feature = "burn")]
mod on_burn;
#[cfg(feature = "candle")]
mod on_candle;
#[cfg(feature = "rustyml")]
mod on_rustyml;
mod workloads;

use std::io::{BufRead, Write};
use std::time::Instant;

use serde_json::{Value, json};
use workloads::{Failure, Workload};

/// What a framework offers: its version, its workloads, and how one is made ready.
struct Framework {
    version: &'static str,
    workloads: Vec<String>,
    prepare: fn(&str) -> Result<Workload, Failure>,
}

fn framework(name: &str) -> Result<Framework, Failure> {
    match name {
        #[cfg(feature = "rustyml")]
        "rustyml" => Ok(Framework { version: "0.17.0", workloads: on_rustyml::names(), prepare: on_rustyml::workload }),
        #[cfg(feature = "burn")]
        "burn" => Ok(Framework { version: "0.22.1, flex", workloads: on_burn::names(), prepare: on_burn::workload }),
        #[cfg(feature = "candle")]
        "candle" => Ok(Framework { version: "0.11.1", workloads: on_candle::names(), prepare: on_candle::workload }),
        other => Err(format!("no framework `{other}` in this build, there are rustyml, burn and candle").into()),
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().ok_or("which framework: rustyml, burn or candle?")?;
    let framework = framework(&name)?;
    match arguments.next().as_deref() {
        Some("--probe") => println!("{}", json!({ "name": name, "version": framework.version })),
        Some("--startup") => {
            ((framework.prepare)("mlp")?.run)(1)?;
            println!("{}", json!({ "peak_mb": peak_mb() }));
        }
        Some(other) => return Err(format!("no argument `{other}`, there are --probe and --startup").into()),
        None => serve(&name, &framework)?,
    }
    Ok(())
}

fn serve(name: &str, framework: &Framework) -> Result<(), Failure> {
    let say = |line: Value| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").and_then(|()| out.flush())
    };
    say(json!({ "name": name, "version": framework.version, "workloads": framework.workloads }))?;
    let mut prepared: Option<(String, Workload)> = None;
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        say(answer(framework, &request, &mut prepared).unwrap_or_else(|error| json!({ "error": error.to_string() })))?;
    }
    Ok(())
}

fn answer(framework: &Framework, request: &Value, prepared: &mut Option<(String, Workload)>) -> Result<Value, Failure> {
    let name = request["workload"].as_str().ok_or("a request without a workload")?;
    if prepared.as_ref().is_none_or(|(known, _)| known != name) {
        *prepared = None; // the arrays of the last one
        *prepared = Some((name.to_owned(), (framework.prepare)(name)?));
    }
    let (_, workload) = prepared.as_mut().ok_or("nothing is prepared")?;
    if request["check"] == true {
        return Ok(json!({ "value": (workload.check)()? }));
    }
    let iterations = request["iterations"].as_u64().ok_or("a request without iterations")? as usize;
    let start = Instant::now();
    (workload.run)(iterations)?;
    Ok(json!({ "iterations": iterations, "seconds": start.elapsed().as_secs_f64() }))
}

/// The most memory the process has had, in MiB; 0 where /proc does not tell.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
