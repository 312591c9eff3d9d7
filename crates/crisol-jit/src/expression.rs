//! Expressions in Rust's operators, run as one loop over slices.

use crate::CompiledKernel;
use crisol_ir::kernel::{Access, Binary, Builder, Call, Comparison, Register, Role, Type, Unary, math};
use crisol_ir::ndarray::{ArrayView, ArrayViewMut, Dimension};
use crisol_ir::{Element, Error, ErrorKind, Result};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// The element types of expressions: `f32` and `f64`.
pub trait Float: Element + Into<f64> + sealed::Sealed {}

impl Float for f32 {}
impl Float for f64 {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// An elementwise function of some slices, compiled into one loop.
///
/// ```
/// use crisol_jit::expression::{Fused, sigmoid};
///
/// let swish = Fused::<f32>::new(|k| {
///     let (x, scale) = (k.input(), k.input());
///     x * sigmoid(scale * x)
/// })?;
/// let mut out = [0.0; 3];
/// swish.run(&[&[-1.0, 0.0, 20.0], &[1.0, 1.0, 1.0]], &mut out)?;
/// assert_eq!(out[1..], [0.0, 20.0]);
///
/// let error = swish.run(&[&[1.0, 2.0], &[1.0]], &mut out).unwrap_err();
/// assert_eq!(error.to_string(), "fused: input 0 has 2 elements, the output has 3 (all slices must have one length)");
/// # Ok::<(), crisol_jit::Error>(())
/// ```
pub struct Fused<T> {
    kernel: CompiledKernel,
    inputs: usize,
    element: PhantomData<fn(T) -> T>,
}

impl<T: Float> Fused<T> {
    /// Compiles the expression that `write` returns. Inputs are numbered in the order in which it asks for them.
    ///
    /// # Errors
    /// No code can be made for this processor.
    pub fn new(write: impl for<'k> FnOnce(&'k Body<'k, T>) -> Expression<'k, T>) -> Result<Fused<T>> {
        let body = Body { builder: RefCell::default(), inputs: Cell::new(0), brand: PhantomData };
        let result = write(&body).register;
        let mut builder = body.builder.take();
        builder.output(result, T::DTYPE, Role::Store(Access::Contiguous));
        let kernel = CompiledKernel::compile(&builder.finish())?;
        Ok(Fused { kernel, inputs: body.inputs.get(), element: PhantomData })
    }

    /// Computes `out` from the inputs, element by element.
    ///
    /// # Errors
    /// Another number of inputs than the expression has; lengths that differ.
    pub fn run(&self, inputs: &[&[T]], out: &mut [T]) -> Result<()> {
        if inputs.len() != self.inputs {
            let message = format!("{} inputs were given, the expression has {}", inputs.len(), self.inputs);
            return Err(Error::new(ErrorKind::Shape, message).operation("fused"));
        }
        for (number, input) in inputs.iter().enumerate() {
            if input.len() != out.len() {
                let message = format!("input {number} has {} elements, the output has {}", input.len(), out.len());
                return Err(Error::new(ErrorKind::Shape, message)
                    .operation("fused")
                    .help("all slices must have one length"));
            }
        }
        let inputs = inputs.iter().map(|input| input.as_ptr().cast_mut().cast());
        let pointers: Vec<*mut u8> = inputs.chain([out.as_mut_ptr().cast()]).collect();
        let strides = vec![0; pointers.len()];
        let call = Call {
            pointers: pointers.as_ptr(),
            row_strides: strides.as_ptr(),
            column_strides: strides.as_ptr(),
            rows: 1,
            columns: out.len(),
            position: 0,
            position_row_step: 0,
            position_column_step: 1,
        };
        // SAFETY: a pointer for each argument, to as many elements as there are columns; the kernel only reads its inputs, and
        // `out` is borrowed for us alone.
        unsafe { self.kernel.call(&call) };
        Ok(())
    }

