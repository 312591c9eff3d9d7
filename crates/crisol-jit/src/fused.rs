//! [`Fused`]: an expression as native code, run on arrays of any shape.

use crate::expression::{Body, Finish, OutputDraft, Written};
use crate::nest::{self, Arguments, Nest, Walk};
use crate::operand::{Axes, Operand, OperandMut, Place};
use crate::{CompiledKernel, results};
use crisol_ir::kernel::{Access, Kernel, Role};
use crisol_ir::ndarray::{Array, ArrayD, IxDyn};
use crisol_ir::{DType, Element, Error, ErrorKind, Result, Shape, Value};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// An expression over some arrays, run as one pass over them.
///
/// What is compiled depends on how the arrays lie in memory, not on their sizes: each input has one code for arrays without
/// gaps along the innermost loop, one for those that are the same along it, and one for any other stride. Code is made when a
/// combination is met first, and kept. Numbers given as inputs are read at run time: another number compiles nothing.
///
/// `Fused` is `Send` and `Sync`. A call runs on the thread that makes it; to use several, cut the arrays (ndarray's
/// `axis_chunks_iter`) and share it.
///
/// ```
/// use crisol_jit::Fused;
/// use crisol_jit::expression::{sigmoid, tanh};
/// use crisol_ir::ndarray::{Array2, array};
///
/// let swish = Fused::new(|k| {
///     let (x, beta) = (k.input::<f32>(), k.input());
///     k.output(x * sigmoid(x * beta));
/// })?;
/// let x = Array2::from_shape_fn((4, 6), |(i, j)| i as f32 - j as f32);
/// let y = swish.evaluate::<f32>(&[&x, &1.5f32])?;
/// assert_eq!(y.shape(), [4, 6]);
/// // Columns of the transposed array, each with a beta of its own.
/// swish.evaluate::<f32>(&[&x.t(), &array![0.5f32, 1.0, 1.5, 2.0]])?;
/// assert_eq!(swish.compiled(), 2);
/// # Ok::<(), crisol_jit::Error>(())
/// ```
pub struct Fused {
    /// As if all arguments were contiguous.
    kernel: Kernel,
    inputs: Vec<DType>,
    outputs: Vec<OutputDraft>,
    compiled: RwLock<Vec<(Pattern, Arc<CompiledKernel>)>>,
}

/// How arguments lie in memory: what code is made for.
type Pattern = (Arguments<Access>, Arguments<Role>);

/// More code than this is not kept: it would mean that layouts never come again.
const MOST_PATTERNS: usize = 256;

impl Fused {
    /// An expression from a function that asks a [`Body`] for inputs and gives it outputs. Both are numbered in that order.
    ///
    /// # Errors
    /// No output.
    pub fn new(write: impl for<'k> FnOnce(&'k Body<'k>)) -> Result<Fused> {
        let Written { mut kernel, inputs, outputs } = Body::write(write);
        if outputs.is_empty() {
            return Err(Error::new(ErrorKind::Value, "the expression has no output")
                .operation("fused")
                .help("call `k.output(...)` in the function"));
        }
        kernel.outputs = outputs
            .iter()
            .map(|output| crisol_ir::kernel::Output {
                value: output.value,
                dtype: output.dtype,
                role: Role::Store(Access::Contiguous),
            })
            .collect();
        kernel.verify()?;
        Ok(Fused { kernel, inputs, outputs, compiled: RwLock::default() })
    }

    /// The only output, as a new array in row-major order.
    ///
    /// # Errors
    /// Another number of inputs than the expression has, or of other types; shapes that do not broadcast; several outputs, or
    /// one that is no `T`; axes that do not exist; a largest or smallest number of nothing; a processor without code.
    pub fn evaluate<T: Element>(&self, inputs: &[&dyn Operand]) -> Result<ArrayD<T>> {
        let [output] = &self.outputs[..] else {
            let message = format!("the expression has {} outputs, not one", self.outputs.len());
            return Err(error(ErrorKind::Value, message).help("ask for all with `evaluate_all`"));
        };
        if output.dtype != T::DTYPE {
            let message = format!("the output is {}, asked for was {}", output.dtype, T::DTYPE);
            return Err(error(ErrorKind::DType, message));
        }
        let inputs: Vec<Place> = inputs.iter().map(|input| input.place()).collect();
        let domain = self.domain(&inputs, None)?;
        let shape = output.shape(&domain)?;
        let mut array = Array::<T, IxDyn>::uninit(IxDyn(&shape));
        let pointer: *mut T = array.as_mut_ptr().cast();
        let size = size_of::<T>() as isize;
        let strides = array.strides().iter().map(|stride| stride * size).collect();
        let place = Place { pointer: pointer.cast(), dtype: T::DTYPE, shape, strides };
        // SAFETY: inputs are borrowed, the array is ours, and its places are those of its strides.
        unsafe { self.run(&domain, &inputs, &[place])? };
        // SAFETY: a run that returns has written every place of its outputs.
        Ok(unsafe { array.assume_init() })
    }

