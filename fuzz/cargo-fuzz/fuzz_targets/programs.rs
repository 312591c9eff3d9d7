//! Tensor programs against their plain definitions and against themselves: compiled and interpreted, on any number of threads.

#![no_main]

use crisol_fuzz::{Program, oracle};
use crisol_plan::Mode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|numbers: Vec<u32>| {
    let checked = Program::from_numbers(&numbers).map_err(|error| error.to_string());
    if let Err(message) = checked.and_then(|program| oracle::check(&program, Mode::Compiled)) {
        panic!("{message}");
    }
});
