//! Random kernels, element by element against the language's text, interpreted and compiled.

#![allow(clippy::unwrap_used)] // helpers of tests are tests

mod case;
mod definition;

use case::case;
use crisol_plan::interpret;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kernels_mean_what_their_text_says(numbers in prop::collection::vec(any::<u32>(), 10..160)) {
        let case = case(&numbers);
        case.kernel.verify().unwrap();
        let plain = case.plain();
        // SAFETY: the arguments hold every element of the loops, and the kernel is verified.
        let interpreted = case.run(|call| unsafe { interpret::run(&case.kernel, call) });
        prop_assert_eq!(case.differs(&plain, &interpreted), None, "interpreted, {}", &case.kernel);
        #[cfg(feature = "jit")]
        {
            let compiled = crisol_jit::CompiledKernel::compile(&case.kernel).unwrap();
            // SAFETY: as above.
            let compiled = case.run(|call| unsafe { compiled.call(call) });
            prop_assert_eq!(case.differs(&interpreted, &compiled), None, "compiled, {}", &case.kernel);
        }
    }
}
