//! Traces: code run for the shapes it produces, with no values behind its tensors.

use crate::recorder::{Recorder, record_abstract};
use crate::tensor::Tensor;
use crisol_ir::TensorType;
use std::sync::Arc;

/// While it lives, this thread's operations are recorded aside: types are known, values are not, assignments to variables are
/// checked but not made.
///
/// ```
/// use crisol_tensor::{DType, Shape, TensorType, Trace};
/// let trace = Trace::new();
/// let x = trace.input(TensorType::new(DType::F32, Shape::new(&[83, 8])?));
/// assert_eq!(x.sum(0).shape()?.sizes(), [8]);
/// assert!(x.to_vec::<f32>().is_err());
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Trace {
    recorder: Arc<Recorder>,
    /// The stack of recorders belongs to the thread.
    _not_send: std::marker::PhantomData<*const ()>,
}

impl Trace {
    /// Starts a trace on this thread.
    #[allow(clippy::new_without_default)] // a guard, not a value
    pub fn new() -> Trace {
        let recorder = Recorder::new(true);
        Recorder::push(Arc::clone(&recorder));
        Trace { recorder, _not_send: std::marker::PhantomData }
    }

    /// A tensor of which only the type is known.
    pub fn input(&self, ty: TensorType) -> Tensor {
        record_abstract(&self.recorder, ty)
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        Recorder::pop();
    }
}
