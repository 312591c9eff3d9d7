//! Fuses elementwise expressions and reductions into native code with Cranelift.
