//! Keras-like metrics for crisol.
