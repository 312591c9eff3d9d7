//! The tensor handle: what it knows at once (type and shape), and how arrays go in and come out.

use crate::cell::Cell;
use crate::recorder::{fail, record, record_number, record_scalar};
use crisol_ir::ndarray::{ArrayBase, ArrayD, Axis, Data, Dimension};
use crisol_ir::value::{Constant, Typed};
use crisol_ir::{DType, Error, ErrorKind, Result, Shape, TensorType, Value};
use crisol_plan::buffer::Buffer;
use std::panic::Location;
use std::sync::Arc;

/// A lazy n-dimensional array.
///
/// Operations on tensors record what to do and return at once; reading a value runs everything pending as one fused plan.
/// A wrong shape or dtype makes a tensor that carries its error and the line that made it: the error comes out where a
/// `Result` is returned, at the latest when the value is read. Cloning copies the handle, not the data.
///
/// What is still held when a value is read is computed and stored with it; the rest stays inside of kernels. A variable holds a
/// tensor, and Rust holds the parts of an expression to the end of its statement: `(&a - &b).square().sum_all().item()` stores the
/// difference and the squares too, which for large arrays takes longer than to compute them. Where that matters, let the statement
/// end before the value is read: `let distance = (&a - &b).square().sum_all();`, then `distance.item()`.
///
/// ```
/// use crisol_tensor::Tensor;
/// use crisol_tensor::ndarray::arr2;
/// let x = Tensor::from(arr2(&[[1.0f32, 2.0], [3.0, 4.0]]));
/// let y = (&x * 2.0 + 1.0).sum(0);
/// assert_eq!(y.to_vec::<f32>()?, [10.0, 14.0]);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Tensor(Arc<Cell>);

impl Tensor {
    /// A scalar of `dtype`. Its value is an input of the plan: another value makes no new plan.
    pub fn scalar(dtype: DType, number: f64) -> Tensor {
        record_scalar(Constant::new(dtype, number))
    }

    /// A scalar of `dtype` that may change from step to step: it is an input of the plan whatever its value, where [`Tensor::scalar`] makes
    /// 0, 1 and -1 part of the plan, so that the step that first has one of them is planned anew.
    pub fn number(dtype: DType, number: f64) -> Tensor {
        record_number(Constant::new(dtype, number))
    }

