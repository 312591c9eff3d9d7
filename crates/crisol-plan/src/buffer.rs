//! The memory of tensors: aligned, typed, counted, and perhaps still being written.

use crate::moving::{Elements, Moving};
use crate::storage::Storage;
use crisol_ir::value::Typed;
use crisol_ir::{DType, Element, Error, ErrorKind, Result, Shape, Value, each_value};
use crisol_kernels::{Choice, Task};
use std::fmt;

pub use crate::storage::{ALIGNMENT, Statistics, statistics};

/// The elements of a tensor, row-major, in memory aligned to [`ALIGNMENT`].
///
/// ```
/// use crisol_plan::Buffer;
/// let buffer = Buffer::from_slice(&[1.0f32, 2.0]);
/// assert_eq!(buffer.as_slice::<f32>()?, [1.0, 2.0]);
/// assert!(buffer.as_slice::<i32>().is_err());
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub struct Buffer {
    storage: Storage,
    dtype: DType,
    count: usize,
    /// What writes the elements, perhaps still; who reads them waits for it.
    writer: Option<Task>,
}

impl Buffer {
    /// `count` elements of `dtype`, all zero.
    pub fn zeros(dtype: DType, count: usize) -> Buffer {
        let mut buffer = Buffer::recycled(dtype, count);
        let bytes = buffer.bytes();
        // SAFETY: the storage has at least `bytes` bytes and this is its only owner.
        unsafe { std::ptr::write_bytes(buffer.pointer_mut(), 0, bytes) };
        buffer
    }

    /// `count` elements of `dtype` with the values that the storage was left with; the caller writes all of them.
    pub(crate) fn recycled(dtype: DType, count: usize) -> Buffer {
        let bytes = count.saturating_mul(dtype.size());
        Buffer { storage: Storage::take(bytes), dtype, count, writer: None }
    }

    /// A copy of the elements of a slice.
    pub fn from_slice<T: Element>(elements: &[T]) -> Buffer {
        let mut buffer = Buffer::recycled(T::DTYPE, elements.len());
        // SAFETY: the storage holds as many elements of this type, and fresh storage overlaps nothing.
        unsafe {
            let to = buffer.pointer_mut().cast::<T>();
            std::ptr::copy_nonoverlapping(elements.as_ptr(), to, elements.len());
        }
        buffer
    }

    /// Copies of rows of an array, `width` elements each, in the order of their numbers: on all threads, for rows of large arrays
    /// come from far away.
    ///
    /// # Errors
    /// Elements that make no whole rows, or a row that does not exist.
    pub fn from_rows<T: Element>(elements: &[T], width: usize, rows: &[usize]) -> Result<Buffer> {
        // SAFETY: they are elements of this type: nobody else can say what type of elements a type of Rust is.
        unsafe {
            Buffer::chosen(T::DTYPE, Elements { start: elements.as_ptr().cast(), count: elements.len() }, width, rows)
        }
        .map_err(|error| error.operation("from_rows"))
    }

    /// [`Buffer::from_rows`] by the width of elements: compiled here, and not for every type in every crate that makes batches.
    ///
    /// # Safety
    /// The elements are readable, aligned and of type `dtype`, and nobody changes them meanwhile.
    unsafe fn chosen(dtype: DType, elements: Elements<*const u8>, width: usize, rows: &[usize]) -> Result<Buffer> {
        if width == 0 {
            return Ok(Buffer::recycled(dtype, 0));
        }
        if !elements.count.is_multiple_of(width) {
            let text = format!("{} elements make no whole rows of {width}", elements.count);
            return Err(Error::new(ErrorKind::Value, text));
        }
        let (count, size) = (rows.len(), elements.count / width);
        let choice = Choice { outer: 1, size, inner: width, count, shared_outer: true, shared_inner: true };
        if let Some(row) = rows.iter().find(|row| **row >= size) {
            return Err(Error::new(ErrorKind::Value, format!("row {row} of an array with {size} rows")));
        }
        let indices: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
        let mut buffer = Buffer::recycled(dtype, count * width);
        let out = Elements { start: buffer.pointer_mut(), count: buffer.count };
        // SAFETY: the elements are the caller's promise; the indices are of type `I64` and live to the end of this function; the storage is new.
        unsafe {
            Moving::Gather(choice, DType::I64).run(
                dtype,
                &[elements, Elements { start: indices.as_ptr().cast(), count }],
                out,
            )
        }?;
        Ok(buffer)
    }

