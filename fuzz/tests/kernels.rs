//! Random products and convolutions; `CRISOL_FUZZ_CASES` sets how many.

use crisol_fuzz::{Choices, kernels};
use proptest::prelude::*;

fn config() -> ProptestConfig {
    let cases = std::env::var("CRISOL_FUZZ_CASES").ok().and_then(|count| count.parse().ok());
    ProptestConfig { cases: cases.unwrap_or(300), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn products_are_their_definition(numbers in prop::collection::vec(any::<u32>(), 1..20)) {
        prop_assert_eq!(kernels::check_matmul(&mut Choices::new(&numbers)), Ok(()));
    }

    #[test]
    fn convolutions_are_their_definition(numbers in prop::collection::vec(any::<u32>(), 1..30)) {
        prop_assert_eq!(kernels::check_conv2d(&mut Choices::new(&numbers)), Ok(()));
    }
}