    /// All outputs, as new arrays in row-major order.
    ///
    /// # Errors
    /// As [`evaluate`](Fused::evaluate); more axes than a [`Shape`] has.
    pub fn evaluate_all(&self, inputs: &[&dyn Operand]) -> Result<Vec<Value>> {
        let places: Vec<Place> = inputs.iter().map(|input| input.place()).collect();
        let domain = self.domain(&places, None)?;
        let zeros = |output: &OutputDraft| Ok(Value::zeros(output.dtype, &Shape::new(&output.shape(&domain)?)?));
        let mut values: Vec<Value> = self.outputs.iter().map(zeros).collect::<Result<_>>()?;
        let mut outputs: Vec<&mut dyn OperandMut> = values.iter_mut().map(|value| value as _).collect();
        self.evaluate_into(inputs, &mut outputs)?;
        Ok(values)
    }

    /// Writes the outputs into given arrays, of any strides.
    ///
    /// # Errors
    /// As [`evaluate`](Fused::evaluate); an array of another shape or type than its output. Then nothing is written.
    pub fn evaluate_into(&self, inputs: &[&dyn Operand], outputs: &mut [&mut dyn OperandMut]) -> Result<()> {
        let inputs: Vec<Place> = inputs.iter().map(|input| input.place()).collect();
        let outputs: Vec<Place> = outputs.iter_mut().map(|output| output.place_mut()).collect();
        self.write_places(&inputs, &outputs)
    }

    /// Writes the outputs over the first inputs, which are `arrays`; the other inputs follow.
    ///
    /// ```
    /// use crisol_jit::Fused;
    ///
    /// // A step of gradient descent with momentum.
    /// let step = Fused::new(|k| {
    ///     let (p, v, gradient) = (k.input::<f32>(), k.input::<f32>(), k.input::<f32>());
    ///     let (rate, momentum) = (k.input::<f32>(), k.input::<f32>());
    ///     let v = v * momentum - gradient * rate;
    ///     k.output(p + v);
    ///     k.output(v);
    /// })?;
    /// let (mut p, mut v) = ([1.0f32, 2.0], [0.0f32, 4.0]);
    /// step.evaluate_in_place(&mut [&mut p, &mut v], &[&[8.0f32, 8.0], &0.125f32, &0.5f32])?;
    /// assert_eq!((p, v), ([0.0, 3.0], [-1.0, 1.0]));
    /// # Ok::<(), crisol_jit::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`evaluate_into`](Fused::evaluate_into); a reduction among the outputs.
    pub fn evaluate_in_place(&self, arrays: &mut [&mut dyn OperandMut], inputs: &[&dyn Operand]) -> Result<()> {
        if self.outputs.iter().any(|output| output.reduce.is_some()) {
            return Err(error(ErrorKind::Value, "a reduction cannot be written over an input".to_string()));
        }
        let outputs: Vec<Place> = arrays.iter_mut().map(|output| output.place_mut()).collect();
        let inputs: Vec<Place> = outputs.iter().cloned().chain(inputs.iter().map(|input| input.place())).collect();
        self.write_places(&inputs, &outputs)
    }

