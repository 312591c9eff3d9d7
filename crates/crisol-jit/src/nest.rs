//! From arrays of any shape and strides to calls of a kernel, which knows two loops.
//!
//! Axes are put in the order in which memory runs, those that all arguments walk alike are merged, the innermost becomes the
//! kernel's columns and the next its rows; the others are walked here.

use crate::operand::Axes;
use crate::sort_descending::sort_descending;
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
    /// Bytes of an element.
    pub size: usize,
    /// Bytes a step, an axis each: 0 where the argument is the same along the axis.
    pub strides: Axes<isize>,
    /// The reduction, of an output that is none of the axes'.
    pub reduce: Option<Reduction>,
}

/// The loops over arrays of one shape.
pub(crate) struct Nest {
    /// Walked here, outermost first.
    outer: Axes<Axis>,
    /// The kernel's own.
    rows: Axis,
    columns: Axis,
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
    sort_descending(&mut order, &reach);
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
        let columns = axes.pop().unwrap_or_else(|| {
            let strides = walks.iter().map(|walk| if walk.reduce.is_some() { 0 } else { walk.size as isize });
            Axis { size: 1, strides: strides.collect() }
        });
        let access = |(stride, walk): (&isize, &Walk)| match *stride {
            0 => Access::Broadcast,
            stride if stride == walk.size as isize => Access::Contiguous,
            _ => Access::Strided,
        };
        let accesses: Arguments<Access> = columns.strides.iter().zip(walks).map(access).collect();
        let outputs = walks.iter().zip(&accesses).skip(inputs);
        let role = |(walk, access): (&Walk, &Access)| match (walk.reduce, access) {
            (None, access) => Role::Store(*access),
            (Some(by), Access::Broadcast) => Role::ReduceColumns(by),
            (Some(by), _) => Role::ReduceRows(by),
        };
        let roles: Arguments<Role> = outputs.map(role).collect();
        let rows = match axes.pop() {
            Some(last) if takes_rows(&last, &roles) => last,
            other => {
                axes.extend(other);
                Axis { size: 1, strides: walks.iter().map(|_| 0).collect() }
            }
        };
        Nest { outer: axes, rows, columns, accesses, roles }
    }

    /// Calls `run` until all places have been visited; `pointers` are those of the first one, inputs, then outputs.
    pub(crate) fn run(&self, mut pointers: Arguments<*mut u8>, mut run: impl FnMut(&Call)) {
        let Nest { outer, rows, columns, .. } = self;
        if columns.size == 0 || rows.size == 0 || outer.iter().any(|axis| axis.size == 0) {
            return;
        }
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
}

/// Whether an axis can be the kernel's rows: what is combined over rows into `out[column]` stands still along them.
fn takes_rows(axis: &Axis, roles: &[Role]) -> bool {
    let outputs = axis.strides.iter().skip(axis.strides.len() - roles.len());
    outputs.zip(roles).all(|(stride, role)| !matches!(role, Role::ReduceRows(_)) || *stride == 0)
}