    /// The same on arrays of one shape that lie in memory in row-major order without gaps.
    ///
    /// # Errors
    /// Shapes that differ; an array that is not contiguous; another number of inputs than the expression has.
    pub fn run_arrays<D: Dimension>(
        &self,
        inputs: &[ArrayView<'_, T, D>],
        mut out: ArrayViewMut<'_, T, D>,
    ) -> Result<()> {
        let gaps = |what: String| {
            Error::new(ErrorKind::Shape, format!("{what} is not contiguous"))
                .operation("fused")
                .help("copy it with `as_standard_layout`")
        };
        let mut slices = Vec::with_capacity(inputs.len());
        for (number, input) in inputs.iter().enumerate() {
            if input.shape() != out.shape() {
                let message = format!("input {number} has shape {:?}, the output has {:?}", input.shape(), out.shape());
                return Err(Error::new(ErrorKind::Shape, message).operation("fused"));
            }
            slices.push(input.as_slice().ok_or_else(|| gaps(format!("input {number}")))?);
        }
        self.run(&slices, out.as_slice_mut().ok_or_else(|| gaps("the output".to_string()))?)
    }
}

impl<T> fmt::Debug for Fused<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fused").field("inputs", &self.inputs).field("kernel", &self.kernel).finish()
    }
}

/// The body of the loop that is being written: where inputs and constants come from.
///
/// `'k` belongs to one body alone, so that expressions of different bodies do not mix:
///
/// ```compile_fail
/// # use crisol_jit::expression::Fused;
/// let outer = Fused::<f32>::new(|a| {
///     let x = a.input();
///     let inner = Fused::<f32>::new(|b| b.input() + x);
///     x
/// });
/// ```
pub struct Body<'k, T> {
    builder: RefCell<Builder>,
    inputs: Cell<usize>,
    brand: PhantomData<Cell<&'k T>>,
}

impl<'k, T: Float> Body<'k, T> {
    /// The next input.
    pub fn input(&'k self) -> Expression<'k, T> {
        self.inputs.set(self.inputs.get() + 1);
        let mut builder = self.builder.borrow_mut();
        let input = builder.input(T::DTYPE, Access::Contiguous);
        Expression { body: self, register: builder.load(input) }
    }

    /// A number, the same for all elements.
    pub fn constant(&'k self, number: T) -> Expression<'k, T> {
        let register = self.builder.borrow_mut().constant(Type::of(T::DTYPE), number.into());
        Expression { body: self, register }
    }
}

/// A value of each element; made by a [`Body`], operators and functions.
///
/// Operations mean what IEEE 754 says, in the order written: nothing is contracted or reordered.
pub struct Expression<'k, T> {
    body: &'k Body<'k, T>,
    register: Register,
}

impl<T> Clone for Expression<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Expression<'_, T> {}

impl<'k, T: Float> Expression<'k, T> {
    /// `self * b + c`, rounded once where the processor can.
    pub fn multiply_add(self, b: Self, c: Self) -> Self {
        self.then(|builder, a| builder.multiply_add(a, b.register, c.register))
    }

    /// The smaller of two; `other` where one is NaN.
    pub fn minimum(self, other: Self) -> Self {
        self.then(|builder, x| builder.binary(Binary::Minimum, x, other.register))
    }

    /// The larger of two; `other` where one is NaN.
    pub fn maximum(self, other: Self) -> Self {
        self.then(|builder, x| builder.binary(Binary::Maximum, x, other.register))
    }

    /// `a` where `self` is greater than `threshold`, else `b`.
    pub fn if_greater(self, threshold: Self, a: Self, b: Self) -> Self {
        self.then(|builder, x| {
            let mask = builder.compare(Comparison::Greater, x, threshold.register);
            builder.select(mask, a.register, b.register)
        })
    }

    fn then(self, function: impl FnOnce(&mut Builder, Register) -> Register) -> Self {
        let register = function(&mut self.body.builder.borrow_mut(), self.register);
        Expression { register, ..self }
    }

    fn number(self, number: T) -> Self {
        self.body.constant(number)
    }
}

/// Functions of one expression.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident: $function:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name<T: Float>(x: Expression<'_, T>) -> Expression<'_, T> {
            x.then($function)
        }
    )*};
}

functions! {
    /// `e^x`; see [`math::exp`] for its accuracy, as for the others.
    exp: math::exp;
    /// The natural logarithm.
    log: math::log;
    /// The hyperbolic tangent.
    tanh: math::tanh;
    /// `1 / (1 + e^-x)`.
    sigmoid: math::sigmoid;
    /// The square root.
    sqrt: |builder, x| builder.unary(Unary::SquareRoot, x);
    /// The number without its sign.
    abs: |builder, x| builder.unary(Unary::Absolute, x);
    /// The largest integer that is not larger.
    floor: |builder, x| builder.unary(Unary::Floor, x);
    /// The smallest integer that is not smaller.
    ceil: |builder, x| builder.unary(Unary::Ceil, x);
    /// The nearest integer, ties to even.
    round: |builder, x| builder.unary(Unary::Round, x);
}

