//! Callbacks, History and Keras' progress line for crisol.
