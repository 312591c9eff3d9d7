//! Generators and oracles for fuzzing crisol.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`choices`] | a list of numbers read as decisions: what property tests shrink and fuzzers mutate |
//! | [`kernels`] | matrix products and convolutions against their definitions |
//! | [`program`] | tensor programs from choices, with a bound on the rounding error of every value |
//! | [`script`] | programs through the interface of tensors: loops, tapes, variables, handles, failures; run in many ways |
//! | [`oracle`] | what must hold for every program: values, bits, plans |

pub mod choices;
pub mod kernels;
pub mod oracle;
pub mod program;
pub mod script;

pub use choices::Choices;
pub use program::Program;
pub use script::Script;