    /// A row-major copy of an array.
    pub fn from_value(value: &Value) -> Buffer {
        each_value!(&*value.as_standard_layout(), array => match array.as_slice() {
            Some(elements) => Buffer::from_slice(elements),
            None => unreachable!("elements in row-major order are a slice"),
        })
    }

    /// A copy as an array of the given shape.
    ///
    /// # Errors
    /// The shape has another number of elements.
    pub fn to_value(&self, shape: &Shape) -> Result<Value> {
        match self.dtype {
            DType::Bool => self.to_array::<bool>(shape),
            DType::U8 => self.to_array::<u8>(shape),
            DType::I32 => self.to_array::<i32>(shape),
            DType::I64 => self.to_array::<i64>(shape),
            DType::BF16 => self.to_array::<crisol_ir::half::bf16>(shape),
            DType::F16 => self.to_array::<crisol_ir::half::f16>(shape),
            DType::F32 => self.to_array::<f32>(shape),
            DType::F64 => self.to_array::<f64>(shape),
        }
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Bytes that the elements take.
    pub fn bytes(&self) -> usize {
        self.count * self.dtype.size()
    }

    /// The elements.
    ///
    /// # Errors
    /// They are of another type.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.check::<T>()?;
        // SAFETY: the storage holds `count` initialised elements of this type, aligned to more than it needs.
        Ok(unsafe { std::slice::from_raw_parts(self.pointer().cast(), self.count) })
    }

    /// The elements, to be changed.
    ///
    /// # Errors
    /// They are of another type.
    pub fn as_mut_slice<T: Element>(&mut self) -> Result<&mut [T]> {
        self.check::<T>()?;
        self.wait();
        // SAFETY: as in `as_slice`, and the borrow is exclusive.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.pointer_mut().cast(), self.count) })
    }

    /// Whether the elements are there.
    pub fn is_ready(&self) -> bool {
        self.writer.as_ref().is_none_or(Task::is_done)
    }

    /// Returns when the elements are there: a plan may still be writing them.
    #[inline]
    pub fn wait(&self) {
        if let Some(writer) = &self.writer {
            writer.wait();
        }
    }

