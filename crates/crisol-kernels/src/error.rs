//! What the kernels say when sizes do not fit each other.

use std::fmt;

/// Sizes, strides or lengths that do not fit each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeometryError(String);

impl GeometryError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for GeometryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for GeometryError {}

/// Checks that a slice called `what` holds `expected` elements.
pub(crate) fn check_length(what: &str, given: usize, expected: usize) -> Result<(), GeometryError> {
    if given == expected {
        return Ok(());
    }
    Err(GeometryError::new(format!("{what} has {given} elements, expected {expected}")))
}

/// The product of sizes, or an error when it does not fit the address space.
pub(crate) fn checked_product(what: &str, sizes: &[usize]) -> Result<usize, GeometryError> {
    // Slices never exceed isize::MAX bytes, so nothing beyond isize::MAX elements can match one.
    sizes
        .iter()
        .try_fold(1_usize, |product, &size| product.checked_mul(size))
        .filter(|&product| isize::try_from(product).is_ok())
        .ok_or_else(|| GeometryError::new(format!("{what} is too large: {sizes:?}")))
}
