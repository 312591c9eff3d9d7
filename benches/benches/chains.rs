//! Fused elementwise chains beside the same loops by hand and beside the machine's limit: `cargo bench -p crisol-benches --bench chains`.
#![allow(missing_docs, clippy::unwrap_used)] // a benchmark may stop

mod common;

fn main() {
    common::run("chains", || crisol_benches::cases::chains().unwrap());
}
