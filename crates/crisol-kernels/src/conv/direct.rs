//! Direct convolution: tiles of outputs straight from the image, with no patches in between.
//!
//! Where there is padding, the rows that a chunk reads are first copied between zeros, so that the tile meets no edge.

use super::Conv2d;
use crate::blocks::RowBlocks;
use crate::matmul::{Epilogue, merge};
use crate::pool::parallel_for;
use crate::real::Real;
use crate::shared::SharedSlice;
use crate::tile::Tile;
use std::ops::Range;

/// Beyond this many taps times channels the kernel no longer stays in a first-level cache, and packed products win.
const MAX_DEPTH: usize = 640;
/// Narrower outputs leave most of a tile's rows unused.
const MIN_WIDTH: usize = 6;
/// Multiplications that make a chunk worth its dispatch.
const CHUNK_WORK: usize = 1 << 19;

impl Conv2d {
    /// Whether tiles straight from the image are the better way.
    pub(super) fn is_direct<T: Real>(&self) -> bool {
        let wide = 4 * self.group_outputs() >= T::tile_size()[1] && self.out_width() >= MIN_WIDTH;
        wide && (1..=MAX_DEPTH).contains(&self.depth())
    }

    /// Output rows of an image that make a chunk.
    pub(super) fn direct_rows(&self) -> usize {
        let row_work = self.out_width() * self.out_channels * self.depth();
        CHUNK_WORK.div_ceil(row_work).max(4 * usize::from(self.window_len(1) > 0))
    }

    /// Input rows and columns from the first to the last tap.
    fn span(&self, axis: usize) -> usize {
        (self.kernel[axis] - 1) * self.dilation[axis] + 1
    }

    /// Runs of neighbouring taps: where each starts, given the distance between image rows, and how long they are.
    fn runs(&self, pitch: usize, group: usize) -> (Vec<usize>, usize) {
        let inputs = self.group_inputs();
        let joined = self.dilation[1] == 1 && self.groups == 1;
        let cols = if joined { 1 } else { self.kernel[1] };
        let place = |tap: usize| {
            let (row, col) = (tap / cols, tap % cols);
            row * self.dilation[0] * pitch + col * self.dilation[1] * self.in_channels + group * inputs
        };
        let length = if joined { self.kernel[1] * inputs } else { inputs };
        ((0..self.kernel[0] * cols).map(place).collect(), length)
    }

    /// Elements of scratch that `window` needs for this many output rows.
    fn window_len(&self, rows: usize) -> usize {
        if self.padding == [[0; 2]; 2] {
            return 0;
        }
        ((rows - 1) * self.stride[0] + self.span(0)) * self.window_pitch()
    }

    /// Elements between two rows of a window.
    fn window_pitch(&self) -> usize {
        if self.padding == [[0; 2]; 2] {
            return self.in_width * self.in_channels;
        }
        ((self.out_width() - 1) * self.stride[1] + self.span(1)) * self.in_channels
    }

    /// What some output rows of an image read, padding included, starting at the first tap of the first of them.
    fn window<'a, T: Real>(&self, x: &'a [T], image: usize, rows: &Range<usize>, scratch: &'a mut [T]) -> &'a [T] {
        let row_length = self.in_width * self.in_channels;
        let image = &x[image * self.in_height * row_length..][..self.in_height * row_length];
        if self.padding == [[0; 2]; 2] {
            return &image[rows.start * self.stride[0] * row_length..];
        }
        let pitch = self.window_pitch();
        let [top, left] = [self.padding[0][0], self.padding[1][0] * self.in_channels];
        for (index, scratch) in scratch.chunks_exact_mut(pitch).enumerate() {
            let row = (rows.start * self.stride[0] + index).checked_sub(top).filter(|&row| row < self.in_height);
            let Some(row) = row else {
                scratch.fill(T::ZERO);
                continue;
            };
            let left = left.min(pitch);
            let length = row_length.min(pitch - left);
            scratch[..left].fill(T::ZERO);
            scratch[left..left + length].copy_from_slice(&image[row * row_length..][..length]);
            scratch[left + length..].fill(T::ZERO);
        }
        scratch
    }

    /// Asserts that tiles of these output rows stay inside the window.
    fn check_window<T>(&self, window: &[T], rows: usize) {
        let last_row = (rows - 1) * self.stride[0] + self.span(0) - 1;
        let last_col = (self.out_width() - 1) * self.stride[1] + self.span(1);
        assert!(last_row * self.window_pitch() + last_col * self.in_channels <= window.len(), "window too small");
    }
}

