//! Operations that run as a whole: matrix products, convolutions, pooling and moving elements by `crisol-kernels`,
//! anything else by its plain definition.

use crate::buffer::Buffer;
use crate::moving::{Elements, Moving};
use crate::simplify::Program;
use crisol_ir::primitive::Library;
use crisol_ir::{Attributes, DType, Error, ErrorKind, Kind, Layout, NodeId, Operation, Primitive, Result, TensorType};
use crisol_kernels::{
    Conv2d, GeometryError, Matrix, Pool2d, Real, conv2d, conv2d_input_gradient, conv2d_weight_gradient, matmul_batched,
    matmul_order, max_pool2d, max_pool2d_gather, max_pool2d_gradient, sum_pool2d, sum_pool2d_gradient,
};
use crisol_ops::{Conv2dAttributes, Conv2dGradientAttributes, MatMulAttributes, Pool2dAttributes};
use smallvec::SmallVec;

/// What runs.
#[derive(Clone)]
pub(crate) enum Routine {
    MatMul(Product),
    Conv2d(Conv2d),
    Conv2dInputGradient(Conv2d),
    Conv2dWeightGradient(Conv2d),
    MaxPool2d(Pool2d),
    MaxPool2dGradient(Pool2d),
    MaxPool2dGather(Pool2d),
    SumPool2d(Pool2d),
    SumPool2dGradient(Pool2d),
    /// With the bytes of an element of each operand.
    Moving(Moving, SmallVec<[usize; 4]>),
    /// The primitive's definition, over arrays.
    Definition(&'static dyn Primitive, Attributes, Vec<TensorType>),
}

/// A batch of matrix products: sizes, and rows, columns and batch strides of the operands in elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Product {
    pub(crate) batch: usize,
    pub(crate) size: [usize; 3],
    pub(crate) lhs: [usize; 3],
    pub(crate) rhs: [usize; 3],
}

/// An operation in a plan.
#[derive(Clone)]
pub(crate) struct Whole {
    pub(crate) name: &'static str,
    pub(crate) routine: Routine,
    /// The operands: where they start in their stored value, in elements, and how many elements from there are read.
    pub(crate) operands: Vec<(usize, usize)>,
    pub(crate) ty: TensorType,
    /// Whether data can make it fail.
    pub(crate) can_fail: bool,
}

/// Whether an operation can read elements that lie like this; else they are copied first.
pub(crate) fn takes(library: Library, dtype: DType, layout: &Layout) -> bool {
    match library {
        Library::MatMul if dtype.is_float() => matrix(layout).is_some(),
        // Runs as a kernel, which takes any strides.
        Library::Pad => true,
        _ => layout.is_contiguous(),
    }
}

/// Whether a product adds up in another order than if its operands were stored: then reading them where they lie would change bits.
pub(crate) fn adds_up_otherwise(
    attributes: &Attributes,
    types: [TensorType; 2],
    ty: TensorType,
    layouts: &[Layout],
) -> Result<bool> {
    let given = MatMulAttributes::decode(attributes)?;
    let shapes = [types[0].shape.sizes(), types[1].shape.sizes()];
    let stored = types.map(|ty| Layout::contiguous(ty.shape));
    let order = |layouts: &[Layout]| {
        let Product { batch, size, lhs, rhs } = product(given, shapes, &ty.shape, layouts)?;
        Ok::<_, Error>(match ty.dtype {
            DType::F64 => matmul_order::<f64>(batch, size, lhs, rhs),
            _ => matmul_order::<f32>(batch, size, lhs, rhs),
        })
    };
    Ok(order(layouts)? != order(&stored)?)
}

