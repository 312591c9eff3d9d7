//! `AdaptiveAveragePooling1D`: the mean under windows that follow from the size of the output.

use crate::adaptive::adaptive_layer;

adaptive_layer! {
    /// The mean of each feature under windows that cover the input evenly: `[batch, steps, features]` becomes `[batch, output_size, features]`, whatever the size of the input. Window `i` of
    /// `n` reaches from `floor(i size / n)` to `ceil((i + 1) size / n)`.
    ///
    /// ```
    /// use crisol_layers::{AdaptiveAveragePooling1D, LayerExt};
    /// let layer = AdaptiveAveragePooling1D::new(2).build([5, 3])?;
    /// assert_eq!(layer.output_shapes()?, [[None, Some(2), Some(3)]]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    pub struct AdaptiveAveragePooling1D, "adaptive_average_pooling1d", usize, usize, sequence_shape, |size: &usize| vec![*size], average
}
