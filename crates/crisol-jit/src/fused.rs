//! [`Fused`]: an expression as native code, run on arrays of any shape.

use crate::CompiledKernel;
use crate::expression::{Body, OutputDraft, Written};
use crate::loops::{Loops, error};
use crate::nest::{Arguments, Nest};
use crate::operand::{Operand, OperandMut, Place};
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
    /// Those of the last arrays that lay in a new way.
    settled: RwLock<Vec<Arc<Loops>>>,
}

/// How arguments lie in memory: what code is made for.
type Pattern = (Arguments<Access>, Arguments<Role>);

/// More code than this is not kept: it would mean that layouts never come again.
const MOST_PATTERNS: usize = 256;
/// Shapes that are remembered: looking them through must cost less than settling anew.
const MOST_LOOPS: usize = 8;

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
        Ok(Fused { kernel, inputs, outputs, compiled: RwLock::default(), settled: RwLock::default() })
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
        let (loops, mut starts) = match self.settled(inputs, None) {
            Some(settled) => settled,
            None => {
                let inputs: Vec<Place> = inputs.iter().map(|input| input.place()).collect();
                (self.loops(&inputs, None)?, inputs.iter().map(|place| place.pointer).collect())
            }
        };
        let [extent] = loops.outputs() else { return Err(error(ErrorKind::Internal, "no output".to_string())) };
        let mut array = Array::<T, IxDyn>::uninit(IxDyn(&extent.shape));
        starts.push(array.as_mut_ptr().cast());
        // SAFETY: the loops fit the inputs, which are borrowed; the array is ours, in row-major order, and has the shape.
        unsafe { loops.run(starts) };
        // SAFETY: a run has written every place of its outputs.
        Ok(unsafe { array.assume_init() })
    }

    /// All outputs, as new arrays in row-major order.
    ///
    /// # Errors
    /// As [`evaluate`](Fused::evaluate); more axes than a [`Shape`] has.
    pub fn evaluate_all(&self, inputs: &[&dyn Operand]) -> Result<Vec<Value>> {
        let places: Vec<Place> = inputs.iter().map(|input| input.place()).collect();
        let loops = self.loops(&places, None)?;
        let drafts = self.outputs.iter().zip(loops.outputs());
        let zeros = drafts.map(|(draft, extent)| Ok(Value::zeros(draft.dtype, &Shape::new(&extent.shape)?)));
        let mut values: Vec<Value> = zeros.collect::<Result<_>>()?;
        let mut outputs: Vec<&mut dyn OperandMut> = values.iter_mut().map(|value| value as _).collect();
        self.evaluate_into(inputs, &mut outputs)?;
        Ok(values)
    }

    /// Writes the outputs into given arrays, of any strides.
    ///
    /// # Errors
    /// As [`evaluate`](Fused::evaluate); an array of another shape or type than its output. Then nothing is written.
    pub fn evaluate_into(&self, inputs: &[&dyn Operand], outputs: &mut [&mut dyn OperandMut]) -> Result<()> {
        if let Some((loops, starts)) = self.settled(inputs, Some(outputs)) {
            // SAFETY: the loops fit; inputs are borrowed and outputs mutably, for this call.
            unsafe { loops.run(starts) };
            return Ok(());
        }
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
        let loops = self.loops(inputs, Some(outputs))?;
        let starts = inputs.iter().chain(outputs).map(|place| place.pointer).collect();
        // SAFETY: the loops fit; inputs are borrowed and outputs mutably, for this call. An output that is an input as well is
        // the same array, walked alike.
        unsafe { loops.run(starts) };
        Ok(())
    }

    /// The loops for these arrays and where they start, if arrays that lie alike were met before.
    fn settled(
        &self,
        inputs: &[&dyn Operand],
        mut outputs: Option<&mut [&mut dyn OperandMut]>,
    ) -> Option<(Arc<Loops>, Arguments<*mut u8>)> {
        let settled = self.settled.read().unwrap_or_else(PoisonError::into_inner);
        settled.iter().find_map(|loops| {
            let starts = loops.starts(inputs, outputs.as_deref_mut())?;
            Some((Arc::clone(loops), starts))
        })
    }

    /// The loops for these arrays.
    fn loops(&self, inputs: &[Place], outputs: Option<&[Place]>) -> Result<Arc<Loops>> {
        let settled = self.settled.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = settled.iter().find(|loops| loops.fit(inputs, outputs)) {
            return Ok(Arc::clone(known));
        }
        drop(settled);
        let compile = |nest: &Nest| self.kernel_for(nest);
        let loops = Arc::new(Loops::new(&self.outputs, &self.inputs, inputs, outputs, compile)?);
        let mut settled = self.settled.write().unwrap_or_else(PoisonError::into_inner);
        if settled.len() == MOST_LOOPS {
            settled.remove(0);
        }
        settled.push(Arc::clone(&loops));
        Ok(loops)
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
