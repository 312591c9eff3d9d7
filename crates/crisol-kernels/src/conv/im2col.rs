//! Patches: the input elements that each output pixel reads, laid out as the rows of a matrix, and the way back.

use super::Conv2d;
use crate::real::Real;
use std::ops::Range;

/// A pixel of the output: its image, row and column.
#[derive(Clone, Copy)]
pub(super) struct Pixel {
    image: usize,
    row: usize,
    col: usize,
}

/// Which kernel rows and which group of channels the patches cover.
#[derive(Clone)]
pub(super) struct Patch {
    pub(super) kernel_rows: Range<usize>,
    pub(super) group: usize,
}

impl Conv2d {
    /// The output pixels of a range, counted through the batch.
    fn pixels_of(&self, range: Range<usize>) -> impl Iterator<Item = Pixel> {
        let (height, width) = (self.out_height(), self.out_width());
        let mut pixel = Pixel {
            image: range.start / (height * width),
            row: range.start / width % height,
            col: range.start % width,
        };
        range.map(move |_| {
            let now = pixel;
            pixel.col += 1;
            if pixel.col == width {
                pixel.col = 0;
                pixel.row += 1;
                if pixel.row == height {
                    pixel.row = 0;
                    pixel.image += 1;
                }
            }
            now
        })
    }

    /// Kernel columns that fall inside the image for an output column, and the input column of the first of them (0 when
    /// there is none).
    fn inside_cols(&self, col: usize) -> (Range<usize>, usize) {
        let (start, dilation, left) = (col * self.stride[1], self.dilation[1], self.padding[1][0]);
        let first = left.saturating_sub(start).div_ceil(dilation).min(self.kernel[1]);
        let end = (self.in_width + left).saturating_sub(start).div_ceil(dilation).min(self.kernel[1]);
        if first >= end {
            return (end..end, 0);
        }
        (first..end, start + first * dilation - left)
    }

    /// The input row under a kernel row, when it is inside the image.
    fn inside_row(&self, row: usize, kernel_row: usize) -> Option<usize> {
        (row * self.stride[0] + kernel_row * self.dilation[0])
            .checked_sub(self.padding[0][0])
            .filter(|&row| row < self.in_height)
    }

    /// Writes the patches of some output pixels, [pixels, kernel rows, kernel cols, channels of the group].
    pub(super) fn gather<T: Real>(&self, x: &[T], pixels: Range<usize>, patch: &Patch, patches: &mut [T]) {
        let channels = self.group_inputs();
        let run = self.kernel[1] * channels;
        let depth = patch.kernel_rows.len() * run;
        if depth == 0 {
            return;
        }
        let adjacent = self.dilation[1] == 1 && self.groups == 1;
        for (pixel, values) in self.pixels_of(pixels).zip(patches.chunks_exact_mut(depth)) {
            let (cols, in_col) = self.inside_cols(pixel.col);
            for (kernel_row, values) in patch.kernel_rows.clone().zip(values.chunks_exact_mut(run)) {
                let Some(in_row) = self.inside_row(pixel.row, kernel_row) else {
                    values.fill(T::ZERO);
                    continue;
                };
                let start = ((pixel.image * self.in_height + in_row) * self.in_width + in_col) * self.in_channels;
                if cols.len() < self.kernel[1] {
                    values[..cols.start * channels].fill(T::ZERO);
                    values[cols.end * channels..].fill(T::ZERO);
                }
                let values = &mut values[cols.start * channels..cols.end * channels];
                if adjacent {
                    copy(&x[start..start + values.len()], values);
                    continue;
                }
                let start = start + patch.group * channels;
                let step = self.dilation[1] * self.in_channels;
                for (tap, values) in values.chunks_exact_mut(channels).enumerate() {
                    copy(&x[start + tap * step..][..channels], values);
                }
            }
        }
    }

    /// Adds the patches of some output pixels of one image to the input rows `rows` of that image, whose elements are
    /// `image_rows`; what falls on other rows is left out.
    pub(super) fn scatter<T: Real>(
        &self,
        patches: &[T],
        pixels: Range<usize>,
        group: usize,
        rows: &Range<usize>,
        image_rows: &mut [T],
    ) {
        let channels = self.group_inputs();
        let run = self.kernel[1] * channels;
        let step = self.dilation[1] * self.in_channels;
        for (pixel, values) in self.pixels_of(pixels).zip(patches.chunks_exact(self.depth().max(1))) {
            let (cols, in_col) = self.inside_cols(pixel.col);
            for (kernel_row, values) in values.chunks_exact(run.max(1)).enumerate() {
                let Some(in_row) = self.inside_row(pixel.row, kernel_row).filter(|row| rows.contains(row)) else {
                    continue;
                };
                let start = ((in_row - rows.start) * self.in_width + in_col) * self.in_channels + group * channels;
                let values = &values[cols.start * channels..cols.end * channels];
                if step == channels {
                    add(values, &mut image_rows[start..start + values.len()]);
                    continue;
                }
                for (tap, values) in values.chunks_exact(channels).enumerate() {
                    add(values, &mut image_rows[start + tap * step..][..channels]);
                }
            }
        }
    }

    /// The output rows that read any of the given input rows.
    pub(super) fn readers(&self, rows: &Range<usize>) -> Range<usize> {
        let (top, stride) = (self.padding[0][0], self.stride[0]);
        let span = (self.kernel[0] - 1) * self.dilation[0];
        let first = (rows.start + top).saturating_sub(span).div_ceil(stride);
        let end = match rows.end {
            0 => 0,
            end => ((end - 1 + top) / stride + 1).min(self.out_height()),
        };
        first.min(end)..end
    }
}

/// Copies a short run; runs of a few elements are not worth a call to memcpy.
#[inline(always)]
fn copy<T: Real>(from: &[T], to: &mut [T]) {
    if to.len() <= 16 {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = from;
        }
    } else {
        to.copy_from_slice(from);
    }
}

#[inline(always)]
fn add<T: Real>(from: &[T], to: &mut [T]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to += from;
    }
}
