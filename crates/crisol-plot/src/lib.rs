//! Training curves as PNG files.
