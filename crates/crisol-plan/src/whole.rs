//! Operations that run as a whole: matrix products, convolutions, pooling and moving elements by `crisol-kernels`,
//! anything else by its plain definition.

use crate::buffer::Buffer;
use crate::moving::{Elements, Moving};
use crate::nest::Spread;
use crate::simplify::Program;
use crisol_ir::primitive::Library;
use crisol_ir::{Attributes, DType, Error, ErrorKind, Kind, Layout, NodeId, Operation, Primitive, Result, TensorType};
use crisol_kernels::{
    Conv2d, GeometryError, Matrix, Pool2d, Real, conv2d, conv2d_input_gradient, conv2d_weight_gradient, matmul_batched,
    max_pool2d, max_pool2d_gather, max_pool2d_gradient, sum_pool2d, sum_pool2d_gradient,
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

/// The longest inner axis of a product that is never cut in parts.
const WHOLE_DEPTH: usize = 4096;
/// Elements of a right operand that every block of rows can read anew from a second-level cache.
const SHARED_OPERAND: usize = 64 << 10;
/// The same, where there are few blocks.
const SHARED_BY_FEW: usize = 512 << 10;
/// Rows that make few blocks.
const FEW_ROWS: usize = 64;

/// A batch of matrix products: sizes, and rows, columns and batch strides of the operands in elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Product {
    batch: usize,
    size: [usize; 3],
    lhs: [usize; 3],
    rhs: [usize; 3],
}

