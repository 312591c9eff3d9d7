//! The primitive operations of crisol, one file each: shape rule, plain definition, gradient, lowering.