/// `out = conv2d(x, w)`, chunks of some rows of one output image. The slices have the geometry's lengths.
pub(super) fn forward<T: Real>(
    geometry: &Conv2d,
    x: &[T],
    w: &[T],
    out: &mut [T],
    blocks: RowBlocks,
    epilogue: Option<Epilogue<'_, T>>,
) {
    let (height, width, outputs) = (geometry.out_height(), geometry.out_width(), geometry.out_channels);
    let pitch = geometry.window_pitch();
    let [most_rows, channels] = T::tile_size();
    let tile_rows = balanced(width, most_rows);
    let runs: Vec<_> = (0..geometry.groups).map(|group| geometry.runs(pitch, group)).collect();
    let shared = SharedSlice::new(out);
    parallel_for(blocks.count(), &|chunk| {
        let pixels = blocks.rows(chunk);
        let image = pixels.start / (height * width);
        let start = pixels.start / width % height;
        let rows = start..start + pixels.len() / width;
        T::with_scratch(geometry.window_len(rows.len()), |scratch| {
            let window = geometry.window(x, image, &rows, scratch);
            geometry.check_window(window, rows.len());
            for (group, (runs, run)) in runs.iter().enumerate() {
                for column in tiles(geometry.group_outputs(), channels) {
                    let first = group * geometry.group_outputs() + column.start;
                    for row in rows.clone() {
                        for cols in tiles(width, tile_rows) {
                            let place = (row - rows.start) * geometry.stride[0] * pitch
                                + cols.start * geometry.stride[1] * geometry.in_channels;
                            let pixel = (image * height + row) * width + cols.start;
                            // SAFETY: the size is a tile's. The window was checked against the last tap of its last pixel; the kernel has `depth` rows of `outputs`;
                            // the pixels' rows belong to this chunk.
                            unsafe {
                                T::compute(&Tile {
                                    x: window.as_ptr().add(place),
                                    x_row: geometry.stride[1] * geometry.in_channels,
                                    runs,
                                    run: [*run, 1],
                                    v: w.as_ptr().add(first),
                                    v_step: outputs,
                                    out: shared.pointer(pixel * outputs + first),
                                    out_row: outputs,
                                    size: [cols.len(), column.len()],
                                    accumulate: false,
                                });
                            }
                        }
                    }
                }
            }
        });
        if let Some(epilogue) = epilogue {
            // SAFETY: the pixels belong to this chunk alone.
            let values = unsafe { shared.range(pixels.start * outputs..pixels.end * outputs) };
            epilogue(pixels, values);
        }
    });
}

/// `grad_w`, as sums over parts of the output rows that are then added up in order. The slices have the geometry's lengths.
pub(super) fn weight_gradient<T: Real>(geometry: &Conv2d, x: &[T], grad_out: &[T], grad_w: &mut [T]) {
    /// Steps of a tile: enough to pay for loading and storing its sums.
    const STEPS: usize = 128;
    /// Parts enough for many threads.
    const PARTS: usize = 16;
    /// Elements that all partial sums may take together.
    const PARTIALS: usize = 1 << 21;
    let (height, width, outputs) = (geometry.out_height(), geometry.out_width(), geometry.out_channels);
    let all_rows = geometry.batch * height;
    let [most_rows, channels] = T::tile_size();
    let row_work = width * outputs * geometry.depth();
    let most = (PARTIALS / grad_w.len()).clamp(1, PARTS);
    let part = all_rows.div_ceil(most).max(CHUNK_WORK.div_ceil(row_work)).min(all_rows);
    let parts = all_rows.div_ceil(part);
    let block = STEPS.div_ceil(width).min(height);
    let pitch = geometry.window_pitch();
    let runs: Vec<_> = (0..geometry.groups).map(|group| geometry.runs(pitch, group)).collect();
    let row_starts: Vec<_> = (0..block).map(|row| row * geometry.stride[0] * pitch).collect();
    let length = grad_w.len();
    T::with_scratch(parts * length, |partials| {
        let shared = SharedSlice::new(partials);
        parallel_for(parts, &|index| {
            // SAFETY: each chunk has the sums of its own part.
            let sums = unsafe { shared.range(index * length..(index + 1) * length) };
            sums.fill(T::ZERO);
            let end = ((index + 1) * part).min(all_rows);
            T::with_scratch(geometry.window_len(block), |scratch| {
                let mut next = index * part;
                while next < end {
                    let (image, row) = (next / height, next % height);
                    let rows = row..(row + block).min(height).min(row + end - next);
                    let used = geometry.window_len(rows.len());
                    let window = geometry.window(x, image, &rows, &mut scratch[..used]);
                    geometry.check_window(window, rows.len());
                    let grad_out = &grad_out[next * width * outputs..][..rows.len() * width * outputs];
                    for (group, (runs, run)) in runs.iter().enumerate() {
                        for (index, &place) in runs.iter().enumerate() {
                            for taps in tiles(*run, balanced(*run, most_rows)) {
                                for column in tiles(geometry.group_outputs(), channels) {
                                    let first = group * geometry.group_outputs() + column.start;
                                    let at = (index * run + taps.start) * outputs + first;
                                    // SAFETY: the size is a tile's. The window was checked against the last tap of its last pixel; `grad_out` holds a row of
                                    // `outputs` for each pixel; `at` is a place of `sums`, with `taps` rows below it.
                                    unsafe {
                                        T::compute(&Tile {
                                            x: window.as_ptr().add(place + taps.start),
                                            x_row: 1,
                                            runs: &row_starts[..rows.len()],
                                            run: [width, geometry.stride[1] * geometry.in_channels],
                                            v: grad_out.as_ptr().add(first),
                                            v_step: outputs,
                                            out: sums.as_mut_ptr().add(at),
                                            out_row: outputs,
                                            size: [taps.len(), column.len()],
                                            accumulate: true,
                                        });
                                    }
                                }
                            }
                        }
                    }
                    next += rows.len();
                }
            });
        });
        merge(partials, grad_w);
    });
}

/// The size of equal pieces of `length`, none longer than `most`.
fn balanced(length: usize, most: usize) -> usize {
    length.div_ceil(length.div_ceil(most))
}

/// `0..length` in pieces of `size` and a rest.
fn tiles(length: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length).step_by(size).map(move |start| start..(start + size).min(length))
}
