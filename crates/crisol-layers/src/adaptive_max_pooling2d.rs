//! `AdaptiveMaxPooling2D`: the largest under windows that follow from the size of the output.

use crate::adaptive::adaptive_layer;
use crate::window::Pair;

adaptive_layer! {
    /// The largest of each channel under windows that cover the input evenly: `[batch, height, width, channels]` becomes `[batch, rows, columns, channels]`, whatever the size of the input. Window `i` of
    /// `n` reaches from `floor(i size / n)` to `ceil((i + 1) size / n)`.
    ///
    /// ```
    /// use crisol_layers::{AdaptiveMaxPooling2D, LayerExt};
    /// let layer = AdaptiveMaxPooling2D::new((2, 3)).build([5, 7, 4])?;
    /// assert_eq!(layer.output_shapes()?, [[None, Some(2), Some(3), Some(4)]]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    pub struct AdaptiveMaxPooling2D, "adaptive_max_pooling2d", Pair, impl Into<Pair>, image_shape, |size: &Pair| size.0.to_vec(), largest
}
