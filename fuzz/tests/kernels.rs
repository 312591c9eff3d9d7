//! Random products and convolutions; `CRISOL_FUZZ_CASES` sets how many.

mod cases;

use crisol_fuzz::{Choices, kernels};

#[test]
fn products_are_their_definition() {
    cases::check(1, 20, |numbers| kernels::check_matmul(&mut Choices::new(numbers)));
}

#[test]
fn convolutions_are_their_definition() {
    cases::check(1, 30, |numbers| kernels::check_conv2d(&mut Choices::new(numbers)));
}
