//! Lazy tensors that record, compile once and run at the speed of the machine.
