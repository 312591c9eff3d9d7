//! From arrays of any shape and strides to calls of a kernel, which knows two loops.
//!
//! Axes are put in the order in which memory runs, those that all arguments walk alike are merged, the innermost becomes the
//! kernel's columns and the next its rows; the others are walked here.

use crate::operand::Axes;
use crisol_ir::kernel::{Access, Call, Role};
use crisol_ir::primitive::Reduction;
use smallvec::SmallVec;

/// A number an argument.
pub(crate) type Arguments<T> = SmallVec<[T; 8]>;

/// Below this many columns a loop over vectors has hardly begun.
const SHORT: usize = 16;

/// How an argument moves along the axes of the domain.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub pointer: *mut u8,
    /// Bytes of an element.
    pub size: usize,
    /// Bytes a step, an axis each: 0 where the argument is the same along the axis.
    pub strides: Axes<isize>,
    /// The reduction, of an output that is none of the axes'.
    pub reduce: Option<Reduction>,
}

/// The loops of one run.
pub(crate) struct Nest {
    /// Outermost first.
    axes: Axes<Axis>,
    /// How arguments move along the columns: inputs, then outputs.
    pub accesses: Arguments<Access>,
    pub roles: Arguments<Role>,
}

#[derive(Clone, Debug)]
struct Axis {
    size: usize,
    strides: Arguments<isize>,
}

/// The axes of `sizes` from the outermost loop to the innermost, without those of size 1.
pub(crate) fn order(sizes: &[usize], walks: &[Walk]) -> Axes<usize> {
    let mut order: Axes<usize> = (0..sizes.len()).filter(|axis| sizes[*axis] != 1).collect();
    let reach = |axis: usize| -> usize {
        let arrays = walks.iter().filter(|walk| walk.reduce.is_none());
        arrays.map(|walk| walk.strides[axis].unsigned_abs()).fold(0, usize::saturating_add)
    };
    order.sort_by_key(|&axis| std::cmp::Reverse(reach(axis)));
    // Many short rows of a map are better walked the other way.
    if let [.., last] = order[..]
        && sizes[last] < SHORT
        && walks.iter().all(|walk| walk.reduce.is_none())
        && let Some(longest) = (0..order.len()).max_by_key(|&place| sizes[order[place]])
        && sizes[order[longest]] >= 4 * SHORT
    {
        let axis = order.remove(longest);
        order.push(axis);
    }
    order
}

impl Nest {
    /// The loops over `sizes` in the given order; the first `inputs` walks are inputs.
    pub(crate) fn new(sizes: &[usize], order: &[usize], walks: &[Walk], inputs: usize) -> Nest {
        let mut axes: Axes<Axis> = SmallVec::new();
        for &axis in order {
            let next = Axis { size: sizes[axis], strides: walks.iter().map(|walk| walk.strides[axis]).collect() };
            let merges = |outer: &Axis| {
                let strides = outer.strides.iter().zip(&next.strides);
                strides.into_iter().all(|(outer, inner)| *outer == inner.wrapping_mul(next.size as isize))
            };
            match axes.last_mut() {
                Some(outer) if merges(outer) => *outer = Axis { size: outer.size * next.size, ..next },
                _ => axes.push(next),
            }
        }
        if axes.is_empty() {
            let strides = walks.iter().map(|walk| if walk.reduce.is_some() { 0 } else { walk.size as isize });
            axes.push(Axis { size: 1, strides: strides.collect() });
        }
        let columns = &axes[axes.len() - 1].strides;
        let access = |(stride, walk): (&isize, &Walk)| match *stride {
            0 => Access::Broadcast,
            stride if stride == walk.size as isize => Access::Contiguous,
            _ => Access::Strided,
        };
        let accesses: Arguments<Access> = columns.iter().zip(walks).map(access).collect();
        let roles = walks.iter().zip(&accesses).skip(inputs).map(|(walk, access)| match (walk.reduce, access) {
            (None, access) => Role::Store(*access),
            (Some(by), Access::Broadcast) => Role::ReduceColumns(by),
            (Some(by), _) => Role::ReduceRows(by),
        });
        let roles = roles.collect();
        Nest { axes, accesses, roles }
    }

    /// Calls `run` until all places have been visited.
    pub(crate) fn run(&self, walks: &[Walk], mut run: impl FnMut(&Call)) {
        let (columns, outer) = self.axes.split_last().map_or((None, &[][..]), |(last, rest)| (Some(last), rest));
        let Some(columns) = columns else { return };
        if self.axes.iter().any(|axis| axis.size == 0) {
            return;
        }
        let none: Arguments<isize> = walks.iter().map(|_| 0).collect();
        let (rows, outer) = match outer.split_last() {
            Some((rows, rest)) if self.takes_rows(rows) => (rows, rest),
            _ => (&Axis { size: 1, strides: none }, outer),
        };
        let mut pointers: Arguments<*mut u8> = walks.iter().map(|walk| walk.pointer).collect();
        let mut index: Axes<usize> = outer.iter().map(|_| 0).collect();
        loop {
            run(&Call {
                pointers: pointers.as_ptr(),
                row_strides: rows.strides.as_ptr(),
                column_strides: columns.strides.as_ptr(),
                rows: rows.size,
                columns: columns.size,
                position: 0,
                position_row_step: 0,
                position_column_step: 0,
            });
            // The next place of the outer axes, the innermost of them fastest.
            let mut axis = outer.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                let Axis { size, strides } = &outer[axis];
                index[axis] += 1;
                let wrapped = index[axis] == *size;
                for (pointer, stride) in pointers.iter_mut().zip(strides) {
                    let back = if wrapped { stride.wrapping_mul(*size as isize - 1) } else { 0 };
                    let step = if wrapped { back.wrapping_neg() } else { *stride };
                    *pointer = pointer.wrapping_offset(step);
                }
                if !wrapped {
                    break;
                }
                index[axis] = 0;
            }
        }
    }

    /// Whether an axis can be the kernel's rows: what is combined over rows into `out[column]` stands still along them.
    fn takes_rows(&self, axis: &Axis) -> bool {
        let outputs = axis.strides.iter().skip(axis.strides.len() - self.roles.len());
        outputs.zip(&self.roles).all(|(stride, role)| !matches!(role, Role::ReduceRows(_)) || *stride == 0)
    }
}