impl<T: Float> Neg for Expression<'_, T> {
    type Output = Self;

    fn neg(self) -> Self {
        self.then(|builder, x| builder.unary(Unary::Negate, x))
    }
}

/// An operator between expressions, and between expressions and numbers.
macro_rules! operator {
    ($trait:ident, $method:ident, $instruction:expr) => {
        impl<T: Float> $trait for Expression<'_, T> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.then(|builder, x| builder.binary($instruction, x, other.register))
            }
        }

        impl<T: Float> $trait<T> for Expression<'_, T> {
            type Output = Self;

            fn $method(self, number: T) -> Self {
                $trait::$method(self, self.number(number))
            }
        }

        operator!($trait, $method, f32, f64);
    };
    ($trait:ident, $method:ident, $($number:ty),*) => {$(
        impl<'k> $trait<Expression<'k, $number>> for $number {
            type Output = Expression<'k, $number>;

            fn $method(self, x: Expression<'k, $number>) -> Expression<'k, $number> {
                $trait::$method(x.number(self), x)
            }
        }
    )*};
}

operator!(Add, add, Binary::Add);
operator!(Sub, sub, Binary::Subtract);
operator!(Mul, mul, Binary::Multiply);
operator!(Div, div, Binary::Divide);

#[cfg(test)]
mod tests {
    use super::*;
    use crisol_ir::ndarray::{Array2, s};

    #[test]
    fn operators_mean_what_they_do_on_numbers() {
        let fused = Fused::<f64>::new(|k| {
            let (x, y) = (k.input(), k.input());
            let sum = 2.0 * x + y / 3.0 - (1.0 - x) * sqrt(abs(y));
            sum.maximum(-x).minimum(k.constant(9.5)) + x.if_greater(y, floor(x), round(y))
        })
        .unwrap();
        let x: Vec<f64> = (0..37).map(|i| f64::from(i) * 0.37 - 5.0).collect();
        let y: Vec<f64> = (0..37).map(|i| f64::from(i) * -0.21 + 3.0).collect();
        let mut out = vec![0.0; 37];
        fused.run(&[&x, &y], &mut out).unwrap();
        for ((x, y), out) in x.iter().zip(&y).zip(&out) {
            let sum = 2.0 * x + y / 3.0 - (1.0 - x) * y.abs().sqrt();
            let larger = if sum > -x { sum } else { -x };
            let smaller = if larger < 9.5 { larger } else { 9.5 };
            let expected = smaller + if x > y { x.floor() } else { y.round_ties_even() };
            assert_eq!(*out, expected, "{x} {y}");
        }
    }

    #[test]
    fn a_wrong_number_of_inputs_is_an_error() {
        let fused = Fused::<f32>::new(|k| k.input() + 1.0).unwrap();
        let error = fused.run(&[], &mut [0.0]).unwrap_err();
        assert_eq!(error.to_string(), "fused: 0 inputs were given, the expression has 1");
        assert!(fused.run(&[&[]], &mut []).is_ok());
    }

    #[test]
    fn arrays_have_one_shape_and_no_gaps() {
        let double = Fused::<f32>::new(|k| k.input() * 2.0).unwrap();
        let x = Array2::from_shape_fn((3, 4), |(i, j)| (4 * i + j) as f32);
        let mut y = Array2::zeros((3, 4));
        double.run_arrays(&[x.view()], y.view_mut()).unwrap();
        assert_eq!(y, &x + &x);
        let error = double.run_arrays(&[x.slice(s![.., ..2])], y.view_mut()).unwrap_err();
        assert!(error.to_string().contains("input 0 has shape [3, 2], the output has [3, 4]"), "{error}");
        let error = double.run_arrays(&[x.t()], Array2::zeros((4, 3)).view_mut()).unwrap_err();
        assert!(error.to_string().contains("input 0 is not contiguous"), "{error}");
    }
}
