//! Random cases on all cores; `CRISOL_FUZZ_CASES` sets how many.

use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

/// Checks lists of up to `most` random numbers, one in `share` of as many as are asked for; what fails is made as short as it
/// can be.
pub fn check(share: u32, most: usize, check: impl Fn(&[u32]) -> Result<(), String> + Sync) {
    let asked = std::env::var("CRISOL_FUZZ_CASES").ok().and_then(|count| count.parse().ok());
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
    let config = ProptestConfig {
        cases: asked.unwrap_or(300u32).div_ceil(share * threads),
        max_shrink_iters: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let work = || {
        let mut runner = TestRunner::new(config.clone());
        let result = runner.run(&prop::collection::vec(any::<u32>(), 1..most), |numbers| {
            check(&numbers).map_err(|text| TestCaseError::fail(text.chars().take(6000).collect::<String>()))
        });
        result.map_err(|error| error.to_string())
    };
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for run in runs {
            match run.join() {
                Ok(Ok(())) => {}
                Ok(Err(text)) => panic!("{text}"),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
}
