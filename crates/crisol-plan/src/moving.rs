//! Operations that run as a whole on elements of any type: joining, choosing and adding up by index, running sums,
//! orders.

use crisol_ir::primitive::Library;
use crisol_ir::{Attributes, DType, Error, ErrorKind, Result, TensorType};
use crisol_kernels::{
    Additive, Choice, ChoiceError, GeometryError, Index, Order, Ordered, argsort, concatenate, cumsum, gather,
    scatter_add,
};
use crisol_ops::{ArgsortAttributes, CumsumAttributes};

/// What runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moving {
    Concatenate {
        rows: usize,
    },
    /// With the type of the indices.
    Gather(Choice, DType),
    ScatterAdd(Choice, DType),
    Cumsum {
        sizes: [usize; 3],
        reverse: bool,
    },
    /// With the type of the elements.
    Argsort(Order, DType),
}

/// The elements of an operand or a result, as bytes.
#[derive(Clone, Copy)]
pub(crate) struct Elements<P> {
    pub(crate) start: P,
    pub(crate) count: usize,
}

impl Elements<*const u8> {
    /// # Safety
    /// They are readable as elements of `T`.
    unsafe fn of<'a, T>(self) -> &'a [T] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(self.start.cast(), self.count) }
    }
}

impl Elements<*mut u8> {
    /// # Safety
    /// They are writable as elements of `T`, and nobody else's meanwhile.
    unsafe fn of_mut<'a, T>(self) -> &'a mut [T] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.cast(), self.count) }
    }
}

/// Runs an expression with `$ty` as an integer type as wide as the elements: moving does not ask what bits mean.
macro_rules! with_width {
    ($dtype:expr, $ty:ident => $body:expr) => {
        match $dtype.size() {
            1 => {
                type $ty = u8;
                $body
            }
            2 => {
                type $ty = u16;
                $body
            }
            4 => {
                type $ty = u32;
                $body
            }
            _ => {
                type $ty = u64;
                $body
            }
        }
    };
}

impl Moving {
    /// The routine of a library operation; `None` if it moves nothing.
    pub(crate) fn new(
        library: Library,
        attributes: &Attributes,
        inputs: &[TensorType],
        out: TensorType,
    ) -> Option<Moving> {
        match (library, inputs) {
            (Library::Concatenate, _) => {
                let axis = usize::try_from(*attributes.numbers().first()?).ok()?;
                Some(Moving::Concatenate { rows: out.shape.get(..axis)?.iter().product() })
            }
            (Library::Gather, [x, indices]) => Some(Moving::Gather(choice(*x, *indices, out)?, indices.dtype)),
            (Library::ScatterAdd, [indices, updates]) => {
                Some(Moving::ScatterAdd(choice(out, *indices, *updates)?, indices.dtype))
            }
            (Library::Cumsum, [x]) => {
                let how = CumsumAttributes::decode(attributes, x.shape).ok()?;
                Some(Moving::Cumsum { sizes: around(*x, how.axis), reverse: how.reverse })
            }
            (Library::Argsort, [x]) => {
                let how = ArgsortAttributes::decode(attributes, x.shape).ok()?;
                let [outer, size, inner] = around(*x, how.axis);
                let order = Order { outer, size, inner, count: how.count, descending: how.descending };
                Some(Moving::Argsort(order, x.dtype))
            }
            _ => None,
        }
    }

    /// Runs the operation.
    ///
    /// # Safety
    /// The operands hold elements of their types, the result room for those of `dtype`, and nobody else touches it
    /// meanwhile.
    pub(crate) unsafe fn run(
        self,
        dtype: DType,
        operands: &[Elements<*const u8>],
        out: Elements<*mut u8>,
    ) -> Result<()> {
        // SAFETY: passed on.
        unsafe {
            match (self, operands) {
                (Moving::Concatenate { rows }, _) => with_width!(dtype, T => {
                    let parts: Vec<&[T]> = operands.iter().map(|operand| operand.of()).collect();
                    concatenate(rows, &parts, out.of_mut()).map_err(|error| broken(&error))
                }),
                (Moving::Gather(choice, index), [x, indices]) => {
                    with_width!(dtype, T => choose::<T>(&choice, index, *x, *indices, out))
                }
                (Moving::ScatterAdd(choice, index), [indices, updates]) => match dtype {
                    DType::I32 => add_up::<i32>(&choice, index, *indices, *updates, out),
                    DType::I64 => add_up::<i64>(&choice, index, *indices, *updates, out),
                    DType::F64 => add_up::<f64>(&choice, index, *indices, *updates, out),
                    _ => add_up::<f32>(&choice, index, *indices, *updates, out),
                },
                (Moving::Cumsum { sizes, reverse }, [x]) => {
                    let done = match dtype {
                        DType::I32 => cumsum::<i32>(sizes, reverse, x.of(), out.of_mut()),
                        DType::I64 => cumsum::<i64>(sizes, reverse, x.of(), out.of_mut()),
                        DType::F64 => cumsum::<f64>(sizes, reverse, x.of(), out.of_mut()),
                        _ => cumsum::<f32>(sizes, reverse, x.of(), out.of_mut()),
                    };
                    done.map_err(|error| broken(&error))
                }
                (Moving::Argsort(order, of), [x]) => {
                    let done = match of {
                        DType::U8 => order_of::<u8>(&order, *x, out),
                        DType::I32 => order_of::<i32>(&order, *x, out),
                        DType::I64 => order_of::<i64>(&order, *x, out),
                        DType::F64 => order_of::<f64>(&order, *x, out),
                        _ => order_of::<f32>(&order, *x, out),
                    };
                    done.map_err(|error| broken(&error))
                }
                _ => Err(Error::new(ErrorKind::Internal, "operands that its rule does not allow")),
            }
        }
    }
}

