//! crisol's side of `cargo xtask bench-peers`: answers requests on standard input, or with `--startup` trains one step.

use crisol_benches::peer::serve;
use std::io::{stdin, stdout};
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = if std::env::args().any(|argument| argument == "--startup") {
        serve::startup().map(|line| println!("{line}")).map_err(|error| error.to_string())
    } else {
        serve::serve(stdin().lock(), stdout().lock()).map_err(|error| error.to_string())
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