/// The batch, row and column strides of a stack of matrices, if strides express it.
fn matrix(layout: &Layout) -> Option<[usize; 3]> {
    if layout.is_contiguous() {
        let rank = layout.shape.rank();
        let (rows, columns) = (*layout.shape.get(rank.checked_sub(2)?)?, *layout.shape.last()?);
        return Some([rows * columns, columns, 1]);
    }
    let rank = layout.shape.rank();
    let (row, column) = (rank.checked_sub(2)?, rank.checked_sub(1)?);
    let stride =
        |axis: usize| if layout.shape[axis] == 1 { Some(0) } else { usize::try_from(layout.strides[axis]).ok() };
    // The batch axes must merge into one.
    let mut batch: Option<(usize, isize)> = None;
    for axis in (0..row).rev().filter(|&axis| layout.shape[axis] != 1) {
        let (size, own) = (layout.shape[axis], layout.strides[axis]);
        batch = match batch {
            None => Some((size, own)),
            Some((count, step)) if own == step * count as isize => Some((count * size, step)),
            Some(_) => return None,
        };
    }
    let batch = usize::try_from(batch.map_or(0, |(_, step)| step)).ok()?;
    Some([batch, stride(row)?, stride(column)?])
}

impl Whole {
    /// Whether it runs an operation's definition, which may be code from outside.
    pub(crate) fn is_definition(&self) -> bool {
        matches!(self.routine, Routine::Definition(..))
    }

    /// Prepares an operation of a program.
    pub(crate) fn new(program: &Program, id: NodeId) -> Result<Whole> {
        let node = program.node(id);
        let Operation::Primitive(primitive, attributes) = &node.operation else {
            return Err(Error::new(ErrorKind::Internal, "an argument or constant is not an operation"));
        };
        let layouts: Vec<Layout> = node.inputs.iter().map(|&input| program.source(input).layout).collect();
        let types: Vec<TensorType> = node.inputs.iter().map(|&input| program.ty(input)).collect();
        let float = node.ty.dtype.is_float();
        let library = match primitive.kind() {
            Kind::Library(library) if float => Some(library),
            _ => None,
        };
        let shapes: Vec<&[usize]> = types.iter().map(|ty| ty.shape.sizes()).collect();
        let out = node.ty.shape;
        let operands = layouts.iter().map(|layout| (layout.offset, extent(layout))).collect();
        if let Kind::Library(library) = primitive.kind()
            && let Some(moving) = Moving::new(library, attributes, &types, node.ty)
        {
            let routine = Routine::Moving(moving, types.iter().map(|ty| ty.dtype.size()).collect());
            return Ok(Whole {
                name: primitive.name(),
                routine,
                operands,
                ty: node.ty,
                can_fail: primitive.can_fail(),
            });
        }
        let routine = match (library, &shapes[..]) {
            (Some(Library::MatMul), [lhs, rhs]) => {
                let given = MatMulAttributes::decode(attributes)?;
                Routine::MatMul(product(given, [lhs, rhs], &out, &layouts)?)
            }
            (Some(Library::Conv2d), [x, w]) => {
                Routine::Conv2d(convolution(Conv2dAttributes::decode(attributes)?, x, w)?)
            }
            (Some(Library::Conv2dInputGradient), [_, w]) => {
                let given = Conv2dGradientAttributes::decode(attributes)?;
                Routine::Conv2dInputGradient(convolution(given.convolution, &out, w)?)
            }
            (Some(Library::Conv2dWeightGradient), [x, _]) => {
                let given = Conv2dGradientAttributes::decode(attributes)?;
                Routine::Conv2dWeightGradient(convolution(given.convolution, x, &out)?)
            }
            (Some(Library::MaxPool2d), [x]) => Routine::MaxPool2d(pooling(Pool2dAttributes::decode(attributes)?, x)?),
            (Some(Library::MaxPool2dGradient), [x, _]) => {
                Routine::MaxPool2dGradient(pooling(Pool2dAttributes::decode(attributes)?, x)?)
            }
            (Some(Library::MaxPool2dGather), [x, _]) => {
                Routine::MaxPool2dGather(pooling(Pool2dAttributes::decode(attributes)?, x)?)
            }
            (Some(Library::SumPool2d), [x]) => Routine::SumPool2d(pooling(Pool2dAttributes::decode(attributes)?, x)?),
            (Some(Library::SumPool2dGradient), [_]) => {
                // The pooling's settings, then the size of the images.
                let pool = Attributes::new(attributes.numbers().iter().copied().take(8));
                Routine::SumPool2dGradient(pooling(Pool2dAttributes::decode(&pool)?, &out)?)
            }
            _ => Routine::Definition(*primitive, attributes.clone(), types.clone()),
        };
        Ok(Whole { name: primitive.name(), routine, operands, ty: node.ty, can_fail: primitive.can_fail() })
    }

