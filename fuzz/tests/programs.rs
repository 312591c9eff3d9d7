//! Random programs against the plain definitions and against themselves.

use crisol_fuzz::{Program, oracle};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("CRISOL_FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300), max_shrink_iters: 3000, ..ProptestConfig::default() })]

    #[test]
    fn every_program_has_one_meaning(numbers in prop::collection::vec(any::<u32>(), 1..220)) {
        let program = Program::from_numbers(&numbers).unwrap();
        program.graph.verify().unwrap();
        if let Err(message) = oracle::check(&program) {
            prop_assert!(false, "{}", &message[..message.len().min(6000)]);
        }
    }
}
