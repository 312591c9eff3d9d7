//! Random programs against the plain definitions and against themselves; `CRISOL_FUZZ_CASES` sets how many.

mod cases;

use crisol_fuzz::{Program, oracle};
use crisol_plan::Mode;

fn check(numbers: &[u32], mode: Mode) -> Result<(), String> {
    let program = Program::from_numbers(numbers).map_err(|error| error.to_string())?;
    program.graph.verify().map_err(|error| error.to_string())?;
    oracle::check(&program, mode)
}

#[test]
fn every_program_has_one_meaning() {
    cases::check(1, 220, |numbers| check(numbers, Mode::Interpreted));
}

/// Fewer of them: nearly all of their time goes into compiling.
#[test]
fn every_compiled_program_has_the_same_meaning() {
    cases::check(8, 220, |numbers| check(numbers, Mode::Compiled));
}
