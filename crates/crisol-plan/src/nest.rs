//! Loop nests: axes that every argument walks alike are merged, and the space is cut into chunks by shape alone.
//!
//! The innermost axis is the kernel's columns, the one outside it its rows; the rest is walked by an odometer. All axes but
//! the columns together are the row space, numbered row-major: a chunk is a range of it and a range of columns.

use crisol_ir::shape::MAX_RANK;
use crisol_ir::{Layout, Shape};
use smallvec::{SmallVec, smallvec};

/// Elements that make a chunk worth its dispatch.
const CHUNK: usize = 32 << 10;
/// More parts than this are not needed to feed the threads of a machine.
const MAX_PARTS: usize = 64;
/// Blocks of rows, at most: enough for many threads, and small enough to stay in a cache.
const MAX_BLOCKS: usize = 256;
/// Fewer rows than this make no block: matrix products want some.
const MIN_BLOCK: usize = 16;
/// Columns that one row of a reduction combines before it is cut into parts.
const SEGMENT: usize = 16 << 10;
/// Results up to which a reduction may have partial results.
const MAX_PARTIAL: usize = 16 << 10;

/// Rows of a block where `rows` are gone through block by block. It is a function of the rows alone, so that reductions over them have
/// the same partial results whatever runs beside them.
pub(crate) fn row_block(rows: usize) -> usize {
    rows.div_ceil(MAX_BLOCKS).max(MIN_BLOCK)
}

/// How an argument moves: bytes a step of each axis, from a first byte.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Walk {
    pub(crate) offset: isize,
    pub(crate) strides: SmallVec<[isize; MAX_RANK]>,
}

impl Walk {
    /// The walk over a layout of elements of `size` bytes.
    pub(crate) fn over(layout: &Layout, size: usize) -> Walk {
        let size = size as isize;
        let strides = &layout.strides[..layout.shape.rank()];
        // The offset is that of an element, so its bytes fit; strides may be any where sizes are 0.
        Walk {
            offset: layout.offset as isize * size,
            strides: strides.iter().map(|&stride| stride.wrapping_mul(size)).collect(),
        }
    }

    /// The walk over what is left of a shape without some axes: it stands still along those.
    pub(crate) fn reduced(shape: &Shape, axes: &[usize], size: usize) -> Walk {
        let kept = shape.without(axes).strides();
        let mut next = 0;
        let strides = (0..shape.rank()).map(|axis| {
            if axes.contains(&axis) {
                return 0;
            }
            next += 1;
            kept[next - 1].wrapping_mul(size as isize)
        });
        Walk { offset: 0, strides: strides.collect() }
    }
}

/// How reductions of a nest walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Nothing is reduced.
    None,
    /// Along the columns.
    Columns,
    /// Along the rows.
    Rows,
}

/// What the chunks of a nest have partial results for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Partial {
    /// Every chunk has results of its own.
    None,
    /// Each range of rows.
    Rows,
    /// Each range of columns.
    Columns,
}

/// A loop nest in merged form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Nest {
    /// The sizes of the axes, the columns last; never empty.
    pub(crate) sizes: SmallVec<[usize; MAX_RANK]>,
    pub(crate) walks: Vec<Walk>,
    /// What a step of each axis adds to the position number.
    pub(crate) positions: SmallVec<[u64; MAX_RANK]>,
    pub(crate) direction: Direction,
    /// Whether the kernel takes the axis outside the columns as its rows; else one row at a time.
    pub(crate) by_rows: bool,
    pub(crate) row_space: usize,
    pub(crate) rows_a_chunk: usize,
    pub(crate) columns_a_chunk: usize,
    pub(crate) partial: Partial,
}

struct Axis {
    size: usize,
    reduced: bool,
    steps: SmallVec<[isize; 8]>,
    position: u64,
}

