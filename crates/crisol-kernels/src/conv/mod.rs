//! Two-dimensional convolution of channels-last images: its geometry, and which kernel does what.

mod direct;
mod forward;
mod im2col;
mod input_gradient;
mod weight_gradient;

pub use forward::{conv2d, conv2d_with};
pub use input_gradient::conv2d_input_gradient;
pub use weight_gradient::conv2d_weight_gradient;

use crate::error::{GeometryError, check_length, checked_product};

/// The sizes of a two-dimensional convolution.
///
/// Images are [batch, height, width, channels]; kernels are [height, width, in_channels / groups, out_channels]. Output
/// channels of group g are `g * out_channels / groups ..`, and they read the g-th of `groups` runs of input channels.
/// Pairs are (height, width).
///
/// ```
/// use crisol_kernels::{Conv2d, conv2d};
///
/// let geometry = Conv2d {
///     batch: 1,
///     in_height: 3,
///     in_width: 3,
///     in_channels: 1,
///     out_channels: 1,
///     kernel: [2, 2],
///     stride: [1, 1],
///     dilation: [1, 1],
///     padding: [[0, 0], [0, 0]],
///     groups: 1,
/// };
/// assert_eq!((geometry.out_height(), geometry.out_width()), (2, 2));
///
/// let image = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
/// let mut out = [0.0; 4];
/// conv2d(&geometry, &image, &[1.0; 4], &mut out)?;
/// assert_eq!(out, [12.0, 16.0, 24.0, 28.0]);
/// # Ok::<(), crisol_kernels::GeometryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conv2d {
    /// Number of images.
    pub batch: usize,
    /// Rows of an input image.
    pub in_height: usize,
    /// Columns of an input image.
    pub in_width: usize,
    /// Channels of an input pixel.
    pub in_channels: usize,
    /// Channels of an output pixel.
    pub out_channels: usize,
    /// Kernel rows and columns.
    pub kernel: [usize; 2],
    /// Input rows and columns between neighbouring outputs.
    pub stride: [usize; 2],
    /// Input rows and columns between neighbouring kernel taps.
    pub dilation: [usize; 2],
    /// Zeros around the image: [[top, bottom], [left, right]].
    pub padding: [[usize; 2]; 2],
    /// Into how many runs the channels are split.
    pub groups: usize,
}

impl Conv2d {
    /// Rows of an output image; 0 when the kernel does not fit.
    pub fn out_height(&self) -> usize {
        self.out_size(0, self.in_height)
    }

    /// Columns of an output image; 0 when the kernel does not fit.
    pub fn out_width(&self) -> usize {
        self.out_size(1, self.in_width)
    }

    /// Elements of the input.
    pub fn input_len(&self) -> usize {
        self.batch * self.in_height * self.in_width * self.in_channels
    }

    /// Elements of the kernel.
    pub fn weight_len(&self) -> usize {
        self.depth() * self.out_channels
    }

    /// Elements of the output.
    pub fn output_len(&self) -> usize {
        self.pixels() * self.out_channels
    }

    /// Checks the sizes against each other.
    ///
    /// # Errors
    /// When the kernel, a stride, a dilation or the number of groups is zero, the groups do not divide the channels, the
    /// padded image is smaller than the dilated kernel, or the sizes overflow.
    pub fn validate(&self) -> Result<(), GeometryError> {
        let named = [("kernel", self.kernel), ("stride", self.stride), ("dilation", self.dilation)];
        for (name, sizes) in named {
            if sizes.contains(&0) {
                return Err(GeometryError::new(format!("{name} {sizes:?} has a zero")));
            }
        }
        let (groups, inputs, outputs) = (self.groups, self.in_channels, self.out_channels);
        if groups == 0 || inputs % groups != 0 || outputs % groups != 0 {
            return Err(GeometryError::new(format!(
                "{groups} groups do not divide {inputs} input and {outputs} output channels"
            )));
        }
        for (axis, size) in [self.in_height, self.in_width].into_iter().enumerate() {
            let [before, after] = self.padding[axis];
            let padded = size.checked_add(before).and_then(|size| size.checked_add(after));
            let span = (self.kernel[axis] - 1).checked_mul(self.dilation[axis]).and_then(|span| span.checked_add(1));
            let (Some(padded), Some(span)) = (padded, span) else {
                return Err(GeometryError::new("padding or dilation is too large"));
            };
            if padded < span {
                return Err(GeometryError::new(format!(
                    "axis {axis}: a kernel that spans {span} does not fit in {padded} ({size} and padding {:?})",
                    self.padding[axis]
                )));
            }
        }
        checked_product("the input", &[self.batch, self.in_height, self.in_width, inputs])?;
        checked_product("the kernel", &[self.kernel[0], self.kernel[1], inputs / groups, outputs])?;
        checked_product("the output", &[self.batch, self.out_height(), self.out_width(), outputs])?;
        Ok(())
    }

    fn check<T>(&self, x: (&str, &[T]), w: (&str, &[T]), out: (&str, &[T])) -> Result<(), GeometryError> {
        self.validate()?;
        check_length(x.0, x.1.len(), self.input_len())?;
        check_length(w.0, w.1.len(), self.weight_len())?;
        check_length(out.0, out.1.len(), self.output_len())
    }

    fn out_size(&self, axis: usize, size: usize) -> usize {
        let span = (self.kernel[axis].saturating_sub(1)).saturating_mul(self.dilation[axis]).saturating_add(1);
        let padded = size.saturating_add(self.padding[axis][0]).saturating_add(self.padding[axis][1]);
        padded.checked_sub(span).map_or(0, |room| room / self.stride[axis].max(1) + 1)
    }

    /// Output pixels of the whole batch.
    fn pixels(&self) -> usize {
        self.batch * self.out_height() * self.out_width()
    }

    /// Input channels of a group.
    fn group_inputs(&self) -> usize {
        self.in_channels / self.groups.max(1)
    }

    /// Output channels of a group.
    fn group_outputs(&self) -> usize {
        self.out_channels / self.groups.max(1)
    }

    /// Products that one output element sums.
    fn depth(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.group_inputs()
    }

    /// Whether every output pixel reads the input pixel in its own place and nothing else.
    pub fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [[0; 2]; 2] && self.groups == 1
    }

    /// Output pixels whose patches (`depth` elements each) a core's second-level cache holds beside the other operands.
    fn patch_block<T>(&self, depth: usize) -> usize {
        /// Half of the smallest second-level cache in common use.
        const PATCH_BYTES: usize = 256 << 10;
        /// Blocks enough for many threads.
        const BLOCKS: usize = 64;
        let fit = PATCH_BYTES / (depth * size_of::<T>()).max(1);
        let fair = self.pixels().div_ceil(BLOCKS);
        fit.min(fair).clamp(48, 1536).next_multiple_of(12)
    }
}
