//! Matrix products and convolutions against their definitions.

#![no_main]

use crisol_fuzz::{Choices, kernels};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|numbers: Vec<u32>| {
    let mut choices = Choices::new(&numbers);
    let checked = match choices.below(2) {
        0 => kernels::check_matmul(&mut choices),
        _ => kernels::check_conv2d(&mut choices),
    };
    if let Err(message) = checked {
        panic!("{message}");
    }
});
