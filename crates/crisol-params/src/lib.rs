//! Variables in a named tree, initializers, and saving to safetensors.
