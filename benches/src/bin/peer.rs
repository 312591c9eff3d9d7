//! crisol's side of `cargo xtask bench-peers`: answers requests on standard input, or with `--startup` trains one step, or with
//! `--limits` measures the machine.

use crisol_benches::limits;
use crisol_benches::peer::serve;
use std::io::{stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = match std::env::args().nth(1).as_deref() {
        None => serve::serve(stdin().lock(), stdout().lock()).map_err(|error| error.to_string()),
        Some("--startup") => serve::startup().map(|line| println!("{line}")).map_err(|error| error.to_string()),
        Some("--limits") => {
            let threads = std::env::var("CRISOL_THREADS").ok().and_then(|threads| threads.parse().ok()).unwrap_or(2);
            let (gflops, gbytes) = (limits::multiply_adds(threads), limits::memory(threads));
            println!("{}", serde_json::json!({ "gflops": gflops, "gbytes": gbytes }));
            Ok(())
        }
        Some(other) => Err(format!("no argument `{other}`, there are --startup and --limits")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