    /// A tensor of the given shape filled with one number.
    ///
    /// ```
    /// # use crisol_tensor::{DType, Tensor};
    /// assert_eq!(Tensor::full(DType::F32, [2], 0.5).to_vec::<f32>()?, [0.5, 0.5]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    #[track_caller]
    pub fn full<S>(dtype: DType, shape: S, number: f64) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        Tensor::scalar(dtype, number).broadcast_to(shape)
    }

    /// A tensor of zeros in single precision.
    #[track_caller]
    pub fn zeros<S>(shape: S) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        Tensor::full(DType::F32, shape, 0.0)
    }

    /// A tensor of ones in single precision.
    #[track_caller]
    pub fn ones<S>(shape: S) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        Tensor::full(DType::F32, shape, 1.0)
    }

    /// Whether both are handles of one tensor; equal numbers do not make them one.
    pub fn is_same(&self, other: &Tensor) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A tensor with the elements of a slice.
    ///
    /// # Errors
    /// The shape does not hold as many elements: the tensor carries the error.
    #[track_caller]
    pub fn from_slice<T: Typed, S>(elements: &[T], shape: S) -> Tensor
    where
        S: TryInto<Shape>,
        Error: From<S::Error>,
    {
        let location = Location::caller();
        let make = || -> Result<Tensor> {
            let shape = shape.try_into()?;
            if shape.elements() != elements.len() {
                return Err(Error::new(
                    ErrorKind::Shape,
                    format!("{} elements given for shape {shape}, which holds {}", elements.len(), shape.elements()),
                ));
            }
            let ty = TensorType::new(T::DTYPE, shape);
            Ok(Tensor::ready(ty, Buffer::from_slice(elements)))
        };
        make().unwrap_or_else(|error| fail(error.operation("Tensor::from_slice"), location))
    }

    /// Rows of an array, chosen along axis 0 by their numbers in any order: a batch, copied at once to where it is computed with.
    ///
    /// ```
    /// use crisol_tensor::{Tensor, ndarray::arr2};
    /// let all = arr2(&[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// assert_eq!(Tensor::from_rows(&all, &[2, 0]).to_vec::<f32>()?, [5.0, 6.0, 1.0, 2.0]);
    /// # Ok::<(), crisol_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// An array without axes, or a row that does not exist: the tensor carries the error.
    #[track_caller]
    pub fn from_rows<T: Typed, S: Data<Elem = T>, D: Dimension>(array: &ArrayBase<S, D>, rows: &[usize]) -> Tensor {
        let location = Location::caller();
        let make = || -> Result<Tensor> {
            let Some((all, sample)) = array.shape().split_first() else {
                return Err(Error::new(ErrorKind::Shape, "an array without axes has no rows"));
            };
            if let Some(row) = rows.iter().find(|row| *row >= all) {
                return Err(Error::new(ErrorKind::Value, format!("row {row} of an array with {all} rows")));
            }
            let ty = TensorType::new(T::DTYPE, Shape::new(&[&[rows.len()], sample].concat())?);
            let buffer = match array.as_slice() {
                Some(elements) => Buffer::from_rows(elements, sample.iter().product(), rows)?,
                None => {
                    let row = |&row: &usize| array.view().into_dyn().index_axis_move(Axis(0), row);
                    let elements = rows.iter().map(row).flat_map(|row| Vec::from_iter(row.iter().copied()));
                    Buffer::from_slice(&Vec::<T>::from_iter(elements))
                }
            };
            Ok(Tensor::ready(ty, buffer))
        };
        make().unwrap_or_else(|error| fail(error.operation("Tensor::from_rows"), location))
    }

    /// A tensor with the elements of an array of any type.
    #[track_caller]
    pub fn from_value(value: Value) -> Tensor {
        match value.shape() {
            Ok(shape) => {
                let ty = TensorType::new(value.dtype(), shape);
                Tensor::ready(ty, Buffer::from_value(&value))
            }
            Err(error) => fail(error, Location::caller()),
        }
    }

    /// A tensor that carries an error: everything computed from it carries the same one.
    pub fn failed(error: Error) -> Tensor {
        Tensor(Arc::new(Cell::settled(None, Err(error))))
    }

    fn ready(ty: TensorType, buffer: Buffer) -> Tensor {
        Tensor(Arc::new(Cell::settled(Some(ty), Ok(Arc::new(buffer)))))
    }

    pub(crate) fn from_cell(cell: Arc<Cell>) -> Tensor {
        Tensor(cell)
    }

    pub(crate) fn cell(&self) -> &Arc<Cell> {
        &self.0
    }

    /// Element type and shape, known without computing anything.
    ///
    /// # Errors
    /// The tensor carries an error.
    pub fn ty(&self) -> Result<TensorType> {
        if let Some(error) = self.0.error() {
            return Err(error.clone());
        }
        self.0.ty.ok_or_else(|| Error::new(ErrorKind::Internal, "a tensor without a type"))
    }

    /// The sizes of the axes.
    ///
    /// # Errors
    /// The tensor carries an error.
    pub fn shape(&self) -> Result<Shape> {
        Ok(self.ty()?.shape)
    }

    /// The element type.
    ///
    /// # Errors
    /// The tensor carries an error.
    pub fn dtype(&self) -> Result<DType> {
        Ok(self.ty()?.dtype)
    }

    /// The size of an axis; negative axes count from the end.
    ///
    /// # Errors
    /// The axis does not exist, or the tensor carries an error.
    pub fn dim(&self, axis: isize) -> Result<usize> {
        let shape = self.shape()?;
        Ok(shape[shape.axis(axis)?])
    }

    /// The number of axes.
    ///
    /// # Errors
    /// The tensor carries an error.
    pub fn rank(&self) -> Result<usize> {
        Ok(self.shape()?.rank())
    }

    /// The error it carries, if any. Nothing is computed.
    ///
    /// # Errors
    /// The error.
    pub fn check(&self) -> Result<()> {
        self.ty().map(drop)
    }

    /// The same tensor, its error (if it carries one) extended by what is known at this boundary.
    #[must_use]
    pub fn map_error(self, extend: impl FnOnce(Error) -> Error) -> Tensor {
        match self.check() {
            Ok(()) => self,
            Err(error) => Tensor::failed(extend(error)),
        }
    }

    /// Computes the value, and everything else pending on the thread that recorded it.
    ///
    /// # Errors
    /// The tensor carries an error, or its evaluation fails.
    pub fn evaluate(&self) -> Result<()> {
        self.buffer().map(|buffer| buffer.wait())
    }

    /// The value as an array of any type.
    ///
    /// # Errors
    /// As [`Tensor::evaluate`].
    pub fn to_value(&self) -> Result<Value> {
        let shape = self.shape()?;
        self.buffer()?.to_value(&shape)
    }

    /// The value as an ndarray of element type `T`.
    ///
    /// # Errors
    /// As [`Tensor::evaluate`], and when the elements are of another type.
    pub fn to_array<T: Typed>(&self) -> Result<ArrayD<T>> {
        Ok(self.to_value()?.array::<T>()?.clone())
    }

    /// The elements in row-major order.
    ///
    /// # Errors
    /// As [`Tensor::to_array`].
    pub fn to_vec<T: Typed>(&self) -> Result<Vec<T>> {
        Ok(self.buffer()?.as_slice::<T>()?.to_vec())
    }

    /// The value, if it is there: an input, or what was evaluated before, perhaps a moment ago. Nothing else is computed for it.
    ///
    /// ```
    /// # use crisol_tensor::Tensor;
    /// let x = Tensor::from_slice(&[1i32, 2], [2]);
    /// assert!(x.known_value().is_some() && (&x + 1).known_value().is_none());
    /// ```
    pub fn known_value(&self) -> Option<Value> {
        let ty = self.ty().ok()?;
        let buffer = self.0.value()?.as_ref().ok()?;
        buffer.to_value(&ty.shape).ok()
    }

    /// The only element of a tensor that has one, as a number.
    ///
    /// # Errors
    /// As [`Tensor::evaluate`], and when there is not exactly one element.
    pub fn item(&self) -> Result<f64> {
        let shape = self.shape()?;
        if shape.elements() != 1 {
            return Err(Error::new(ErrorKind::Shape, format!("item needs exactly one element, found shape {shape}")));
        }
        let value = self.to_value()?.cast(DType::F64);
        value.array::<f64>()?.first().copied().ok_or_else(|| Error::new(ErrorKind::Internal, "no element"))
    }

    /// The same numbers in another element type, by Rust's `as`.
    #[track_caller]
    pub fn cast(&self, dtype: DType) -> Tensor {
        record(&[self], |graph, x| crisol_ops::cast(graph, x[0], dtype))
    }

    /// The same value, through which no gradient flows.
    #[must_use]
    pub fn stop_gradient(&self) -> Tensor {
        record(&[self], |graph, x| crisol_ops::stop_gradient(graph, x[0]))
    }

    /// For the output of [`Tensor::sigmoid`] or [`Tensor::softmax`] over the last axis: what it was computed from.
    ///
    /// Cross-entropies are computed from these, as in Keras on TensorFlow: a probability that has reached 0 or 1 tells no more how
    /// far off it is, and training would stop there.
    pub fn logits(&self) -> Option<&Tensor> {
        self.0.logits.get()
    }

    /// Notes what probabilities were computed from.
    pub(crate) fn with_logits(self, logits: &Tensor) -> Tensor {
        // One level only: a loop of `x = x.sigmoid()` must not keep every x alive.
        if logits.logits().is_none() {
            self.0.logits.get_or_init(|| logits.clone());
        }
        self
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.0.is_pending()
    }

    pub(crate) fn buffer(&self) -> Result<Arc<Buffer>> {
        if let Some(home) = self.0.pending_home() {
            home.flush(true)?;
        }
        match self.0.value() {
            Some(value) => value.clone(),
            None => Err(Error::new(ErrorKind::Internal, "a flush left a tensor pending")),
        }
    }
}

