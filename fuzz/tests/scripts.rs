//! Random programs through the interface of tensors, in all ways that must not matter; `CRISOL_FUZZ_CASES` sets how many.

mod cases;

use crisol_fuzz::Script;

#[test]
fn however_a_script_runs_it_shows_the_same() {
    cases::check(4, 180, |numbers| Script::from_numbers(numbers).check());
}
