//! Sliding windows over the two middle axes of images: sizes, padding, and which element meets which.

use crisol_ir::{Error, ErrorKind, Result};

/// Zeros before and after an axis for a window's steps to cover it in `ceil(size / stride)` places: Keras' `"same"`.
/// An odd zero goes after. Keras' `"valid"` is `[0, 0]`.
///
/// ```
/// assert_eq!(crisol_ops::same_padding(204, 3, 1, 1), [1, 1]);
/// assert_eq!(crisol_ops::same_padding(204, 3, 2, 1), [0, 1]);
/// ```
pub fn same_padding(size: usize, window: usize, stride: usize, dilation: usize) -> [usize; 2] {
    let stride = stride.max(1);
    let steps = size.div_ceil(stride).saturating_sub(1);
    let reach = window.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
    let total = steps.saturating_mul(stride).saturating_add(reach).saturating_sub(size);
    [total / 2, total - total / 2]
}

/// Zeros before an axis for a window to see no later element than the one at its place: Keras' `"causal"`.
pub fn causal_padding(window: usize, dilation: usize) -> [usize; 2] {
    [window.saturating_sub(1).saturating_mul(dilation), 0]
}

/// One axis of a window: its size and how it moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) size: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) padding: [usize; 2],
}

impl Window {
    /// The number of places at which the window fits on `axis` of size `size`.
    pub(crate) fn places(&self, axis: usize, size: usize) -> Result<usize> {
        let [low, high] = self.padding;
        // In 128 bits no product or sum of settings overflows.
        let reach = (self.size as u128).saturating_sub(1) * self.dilation as u128 + 1;
        let padded = size as u128 + low as u128 + high as u128;
        if self.size == 0 {
            let text = format!("the window is empty along axis {axis}, expected a size of 1 or more");
            return Err(Error::new(ErrorKind::Shape, text));
        }
        if reach > padded {
            let text = format!(
                "a window of {} (dilation {}) reaches over {reach} elements, but axis {axis} = {size} with padding {low} and {high} has {padded}",
                self.size, self.dilation
            );
            return Err(Error::new(ErrorKind::Shape, text).help("use a smaller window or same padding"));
        }
        usize::try_from((padded - reach) / self.stride as u128 + 1)
            .map_err(|_| Error::new(ErrorKind::Shape, format!("axis {axis} has more places than memory can hold")))
    }

    /// The element of the axis under place `tap` of the window when it stands at `place`, unless that is padding.
    pub(crate) fn element(&self, place: usize, tap: usize, size: usize) -> Option<usize> {
        (place * self.stride + tap * self.dilation).checked_sub(self.padding[0]).filter(|&element| element < size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_gives_a_place_a_stride() {
        for size in 1..30 {
            for (window, stride, dilation) in [(3, 1, 1), (3, 2, 1), (2, 2, 1), (5, 3, 1), (3, 1, 2), (1, 2, 1)] {
                let padding = same_padding(size, window, stride, dilation);
                let places = Window { size: window, stride, dilation, padding }.places(1, size).unwrap();
                assert_eq!(places, size.div_ceil(stride), "{size} {window} {stride} {dilation}");
                assert!(padding[1] - padding[0] <= 1);
            }
        }
        assert_eq!(same_padding(usize::MAX, usize::MAX, 0, usize::MAX).len(), 2);
    }
}
