//! Random programs against the plain definitions and against themselves; `CRISOL_FUZZ_CASES` sets how many.

use crisol_fuzz::{Program, oracle};
use proptest::prelude::*;

fn config() -> ProptestConfig {
    let cases = std::env::var("CRISOL_FUZZ_CASES").ok().and_then(|count| count.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(300),
        max_shrink_iters: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_program_has_one_meaning(numbers in prop::collection::vec(any::<u32>(), 1..220)) {
        let program = Program::from_numbers(&numbers).unwrap();
        program.graph.verify().unwrap();
        if let Err(message) = oracle::check(&program) {
            prop_assert!(false, "{}", message.chars().take(6000).collect::<String>());
        }
    }
}
