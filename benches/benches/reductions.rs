//! Reductions of matrices along either axis beside the same loops by hand and beside the machine's limit.
#![allow(missing_docs, clippy::unwrap_used)] // a benchmark may stop

mod common;

fn main() {
    common::run("reductions", crisol_benches::cases::reductions);
}