    /// Whether a task writes the elements, or has written them.
    pub(crate) fn is_written_by(&self, task: &Task) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.is(task))
    }

    /// The first byte, of elements that are there.
    pub(crate) fn pointer(&self) -> *const u8 {
        self.wait();
        self.storage.start()
    }

    /// The first byte, of elements that are there or will be.
    pub(crate) fn start(&self) -> *mut u8 {
        self.storage.start()
    }

    /// Says that a task writes the elements.
    pub(crate) fn set_writer(&mut self, writer: Option<Task>) {
        self.writer = writer;
    }

    /// The first byte, to be written: of elements that nobody is writing.
    pub(crate) fn pointer_mut(&mut self) -> *mut u8 {
        self.storage.start()
    }

    /// Lets the same bytes stand for as many elements of another type of the same size, about to be written.
    pub(crate) fn retype(&mut self, dtype: DType) {
        debug_assert_eq!(dtype.size(), self.dtype.size());
        self.dtype = dtype;
    }

    fn check<T: Element>(&self) -> Result<()> {
        if T::DTYPE == self.dtype {
            return Ok(());
        }
        let message = format!("expected a buffer of {}, found {}", T::DTYPE, self.dtype);
        Err(Error::new(ErrorKind::DType, message))
    }

    fn to_array<T: Typed>(&self, shape: &Shape) -> Result<Value> {
        let elements = self.as_slice::<T>()?.to_vec();
        crisol_ir::ndarray::ArrayD::from_shape_vec(shape.sizes(), elements).map(T::value).map_err(|_| {
            let message = format!("{} elements do not fill an array of shape {shape}", self.count);
            Error::new(ErrorKind::Shape, message)
        })
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        let mut copy = Buffer::recycled(self.dtype, self.count);
        // SAFETY: both storages hold `bytes` bytes and differ.
        unsafe { std::ptr::copy_nonoverlapping(self.pointer(), copy.pointer_mut(), self.bytes()) };
        copy
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take()
            && !writer.is_done()
        {
            // It goes on writing: the memory is nobody else's before it is done.
            writer.keep(std::mem::replace(&mut self.storage, Storage::none()));
        }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({}[{}])", self.dtype, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crisol_ir::half::f16;

    #[test]
    fn rows_are_copied_in_order_and_checked() {
        let elements: Vec<i32> = (0..3 * 9000).collect();
        let buffer = Buffer::from_rows(&elements, 9000, &[2, 0, 2]).unwrap();
        let expected: Vec<i32> = [2, 0, 2].iter().flat_map(|row| row * 9000..(row + 1) * 9000).collect();
        assert_eq!(buffer.as_slice::<i32>().unwrap(), expected);
        for row in [3, usize::MAX] {
            assert_eq!(Buffer::from_rows(&elements, 9000, &[row]).unwrap_err().kind(), ErrorKind::Value);
        }
        let error = Buffer::from_rows(&elements, 8000, &[0]).unwrap_err().to_string();
        assert!(error.contains("27000 elements make no whole rows of 8000"), "{error}");
        // No memory is asked for before rows are looked at.
        let error = Buffer::from_rows::<f32>(&[], usize::MAX, &[0, 0]).unwrap_err().to_string();
        assert!(error.contains("row 0 of an array with 0 rows"), "{error}");
        let halves = [1.0, 2.0, 3.0].map(f16::from_f32);
        assert_eq!(Buffer::from_rows(&halves, 1, &[2, 0]).unwrap().as_slice::<f16>().unwrap(), [halves[2], halves[0]]);
        let truths = Buffer::from_rows(&[true, false, true, true], 2, &[1, 0]).unwrap();
        assert_eq!(truths.as_slice::<bool>().unwrap(), [true, true, true, false]);
        let doubles = Buffer::from_rows(&[0.5_f64, -0.0], 1, &[1]).unwrap();
        assert!(doubles.as_slice::<f64>().unwrap()[0].is_sign_negative());
        assert!(Buffer::from_rows::<f32>(&[], 0, &[]).unwrap().is_empty());
    }

    #[test]
    fn values_go_in_and_out() {
        let array = crisol_ir::ndarray::arr2(&[[1i64, 2, 3], [4, 5, 6]]).into_dyn();
        let turned = Value::I64(array.clone().reversed_axes());
        let buffer = Buffer::from_value(&turned);
        assert_eq!(buffer.as_slice::<i64>().unwrap(), [1, 4, 2, 5, 3, 6]);
        assert_eq!(buffer.to_value(&Shape::new(&[3, 2]).unwrap()).unwrap(), turned);
        assert!(buffer.to_value(&Shape::new(&[4, 2]).unwrap()).is_err());
    }

    #[test]
    fn freed_storage_is_used_again_and_zeros_are_zero() {
        // A size that nothing else in this process uses.
        let count = 777_777;
        let mut first = Buffer::zeros(DType::F32, count);
        first.as_mut_slice::<f32>().unwrap().fill(1.0);
        let place = first.pointer() as usize;
        assert_eq!(place % ALIGNMENT, 0);
        drop(first);
        let second = Buffer::zeros(DType::F32, count);
        assert_eq!(second.pointer() as usize, place);
        assert!(second.as_slice::<f32>().unwrap().iter().all(|&x| x == 0.0));
    }
}