impl Nest {
    /// The nest over `shape` whose arguments walk as given, reducing over `axes`.
    ///
    /// `None` if a reduction would not combine its elements in the order that its shape demands, which is the case when the
    /// innermost of them do not merge into one axis.
    pub(crate) fn new(
        shape: &Shape,
        walks: Vec<Walk>,
        positioned: bool,
        axes: &[usize],
        reduces: bool,
    ) -> Option<Nest> {
        let own = shape.strides();
        let mut merged: SmallVec<[Axis; MAX_RANK]> = SmallVec::new();
        for axis in 0..shape.rank() {
            if shape[axis] == 1 {
                continue;
            }
            let next = Axis {
                size: shape[axis],
                reduced: axes.contains(&axis),
                steps: walks.iter().map(|walk| walk.strides[axis]).collect(),
                position: if positioned { own[axis] as u64 } else { 0 },
            };
            let fits = merged.last().is_some_and(|outer| {
                let along = |(outer, inner): (&isize, &isize)| *outer == inner.wrapping_mul(next.size as isize);
                outer.reduced == next.reduced
                    && outer.steps.iter().zip(&next.steps).all(along)
                    && outer.position == next.position.wrapping_mul(next.size as u64)
            });
            match merged.last_mut() {
                Some(outer) if fits => *outer = Axis { size: outer.size * next.size, ..next },
                _ => merged.push(next),
            }
        }
        let runs = runs(shape, axes);
        let inner_reduced = match runs.last() {
            Some(&(_, reduced)) => reduced,
            // A single element: the direction of the last axis, for the sake of one kernel for all sizes.
            None => shape.rank() > 0 && axes.contains(&(shape.rank() - 1)),
        };
        let direction = match (reduces, inner_reduced) {
            (false, _) => Direction::None,
            (true, true) => Direction::Columns,
            (true, false) => Direction::Rows,
        };
        if direction == Direction::Columns
            && shape.elements() > 0
            && let [.., outer, last] = &merged[..]
            && outer.reduced
            && last.reduced
        {
            return None;
        }
        if merged.is_empty() {
            merged.push(Axis { size: 1, reduced: false, steps: smallvec![0; walks.len()], position: 0 });
        }
        let by_rows = match (direction, &merged[..]) {
            (Direction::Rows, [.., outer, _]) => outer.reduced,
            _ => true,
        };
        let sizes: SmallVec<[usize; MAX_RANK]> = merged.iter().map(|axis| axis.size).collect();
        let columns = sizes[sizes.len() - 1];
        let row_space = sizes[..sizes.len() - 1].iter().product();
        let mut nest = Nest {
            walks: walks
                .iter()
                .enumerate()
                .map(|(number, walk)| Walk {
                    offset: walk.offset,
                    strides: merged.iter().map(|axis| axis.steps[number]).collect(),
                })
                .collect(),
            positions: merged.iter().map(|axis| axis.position).collect(),
            sizes,
            direction,
            by_rows,
            row_space,
            rows_a_chunk: row_space.max(1),
            columns_a_chunk: columns.max(1),
            partial: Partial::None,
        };
        nest.cut(&runs);
        Some(nest)
    }

    /// Elements of the columns' axis.
    pub(crate) fn columns(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }

    /// All places of the loops.
    pub(crate) fn elements(&self) -> usize {
        self.row_space * self.columns()
    }

    /// Ranges of rows and ranges of columns.
    pub(crate) fn chunk_grid(&self) -> (usize, usize) {
        if self.elements() == 0 {
            return (0, 0);
        }
        (self.row_space.div_ceil(self.rows_a_chunk), self.columns().div_ceil(self.columns_a_chunk))
    }

    /// How many partial results each result has; 1 means that there are none.
    pub(crate) fn parts(&self) -> usize {
        match self.partial {
            Partial::None => 1,
            Partial::Rows => self.chunk_grid().0,
            Partial::Columns => self.chunk_grid().1,
        }
    }

    /// Cuts the space into chunks. Where that decides the order of a reduction, only the runs of kept and reduced axes, and
    /// so the shape, have a say.
    fn cut(&mut self, runs: &[(usize, bool)]) {
        let columns = self.columns();
        if self.elements() == 0 {
            return;
        }
        match (self.direction, runs) {
            (Direction::None, _) | (_, [] | [(_, false)]) => self.cut_freely(),
            (Direction::Columns, [(length, true)] | [(_, false), (length, true)]) => {
                if *length > SEGMENT {
                    self.columns_a_chunk = SEGMENT.max(length.div_ceil(MAX_PARTS).next_multiple_of(1024));
                    self.partial = Partial::Columns;
                }
                self.rows_a_chunk = (CHUNK / columns.max(1)).clamp(1, self.row_space.max(1));
            }
            (_, [(outer, reduced), ..]) => {
                // Row-space numbers that one step of the outermost run covers.
                let step = (self.row_space / outer).max(1);
                let inside: usize = runs[1..].iter().map(|(size, _)| size).product();
                let worth = CHUNK.div_ceil(inside.max(1));
                if *reduced {
                    let results: usize = runs.iter().filter(|(_, reduced)| !reduced).map(|(size, _)| size).product();
                    let length = row_block(*outer);
                    if results <= MAX_PARTIAL && length < *outer {
                        self.rows_a_chunk = length * step;
                        self.partial = Partial::Rows;
                    }
                } else {
                    self.rows_a_chunk = worth.min(*outer) * step;
                }
                if self.direction == Direction::Rows && self.partial == Partial::None {
                    self.columns_a_chunk = columns.clamp(1, SEGMENT);
                }
            }
        }
    }

    /// Chunks for nests in which every place has a result of its own.
    fn cut_freely(&mut self) {
        if self.elements() <= 2 * CHUNK {
            return;
        }
        self.columns_a_chunk = self.columns().clamp(1, CHUNK);
        self.rows_a_chunk = (CHUNK / self.columns_a_chunk).max(1);
    }
}

