//! Keras for Rust, on the CPU, without Python.