    /// How many combinations of layouts there is code for.
    pub fn compiled(&self) -> usize {
        self.compiled.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn write_places(&self, inputs: &[Place], outputs: &[Place]) -> Result<()> {
        if outputs.len() != self.outputs.len() {
            let message =
                format!("{} arrays were given, the expression has {} outputs", outputs.len(), self.outputs.len());
            return Err(error(ErrorKind::Value, message));
        }
        let domain = self.domain(inputs, Some(outputs))?;
        for (number, (draft, place)) in self.outputs.iter().zip(outputs).enumerate() {
            if place.dtype != draft.dtype {
                let message = format!("array {number} is {}, the output is {}", place.dtype, draft.dtype);
                return Err(error(ErrorKind::DType, message));
            }
            let shape = draft.shape(&domain)?;
            if place.shape != shape {
                let message = format!("array {number} has shape {:?}, the output has {shape:?}", &place.shape[..]);
                return Err(error(ErrorKind::Shape, message));
            }
        }
        // SAFETY: inputs are borrowed and outputs mutably, for this call; outputs have the shapes they should. An output that is
        // an input as well is the same array, walked alike.
        unsafe { self.run(&domain, inputs, outputs) }
    }

    /// The shape that all inputs broadcast to; that of the first stored output, where there is no input.
    fn domain(&self, inputs: &[Place], outputs: Option<&[Place]>) -> Result<Axes<usize>> {
        if inputs.len() != self.inputs.len() {
            let message = format!("{} inputs were given, the expression has {}", inputs.len(), self.inputs.len());
            return Err(error(ErrorKind::Value, message));
        }
        let mut domain: Axes<usize> = Axes::new();
        for (number, (input, dtype)) in inputs.iter().zip(&self.inputs).enumerate() {
            if input.dtype != *dtype {
                let message = format!("input {number} is {}, the expression takes {dtype}", input.dtype);
                return Err(error(ErrorKind::DType, message).help("convert it, or ask for the type and use `.cast()`"));
            }
            while domain.len() < input.shape.len() {
                domain.insert(0, 1);
            }
            let offset = domain.len() - input.shape.len();
            for (axis, &size) in input.shape.iter().enumerate() {
                let known = &mut domain[offset + axis];
                if *known == 1 {
                    *known = size;
                } else if size != 1 && size != *known {
                    let shapes: Vec<&[usize]> = inputs.iter().map(|input| &input.shape[..]).collect();
                    let message = format!(
                        "shapes {shapes:?} do not broadcast: axis {axis} of input {number} has size {size}, others {known}"
                    );
                    return Err(error(ErrorKind::Shape, message)
                        .help("from the last axis on, sizes must be equal, or 1, or missing"));
                }
            }
        }
        if inputs.is_empty() {
            let drafts = self.outputs.iter().zip(outputs.unwrap_or(&[]));
            let stored = drafts.into_iter().find(|(draft, _)| draft.reduce.is_none());
            domain = stored.map(|(_, place)| place.shape.clone()).unwrap_or_default();
        }
        let bytes = domain.iter().try_fold(8usize, |product, size| product.checked_mul(*size));
        if bytes.is_none_or(|bytes| bytes > isize::MAX as usize) && !domain.contains(&0) {
            return Err(error(
                ErrorKind::Shape,
                format!("inputs broadcast to {:?}, which no memory holds", &domain[..]),
            ));
        }
        Ok(domain)
    }

    /// Runs the loops.
    ///
    /// # Safety
    /// Inputs broadcast to `domain` and are valid for reads, outputs have the shapes of [`OutputDraft::shape`] and are valid for
    /// writes, and overlap nothing but an input of equal shape and strides.
    unsafe fn run(&self, domain: &[usize], inputs: &[Place], outputs: &[Place]) -> Result<()> {
        let mut walks: Vec<Walk> = inputs
            .iter()
            .map(|place| {
                let missing = domain.len() - place.shape.len();
                let stretched = place.shape.iter().zip(&place.strides);
                let strides = stretched.map(|(&size, &stride)| if size == 1 { 0 } else { stride });
                let strides = std::iter::repeat_n(0, missing).chain(strides).collect();
                Walk { pointer: place.pointer, size: place.dtype.size(), strides, reduce: None }
            })
            .collect();
        for (draft, place) in self.outputs.iter().zip(outputs) {
            let reduce = draft.reduce.as_ref().map(|reduce| reduce.by);
            // Where results of a reduction are combined is settled when the order of the loops is.
            let strides = if reduce.is_some() { Axes::new() } else { place.strides.clone() };
            walks.push(Walk { pointer: place.pointer, size: place.dtype.size(), strides, reduce });
        }
        let order = nest::order(domain, &walks);
        let mut pending = Vec::new();
        for (number, (draft, place)) in self.outputs.iter().zip(outputs).enumerate() {
            let Some(reduced) = draft.reduced(domain.len())? else { continue };
            let count: usize = (0..domain.len()).filter(|axis| reduced[*axis]).map(|axis| domain[axis]).product();
            if count == 0 && draft.needs_elements() && !place.shape.contains(&0) {
                let message = format!("no largest or smallest number of nothing: the inputs have shape {domain:?}");
                return Err(error(ErrorKind::Value, message));
            }
            let partial = results::Partial::new(draft, domain, &order, &reduced, count);
            pending.push((number, partial));
        }
        for (number, partial) in &mut pending {
            let walk = &mut walks[inputs.len() + *number];
            walk.pointer = partial.pointer();
            walk.strides = partial.strides.clone();
        }
        if !domain.contains(&0) {
            let nest = Nest::new(domain, &order, &walks, inputs.len());
            let kernel = self.kernel_for(&nest)?;
            // SAFETY: every walk stays in its array: strides are those of the array or 0 where it has one element. Inputs are
            // only read; the partial results are ours.
            nest.run(&walks, |call| unsafe { kernel.call(call) });
        }
        for (number, partial) in &pending {
            // SAFETY: the output has the shape that is left of the domain.
            unsafe { partial.finish(&outputs[*number]) };
        }
        Ok(())
    }

    fn kernel_for(&self, nest: &Nest) -> Result<Arc<CompiledKernel>> {
        let inputs = &nest.accesses[..self.inputs.len()];
        let find = |compiled: &[(Pattern, Arc<CompiledKernel>)]| {
            let known = compiled.iter().find(|((accesses, roles), _)| accesses[..] == *inputs && *roles == nest.roles);
            known.map(|(_, kernel)| Arc::clone(kernel))
        };
        if let Some(kernel) = find(&self.compiled.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(kernel);
        }
        let mut compiled = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        if let Some(kernel) = find(&compiled) {
            return Ok(kernel);
        }
        let mut kernel = self.kernel.clone();
        for (input, access) in kernel.inputs.iter_mut().zip(inputs) {
            input.access = *access;
        }
        for (output, role) in kernel.outputs.iter_mut().zip(&nest.roles) {
            output.role = *role;
        }
        let kernel = Arc::new(CompiledKernel::compile(&kernel)?);
        if compiled.len() == MOST_PATTERNS {
            compiled.clear();
        }
        compiled.push(((inputs.into(), nest.roles.clone()), Arc::clone(&kernel)));
        Ok(kernel)
    }
}

impl fmt::Debug for Fused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fused").field("kernel", &self.kernel.to_string()).field("compiled", &self.compiled()).finish()
    }
}