/// The sizes before an axis, of it, and behind it.
fn around(ty: TensorType, axis: usize) -> [usize; 3] {
    [ty.shape[..axis].iter().product(), ty.shape[axis], ty.shape[axis + 1..].iter().product()]
}

/// # Safety
/// As [`Moving::run`], `T` being the type of the elements.
unsafe fn order_of<T: Ordered>(
    order: &Order,
    x: Elements<*const u8>,
    out: Elements<*mut u8>,
) -> Result<(), GeometryError> {
    // SAFETY: passed on.
    unsafe { argsort(order, x.of::<T>(), out.of_mut()) }
}

/// The choice among `elements` (`[outer, size, inner]`) that gives `chosen` (`[outer, count, inner]`).
fn choice(elements: TensorType, indices: TensorType, chosen: TensorType) -> Option<Choice> {
    let (&[outer, size, inner], &[index_outer, count, index_inner]) = (elements.shape.sizes(), indices.shape.sizes())
    else {
        return None;
    };
    debug_assert_eq!(chosen.shape.sizes(), [outer, count, inner]);
    Some(Choice { outer, size, inner, count, shared_outer: index_outer == 1, shared_inner: index_inner == 1 })
}

fn broken(error: &GeometryError) -> Error {
    Error::new(ErrorKind::Internal, error.to_string())
}

fn told(choice: &Choice, error: ChoiceError) -> Error {
    match error {
        ChoiceError::Geometry(error) => broken(&error),
        ChoiceError::Index { index, place } => crisol_ops::index_error(index, place, choice.size),
    }
}

/// # Safety
/// As [`Moving::run`], `T` being as wide as the elements.
unsafe fn choose<T: Copy + Send + Sync>(
    choice: &Choice,
    index: DType,
    x: Elements<*const u8>,
    indices: Elements<*const u8>,
    out: Elements<*mut u8>,
) -> Result<()> {
    unsafe fn by<T: Copy + Send + Sync, I: Index>(
        choice: &Choice,
        x: Elements<*const u8>,
        indices: Elements<*const u8>,
        out: Elements<*mut u8>,
    ) -> Result<()> {
        // SAFETY: passed on.
        let (x, indices, out) = unsafe { (x.of::<T>(), indices.of::<I>(), out.of_mut::<T>()) };
        gather(choice, x, indices, out).map_err(|error| told(choice, error))
    }
    // SAFETY: passed on.
    unsafe {
        match index {
            DType::U8 => by::<T, u8>(choice, x, indices, out),
            DType::I64 => by::<T, i64>(choice, x, indices, out),
            _ => by::<T, i32>(choice, x, indices, out),
        }
    }
}

/// # Safety
/// As [`Moving::run`], `T` being the type of the elements.
unsafe fn add_up<T: Additive>(
    choice: &Choice,
    index: DType,
    indices: Elements<*const u8>,
    updates: Elements<*const u8>,
    out: Elements<*mut u8>,
) -> Result<()> {
    unsafe fn by<T: Additive, I: Index>(
        choice: &Choice,
        indices: Elements<*const u8>,
        updates: Elements<*const u8>,
        out: Elements<*mut u8>,
    ) -> Result<()> {
        // SAFETY: passed on.
        let (indices, updates, out) = unsafe { (indices.of::<I>(), updates.of::<T>(), out.of_mut::<T>()) };
        scatter_add(choice, indices, updates, out).map_err(|error| told(choice, error))
    }
    // SAFETY: passed on.
    unsafe {
        match index {
            DType::U8 => by::<T, u8>(choice, indices, updates, out),
            DType::I64 => by::<T, i64>(choice, indices, updates, out),
            _ => by::<T, i32>(choice, indices, updates, out),
        }
    }
}
