//! Gradient tapes and gradient checks over crisol tensors.
