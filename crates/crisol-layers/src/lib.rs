//! Keras-like layers, Sequential and functional models for crisol.
