//! Compiled kernels against the definition of the kernel language, bit for bit: the random kernels of crisol-jit's own tests.

#![no_main]

use libfuzzer_sys::fuzz_target;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[path = "../../../crates/crisol-jit/tests/random_kernels.rs"]
mod random_kernels;

fuzz_target!(|bytes: &[u8]| {
    let random = TestRng::from_seed(RngAlgorithm::PassThrough, bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    if let Ok(tree) = random_kernels::recipe().new_tree(&mut runner) {
        let recipe = tree.current();
        if let Err(error) = random_kernels::check(&recipe) {
            panic!("{error}\n{recipe:?}");
        }
    }
});