    /// Runs the operation.
    ///
    /// # Safety
    /// The pointers are those of the operands' stored values and of the result's, of the right types and lengths;
    /// nothing else writes to the operands or touches the result meanwhile.
    pub(crate) unsafe fn run(&self, operands: &[*const u8], out: *mut u8) -> Result<()> {
        if let Routine::Definition(primitive, attributes, types) = &self.routine {
            // SAFETY: passed on.
            return unsafe { self.define(*primitive, attributes, types, operands, out) };
        }
        if let Routine::Moving(moving, widths) = &self.routine {
            let elements: SmallVec<[Elements<*const u8>; 4]> = operands
                .iter()
                .zip(&self.operands)
                .zip(widths)
                .map(|((start, &(offset, count)), width)| Elements { start: start.wrapping_add(offset * width), count })
                .collect();
            let out = Elements { start: out, count: self.ty.shape.elements() };
            // SAFETY: passed on; extents come from the layouts that the operands have in their stored values.
            let done = unsafe { moving.run(self.ty.dtype, &elements, out) };
            return done.map_err(|error| error.operation(self.name));
        }
        // SAFETY: passed on.
        let done = unsafe {
            match self.ty.dtype {
                DType::F64 => self.call::<f64>(operands, out),
                _ => self.call::<f32>(operands, out),
            }
        };
        done.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()).operation(self.name))
    }

    unsafe fn call<T: Real>(&self, operands: &[*const u8], out: *mut u8) -> Result<(), GeometryError> {
        // SAFETY: extents come from the layouts that the operands have in their stored values.
        let operand = |number: usize| unsafe {
            let (offset, extent) = self.operands[number];
            std::slice::from_raw_parts(operands[number].cast::<T>().add(offset), extent)
        };
        // SAFETY: the result is as long as its shape says, and this call's alone.
        let out = unsafe { std::slice::from_raw_parts_mut(out.cast::<T>(), self.ty.shape.elements()) };
        if out.is_empty() {
            return Ok(());
        }
        match &self.routine {
            Routine::MatMul(product) => {
                let [m, n, k] = product.size;
                if k == 0 {
                    out.fill(T::ZERO);
                    return Ok(());
                }
                let ([lhs_batch, lhs_row, lhs_column], [rhs_batch, rhs_row, rhs_column]) = (product.lhs, product.rhs);
                let lhs = Matrix::new(operand(0), m, k, lhs_row, lhs_column)?;
                let rhs = Matrix::new(operand(1), k, n, rhs_row, rhs_column)?;
                matmul_batched(product.batch, (lhs, lhs_batch), (rhs, rhs_batch), out, false, None)
            }
            Routine::Conv2d(geometry) => conv2d(geometry, operand(0), operand(1), out),
            Routine::Conv2dInputGradient(geometry) => conv2d_input_gradient(geometry, operand(0), operand(1), out),
            Routine::Conv2dWeightGradient(geometry) => conv2d_weight_gradient(geometry, operand(0), operand(1), out),
            Routine::MaxPool2d(geometry) => max_pool2d(geometry, operand(0), out),
            Routine::MaxPool2dGradient(geometry) => max_pool2d_gradient(geometry, operand(0), operand(1), out),
            Routine::MaxPool2dGather(geometry) => max_pool2d_gather(geometry, operand(0), operand(1), out),
            Routine::SumPool2d(geometry) => sum_pool2d(geometry, operand(0), out),
            Routine::SumPool2dGradient(geometry) => sum_pool2d_gradient(geometry, operand(0), out),
            Routine::Moving(..) | Routine::Definition(..) => Ok(()),
        }
    }

    unsafe fn define(
        &self,
        primitive: &'static dyn Primitive,
        attributes: &Attributes,
        types: &[TensorType],
        operands: &[*const u8],
        out: *mut u8,
    ) -> Result<()> {
        let mut values = Vec::with_capacity(types.len());
        for ((ty, &pointer), &(offset, _)) in types.iter().zip(operands).zip(&self.operands) {
            let mut buffer = Buffer::recycled(ty.dtype, ty.shape.elements());
            let bytes = buffer.bytes();
            // SAFETY: operands of definitions are contiguous, and the buffer is as long.
            unsafe {
                let from = pointer.add(offset * ty.dtype.size());
                std::ptr::copy_nonoverlapping(from, buffer.pointer_mut(), bytes);
            }
            values.push(buffer.to_value(&ty.shape)?);
        }
        let result = primitive.define(attributes, &values).map_err(|error| error.operation(self.name))?;
        let given = TensorType::new(result.dtype(), result.shape()?);
        if given != self.ty {
            let message = format!("its definition gives {given}, its shape rule {}", self.ty);
            return Err(Error::new(ErrorKind::Internal, message).operation(self.name));
        }
        let result = Buffer::from_value(&result);
        // SAFETY: the result has the type, and so the bytes, that the plan reserved.
        unsafe { std::ptr::copy_nonoverlapping(result.pointer(), out, result.bytes()) };
        Ok(())
    }
}

