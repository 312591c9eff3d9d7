//! Keras-like losses for crisol.