/// An operation in a plan.
#[derive(Clone)]
pub(crate) struct Whole {
    pub(crate) name: &'static str,
    pub(crate) routine: Routine,
    /// The operands: where they start in their stored value, in elements, and how many elements from there are read.
    pub(crate) operands: Vec<(usize, usize)>,
    pub(crate) ty: TensorType,
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
            return Ok(Whole { name: primitive.name(), routine, operands, ty: node.ty });
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
        Ok(Whole { name: primitive.name(), routine, operands, ty: node.ty })
    }

    /// The number of rows that the operation can go over one by one.
    pub(crate) fn row_count(&self) -> Option<usize> {
        match &self.routine {
            Routine::MatMul(product) if product.batch > 1 => Some(product.batch),
            Routine::MatMul(product) => {
                let [m, n, k] = product.size;
                // A product of few columns of a long right operand, or of a large one, is faster as a whole.
                let shared = if m <= FEW_ROWS { SHARED_BY_FEW } else { SHARED_OPERAND };
                (k < WHOLE_DEPTH && n * k <= shared).then_some(m)
            }
            Routine::Conv2d(geometry) | Routine::Conv2dInputGradient(geometry) => Some(geometry.batch),
            Routine::MaxPool2d(geometry)
            | Routine::MaxPool2dGradient(geometry)
            | Routine::MaxPool2dGather(geometry)
            | Routine::SumPool2d(geometry)
            | Routine::SumPool2dGradient(geometry) => Some(geometry.batch),
            Routine::Conv2dWeightGradient(_) | Routine::Moving(..) | Routine::Definition(..) => None,
        }
    }

    /// How the operation goes over `rows` rows.
    pub(crate) fn spread(&self, rows: usize) -> Option<Spread> {
        let items = self.row_count()?;
        (items >= rows && items.is_multiple_of(rows)).then(|| Spread::Items(items / rows))
    }

    /// How far an argument (operands, then the result) moves in bytes from one of `rows` rows to the next, and the first and the
    /// last byte that it touches in the first row.
    pub(crate) fn row_walk(&self, argument: usize, rows: usize) -> Option<(isize, [isize; 2])> {
        let Some(Spread::Items(items)) = self.spread(rows) else { return None };
        let size = self.ty.dtype.size();
        let Some(&(offset, extent)) = self.operands.get(argument) else {
            let step = self.ty.bytes() / rows;
            return Some((step as isize, [0, step as isize - 1]));
        };
        let (step, reach) = match &self.routine {
            Routine::MatMul(product) => product.row_walk(argument, items),
            Routine::Conv2d(_) | Routine::Conv2dInputGradient(_) if argument == 1 => (0, extent),
            _ => (extent / rows, extent / rows),
        };
        Some(((step * size) as isize, [(offset * size) as isize, ((offset + reach) * size) as isize - 1]))
    }

    /// Multiplications, or what takes as long.
    pub(crate) fn work(&self) -> usize {
        match &self.routine {
            Routine::MatMul(product) => product.batch * product.size.iter().product::<usize>(),
            Routine::Conv2d(geometry)
            | Routine::Conv2dInputGradient(geometry)
            | Routine::Conv2dWeightGradient(geometry) => {
                let taps = geometry.kernel[0] * geometry.kernel[1] * geometry.in_channels / geometry.groups.max(1);
                geometry.batch * geometry.out_height() * geometry.out_width() * geometry.out_channels * taps
            }
            Routine::MaxPool2d(geometry)
            | Routine::MaxPool2dGradient(geometry)
            | Routine::MaxPool2dGather(geometry)
            | Routine::SumPool2d(geometry)
            | Routine::SumPool2dGradient(geometry) => {
                self.ty.shape.elements() * geometry.window[0] * geometry.window[1]
            }
            Routine::Moving(..) => self.ty.shape.elements(),
            Routine::Definition(..) => usize::MAX / 4,
        }
    }

    /// Runs the rows `first..first + rows`, of `items` each, of the operation, on the calling thread.
    ///
    /// # Safety
    /// As for [`run`](Whole::run), for these rows alone: pointers are those of row 0, wherever that would lie.
    pub(crate) unsafe fn run_rows(
        &self,
        operands: &[*const u8],
        out: *mut u8,
        items: usize,
        first: usize,
        rows: usize,
    ) -> Result<()> {
        // SAFETY: passed on.
        let done = unsafe {
            match self.ty.dtype {
                DType::F64 => self.call_rows::<f64>(operands, out, first * items, rows * items),
                _ => self.call_rows::<f32>(operands, out, first * items, rows * items),
            }
        };
        done.map_err(|error| Error::new(ErrorKind::Internal, error.to_string()).operation(self.name))
    }

    unsafe fn call_rows<T: Real>(
        &self,
        operands: &[*const u8],
        out: *mut u8,
        first: usize,
        count: usize,
    ) -> Result<(), GeometryError> {
        // SAFETY: extents are those that the layouts have for these rows.
        let operand = |number: usize, start: usize, length: usize| unsafe {
            let from = operands[number].cast::<T>().wrapping_add(self.operands[number].0 + start);
            std::slice::from_raw_parts(from, length)
        };
        // SAFETY: these rows of the result are this call's alone.
        let result = |row: usize| unsafe {
            std::slice::from_raw_parts_mut(out.cast::<T>().wrapping_add(first * row), count * row)
        };
        let whole = |number: usize| operand(number, 0, self.operands[number].1);
        let items = self.row_count().unwrap_or(1).max(1);
        let images = |number: usize| {
            let image = self.operands[number].1 / items;
            operand(number, first * image, count * image)
        };
        let some = |geometry: &Pool2d| Pool2d { batch: count, ..*geometry };
        let row = self.ty.shape.elements() / items;
        match &self.routine {
            Routine::MatMul(product) => {
                let part = product.rows(count);
                let [m, n, k] = part.size;
                let row = if product.batch > 1 { m * n } else { n };
                let out = result(row);
                let lhs = operand(0, first * product.row_step(0), part.extent(0));
                let rhs = operand(1, first * product.row_step(1), part.extent(1));
                if k == 0 {
                    out.fill(T::ZERO);
                    return Ok(());
                }
                let lhs = Matrix::new(lhs, m, k, part.lhs[1], part.lhs[2])?;
                let rhs = Matrix::new(rhs, k, n, part.rhs[1], part.rhs[2])?;
                matmul_batched(part.batch, (lhs, part.lhs[0]), (rhs, part.rhs[0]), out, false, None)
            }
            Routine::Conv2d(geometry) => {
                conv2d(&Conv2d { batch: count, ..*geometry }, images(0), whole(1), result(row))
            }
            Routine::Conv2dInputGradient(geometry) => {
                conv2d_input_gradient(&Conv2d { batch: count, ..*geometry }, images(0), whole(1), result(row))
            }
            Routine::MaxPool2d(geometry) => max_pool2d(&some(geometry), images(0), result(row)),
            Routine::MaxPool2dGradient(geometry) => {
                max_pool2d_gradient(&some(geometry), images(0), images(1), result(row))
            }
            Routine::MaxPool2dGather(geometry) => max_pool2d_gather(&some(geometry), images(0), images(1), result(row)),
            Routine::SumPool2d(geometry) => sum_pool2d(&some(geometry), images(0), result(row)),
            Routine::SumPool2dGradient(geometry) => sum_pool2d_gradient(&some(geometry), images(0), result(row)),
            Routine::Conv2dWeightGradient(_) | Routine::Moving(..) | Routine::Definition(..) => Ok(()),
        }
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

impl Product {
    /// How far an operand moves from one row (or product, if there are several) to the next.
    fn row_step(&self, operand: usize) -> usize {
        match (operand, self.batch > 1) {
            (0, true) => self.lhs[0],
            (0, false) => self.lhs[1],
            (_, true) => self.rhs[0],
            (_, false) => 0,
        }
    }

    /// How far an operand moves over `items` rows or products, and how many elements it reaches in them.
    fn row_walk(&self, operand: usize, items: usize) -> (usize, usize) {
        (items * self.row_step(operand), self.rows(items).extent(operand))
    }

    /// Some rows of the product, or some products of several.
    fn rows(&self, count: usize) -> Product {
        match self.batch > 1 {
            true => Product { batch: count, ..*self },
            false => Product { size: [count, self.size[1], self.size[2]], ..*self },
        }
    }

    /// Elements from the first to the last that an operand reaches.
    fn extent(&self, operand: usize) -> usize {
        let [m, n, k] = self.size;
        let ([batch, row, column], rows, columns) = if operand == 0 { (self.lhs, m, k) } else { (self.rhs, k, n) };
        if self.batch * rows * columns == 0 {
            return 0;
        }
        (self.batch - 1) * batch + (rows - 1) * row + (columns - 1) * column + 1
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