/// The error a result of tensors carries, or the tensor.
impl From<Result<Tensor>> for Tensor {
    fn from(result: Result<Tensor>) -> Tensor {
        result.unwrap_or_else(Tensor::failed)
    }
}

impl<T: Typed, S: Data<Elem = T>, D: Dimension> From<&ArrayBase<S, D>> for Tensor {
    fn from(array: &ArrayBase<S, D>) -> Tensor {
        match Shape::new(array.shape()) {
            Ok(shape) => {
                let buffer = match array.as_slice() {
                    Some(elements) => Buffer::from_slice(elements),
                    None => Buffer::from_slice(&array.iter().copied().collect::<Vec<T>>()),
                };
                let ty = TensorType::new(T::DTYPE, shape);
                Tensor::ready(ty, buffer)
            }
            Err(error) => Tensor::failed(error),
        }
    }
}

impl<T: Typed, S: Data<Elem = T>, D: Dimension> From<ArrayBase<S, D>> for Tensor {
    fn from(array: ArrayBase<S, D>) -> Tensor {
        Tensor::from(&array)
    }
}

impl From<&Tensor> for Tensor {
    fn from(tensor: &Tensor) -> Tensor {
        tensor.clone()
    }
}

/// Shows the value; what is pending is computed, an error is shown as its text.
impl std::fmt::Display for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if crate::is_tracing() && self.is_pending() {
            return write!(f, "{self:?}");
        }
        match self.to_value() {
            Ok(value) => crisol_ir::each_value!(value, array => std::fmt::Display::fmt(&array, f)),
            Err(error) => write!(f, "<{error}>"),
        }
    }
}

/// Shows the type; nothing is computed.
impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.ty() {
            Ok(ty) => write!(f, "Tensor({ty})"),
            Err(error) => write!(f, "Tensor({error:?})"),
        }
    }
}