impl OutputDraft {
    /// Which axes of the domain are combined; `None` for an output that is stored.
    fn reduced(&self, rank: usize) -> Result<Option<Vec<bool>>> {
        let Some(reduce) = &self.reduce else { return Ok(None) };
        let Some(axes) = &reduce.axes else { return Ok(Some(vec![true; rank])) };
        let mut reduced = vec![false; rank];
        for &axis in axes {
            let from_start = if axis < 0 { axis.checked_add_unsigned(rank) } else { Some(axis) };
            let place = from_start.and_then(|axis| usize::try_from(axis).ok()).filter(|axis| *axis < rank);
            let Some(place) = place else {
                let message = format!("no axis {axis} to reduce: the inputs broadcast to {rank} axes");
                return Err(error(ErrorKind::Axis, message));
            };
            if std::mem::replace(&mut reduced[place], true) {
                return Err(error(ErrorKind::Axis, format!("axis {axis} is reduced twice")));
            }
        }
        Ok(Some(reduced))
    }

    /// The shape of the output over a domain.
    fn shape(&self, domain: &[usize]) -> Result<Axes<usize>> {
        let Some(reduced) = self.reduced(domain.len())? else {
            return Ok(domain.into());
        };
        let keep = self.reduce.as_ref().is_some_and(|reduce| reduce.keep);
        let axes = domain.iter().zip(&reduced);
        Ok(axes
            .filter(|(_, reduced)| keep || !**reduced)
            .map(|(size, reduced)| if *reduced { 1 } else { *size })
            .collect())
    }

    fn needs_elements(&self) -> bool {
        let largest = crisol_ir::primitive::Reduction::Max;
        self.reduce.as_ref().is_some_and(|reduce| reduce.by == largest || reduce.finish == Finish::Opposite)
    }
}

#[cold]
fn error(kind: ErrorKind, message: String) -> Error {
    Error::new(kind, message).operation("fused")
}
