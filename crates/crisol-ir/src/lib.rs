//! Shapes, data types, errors, and the graph and kernel languages of crisol.