/// The sizes of alternating runs of kept and reduced axes, those of size 1 left out: what the order of a reduction follows
/// from.
fn runs(shape: &Shape, axes: &[usize]) -> SmallVec<[(usize, bool); MAX_RANK]> {
    let mut runs: SmallVec<[(usize, bool); MAX_RANK]> = SmallVec::new();
    for axis in (0..shape.rank()).filter(|&axis| shape[axis] != 1) {
        let reduced = axes.contains(&axis);
        match runs.last_mut() {
            Some((size, same)) if *same == reduced => *size *= shape[axis],
            _ => runs.push((shape[axis], reduced)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(sizes: &[usize]) -> Shape {
        Shape::new(sizes).unwrap()
    }

    fn whole(sizes: &[usize]) -> Walk {
        Walk::over(&Layout::contiguous(shape(sizes)), 4)
    }

    fn bias(sizes: &[usize]) -> Walk {
        let mut walk = whole(sizes);
        let last = walk.strides.len() - 1;
        walk.strides[..last].fill(0);
        walk
    }

    #[test]
    fn axes_merge_where_all_arguments_agree() {
        let sizes = [2, 3, 1, 4];
        let nest = Nest::new(&shape(&sizes), vec![whole(&sizes)], false, &[], false).unwrap();
        assert_eq!(nest.sizes[..], [24]);
        let nest = Nest::new(&shape(&sizes), vec![whole(&sizes), bias(&sizes)], false, &[], false).unwrap();
        assert_eq!(nest.sizes[..], [6, 4]);
        assert_eq!(nest.walks[1].strides[..], [0, 4]);
    }

    #[test]
    fn the_cut_of_a_reduction_ignores_what_else_the_kernel_reads() {
        let sizes = [64, 100, 100, 32];
        let out = Walk::reduced(&shape(&sizes), &[0, 1, 2], 4);
        let alone = Nest::new(&shape(&sizes), vec![whole(&sizes), out.clone()], false, &[0, 1, 2], true).unwrap();
        let mut scale = whole(&sizes);
        scale.strides[..].copy_from_slice(&[128, 0, 0, 4]);
        let fused = Nest::new(&shape(&sizes), vec![whole(&sizes), scale, out], false, &[0, 1, 2], true).unwrap();
        assert_eq!((alone.direction, alone.partial), (Direction::Rows, Partial::Rows));
        assert_eq!(alone.sizes[..], [640_000, 32]);
        assert_eq!(fused.sizes[..], [64, 10_000, 32]);
        assert_eq!(alone.rows_a_chunk, fused.rows_a_chunk);
    }

    #[test]
    fn chunks_that_share_results_have_partial_ones() {
        let nest = |sizes: &[usize], axes: &[usize]| {
            let walks = vec![whole(sizes), Walk::reduced(&shape(sizes), axes, 4)];
            let nest = Nest::new(&shape(sizes), walks, false, axes, true).unwrap();
            (nest.partial, nest.parts(), nest.chunk_grid())
        };
        assert_eq!(nest(&[300_000], &[0]), (Partial::Columns, 19, (1, 19)));
        assert_eq!(nest(&[3, 100_000], &[1]), (Partial::Columns, 7, (3, 7)));
        assert_eq!(nest(&[16_384], &[0]), (Partial::None, 1, (1, 1)));
        assert_eq!(nest(&[100_000, 4], &[0]), (Partial::Rows, 256, (256, 1)));
        assert_eq!(nest(&[2, 200_000], &[0]), (Partial::None, 1, (1, 13)));
        assert_eq!(nest(&[40, 3, 5000], &[0, 2]), (Partial::Rows, 3, (3, 1)));
        assert_eq!(nest(&[20, 9000, 3], &[1]), (Partial::None, 1, (10, 1)));
    }

    #[test]
    fn columns_that_do_not_merge_are_refused() {
        let sizes = [8, 10];
        let out = Walk::reduced(&shape(&sizes), &[0, 1], 4);
        let walks = vec![whole(&sizes), bias(&sizes), out.clone()];
        assert!(Nest::new(&shape(&sizes), walks, false, &[0, 1], true).is_none());
        assert!(Nest::new(&shape(&sizes), vec![whole(&sizes), out], false, &[0, 1], true).is_some());
    }

    #[test]
    fn a_batch_of_one_keeps_the_direction() {
        for batch in [1, 7] {
            let sizes = [batch, 10];
            let walks = vec![whole(&sizes), Walk::reduced(&shape(&sizes), &[0], 4)];
            let nest = Nest::new(&shape(&sizes), walks, false, &[0], true).unwrap();
            assert_eq!(nest.direction, Direction::Rows);
        }
    }
}
