//! Arrays as lists of their elements in row-major order, and back.
//!
//! What ndarray offers for this is compiled anew, in several forms, for every type of element and every closure; for eight types that was
//! half of the time that this crate took to compile. Plain definitions go through these lists.

use ndarray::{ArrayD, IxDyn};
use std::borrow::Cow;

/// The elements in row-major order, copied only if they lie otherwise.
///
/// ```
/// use crisol_ir::{elements, ndarray::arr2};
/// let turned = arr2(&[[1, 2], [3, 4]]).reversed_axes().into_dyn();
/// assert_eq!(elements::list(&turned)[..], [1, 3, 2, 4]);
/// ```
pub fn list<T: Copy>(array: &ArrayD<T>) -> Cow<'_, [T]> {
    match array.as_slice() {
        Some(elements) => Cow::Borrowed(elements),
        None => Cow::Owned(array.iter().copied().collect()),
    }
}

/// The array of these elements, in row-major order.
///
/// # Panics
/// There are more or fewer elements than the sizes ask for.
pub fn array<T>(sizes: &[usize], elements: Vec<T>) -> ArrayD<T> {
    let count = elements.len();
    ArrayD::from_shape_vec(IxDyn(sizes), elements)
        .unwrap_or_else(|error| panic!("{count} elements for an array of sizes {sizes:?}: {error}"))
}

/// The formula on every element.
pub fn map<T: Copy, R>(x: &ArrayD<T>, formula: impl Fn(T) -> R) -> ArrayD<R> {
    array(x.shape(), list(x).iter().map(|&x| formula(x)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{ArrayD, arr2};

    #[test]
    fn arrays_that_lie_otherwise_are_put_in_order() {
        let x = arr2(&[[1, 2, 3], [4, 5, 6]]).reversed_axes().into_dyn();
        assert!(matches!(list(&x), Cow::Owned(_)));
        let doubled = map(&x, |x| 2 * x);
        assert_eq!(doubled, x.mapv(|x| 2 * x));
        assert!(matches!(list(&doubled), Cow::Borrowed([2, 8, 4, 10, 6, 12])));
        assert_eq!(map(&ArrayD::<f32>::zeros(IxDyn(&[0, 3])), |x| x > 0.0).shape(), [0, 3]);
    }
}
