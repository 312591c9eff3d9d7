//! Thread pool, matrix products, convolutions and pooling for crisol.
