//! Programs through the interface of tensors, in all ways that must not matter.

#![no_main]

use crisol_fuzz::Script;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|numbers: Vec<u32>| {
    if let Err(message) = Script::from_numbers(&numbers).check() {
        panic!("{message}");
    }
});
