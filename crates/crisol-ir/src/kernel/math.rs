//! Transcendental functions as instruction lists, so that compiled and interpreted code agree bit for bit.
