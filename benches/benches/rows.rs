//! Softmax, log-softmax, layer normalisation and their gradients beside the same loops by hand and beside the machine's limit.
#![allow(missing_docs, clippy::unwrap_used)] // a benchmark may stop

mod common;

fn main() {
    common::run("rows", crisol_benches::cases::rows);
}