/// The elements from the first to the last that a layout reaches.
fn extent(layout: &Layout) -> usize {
    if layout.shape.elements() == 0 {
        return 0;
    }
    let reach = |axis: usize| (layout.shape[axis] - 1) as isize * layout.strides[axis].max(0);
    (0..layout.shape.rank()).map(reach).sum::<isize>() as usize + 1
}

fn wrong(what: &str) -> Error {
    Error::new(ErrorKind::Internal, format!("a {what} of shapes that its rule does not allow"))
}

fn product(given: MatMulAttributes, shapes: [&[usize]; 2], out: &[usize], layouts: &[Layout]) -> Result<Product> {
    let ([.., lhs_rows, lhs_columns], [.., m, n]) = (shapes[0], out) else { return Err(wrong("matrix product")) };
    let k = if given.transpose_lhs { *lhs_rows } else { *lhs_columns };
    let strides = |operand: usize, transposed: bool| {
        let [mut batch, row, column] = matrix(&layouts[operand]).ok_or_else(|| wrong("matrix product"))?;
        // One matrix for the whole batch.
        if shapes[operand][..shapes[operand].len() - 2].iter().product::<usize>() == 1 {
            batch = 0;
        }
        Ok::<_, Error>(if transposed { [batch, column, row] } else { [batch, row, column] })
    };
    let mut product = Product {
        batch: out[..out.len() - 2].iter().product(),
        size: [*m, *n, k],
        lhs: strides(0, given.transpose_lhs)?,
        rhs: strides(1, given.transpose_rhs)?,
    };
    if product.batch > 1 && product.rhs[0] == 0 && product.lhs[0] == m * product.lhs[1] {
        // The batch only lengthens the rows of one product.
        product.size[0] *= product.batch;
        product.batch = 1;
    }
    Ok(product)
}

fn convolution(given: Conv2dAttributes, x: &[usize], w: &[usize]) -> Result<Conv2d> {
    let (&[batch, in_height, in_width, in_channels], &[down, across, _, out_channels]) = (x, w) else {
        return Err(wrong("convolution"));
    };
    Ok(Conv2d {
        batch,
        in_height,
        in_width,
        in_channels,
        out_channels,
        kernel: [down, across],
        stride: given.stride,
        dilation: given.dilation,
        padding: given.padding,
        groups: given.groups,
    })
}

fn pooling(given: Pool2dAttributes, x: &[usize]) -> Result<Pool2d> {
    let &[batch, in_height, in_width, channels] = x else { return Err(wrong("pooling")) };
    Ok(Pool2d {
        batch,
        in_height,
        in_width,
        channels,
        window: given.window,
        stride: given.stride,
        padding: given.padding,
    })
}
