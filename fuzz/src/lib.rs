//! Generators and oracles for fuzzing crisol.
