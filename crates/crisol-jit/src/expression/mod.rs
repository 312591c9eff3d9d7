//! Expressions: values of each element, written with Rust's operators.

mod functions;
mod operators;
mod output;

pub use functions::*;
pub use operators::Term;
pub use output::{Output, Reduced};

use crisol_ir::kernel::{Access, Builder, Comparison, Kernel, Register, Type};
use crisol_ir::{DType, Element};
use output::Draft;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;

/// Element types with arithmetic: `i32`, `i64`, `f32`, `f64`. Integers wrap.
pub trait Number: Element + sealed::Bits {}

/// Element types with division and functions: `f32`, `f64`.
pub trait Float: Number {}

/// Element types with `&`, `|`, `^` and `!`: `bool`, `i32`, `i64`.
pub trait Logical: Element {}

impl Number for i32 {}
impl Number for i64 {}
impl Number for f32 {}
impl Number for f64 {}
impl Float for f32 {}
impl Float for f64 {}
impl Logical for bool {}
impl Logical for i32 {}
impl Logical for i64 {}

mod sealed {
    /// The bits of a number as the kernel language holds them.
    pub trait Bits {
        fn bits(self) -> u64;
    }

    impl Bits for i32 {
        fn bits(self) -> u64 {
            u64::from(self as u32)
        }
    }
    impl Bits for i64 {
        fn bits(self) -> u64 {
            self as u64
        }
    }
    impl Bits for f32 {
        fn bits(self) -> u64 {
            u64::from(self.to_bits())
        }
    }
    impl Bits for f64 {
        fn bits(self) -> u64 {
            self.to_bits()
        }
    }
}

/// The body of the loop that is being written: where inputs and constants come from, and where results go.
///
/// `'k` belongs to one body alone, so that expressions of different bodies do not mix:
///
/// ```compile_fail
/// # use crisol_jit::Fused;
/// let outer = Fused::new(|a| {
///     let x = a.input::<f32>();
///     let inner = Fused::new(|b| b.output(b.input::<f32>() + x));
/// });
/// ```
pub struct Body<'k> {
    builder: RefCell<Builder>,
    inputs: RefCell<Vec<DType>>,
    outputs: RefCell<Vec<Draft>>,
    brand: PhantomData<Cell<&'k ()>>,
}

/// What a body was when its writer was done.
pub(crate) struct Written {
    /// Inputs and outputs as if all were contiguous.
    pub kernel: Kernel,
    pub inputs: Vec<DType>,
    pub outputs: Vec<Draft>,
}

pub(crate) use output::{Draft as OutputDraft, Finish};

impl<'k> Body<'k> {
    pub(crate) fn write(write: impl for<'b> FnOnce(&'b Body<'b>)) -> Written {
        let body = Body {
            builder: RefCell::default(),
            inputs: RefCell::default(),
            outputs: RefCell::default(),
            brand: PhantomData,
        };
        write(&body);
        let (inputs, outputs) = (body.inputs.take(), body.outputs.take());
        Written { kernel: body.builder.take().finish(), inputs, outputs }
    }

    /// The next input: an array of any shape that broadcasts with the others', or a single number.
    pub fn input<T: Element>(&'k self) -> Expression<'k, T> {
        self.inputs.borrow_mut().push(T::DTYPE);
        let mut builder = self.builder.borrow_mut();
        let input = builder.input(T::DTYPE, Access::Contiguous);
        Expression::new(self, builder.load(input))
    }

    /// A number that is part of the code. One that changes from call to call is better an [input](Body::input).
    pub fn constant<T: Number>(&'k self, number: T) -> Expression<'k, T> {
        Expression::new(self, self.builder.borrow_mut().bits(Type::of(T::DTYPE), number.bits()))
    }

    /// Adds a result: an expression, stored at every place, or a [reduction](Expression::sum) of one.
    pub fn output(&'k self, result: impl Into<Output<'k>>) {
        self.outputs.borrow_mut().push(result.into().draft);
    }
}

/// A value of each element; made by a [`Body`], operators and functions.
///
/// Operations mean what IEEE 754 says, in the order written: nothing is contracted or reordered.
pub struct Expression<'k, T> {
    body: &'k Body<'k>,
    register: Register,
    element: PhantomData<fn() -> T>,
}

impl<T> Clone for Expression<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Expression<'_, T> {}

impl<T: Element> fmt::Debug for Expression<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression of {} (r{})", T::DTYPE, self.register.0)
    }
}

impl<'k, T: Element> Expression<'k, T> {
    fn new(body: &'k Body<'k>, register: Register) -> Self {
        Expression { body, register, element: PhantomData }
    }

    /// The same number as another type, as Rust's `as`: towards zero and saturating from floats to integers, NaN to 0; `bool`
    /// by comparing with 0, and to 0 or 1.
    pub fn cast<U: Element>(self) -> Expression<'k, U> {
        let mut builder = self.body.builder.borrow_mut();
        let mut x = self.register;
        let float = builder.ty(x).is_float();
        if U::DTYPE == DType::U8 && T::DTYPE != DType::U8 {
            // A byte is held in 32 bits: saturated like a byte from floats, cut like one from integers.
            x = builder.convert(x, Type::I32);
            let largest = builder.bits(Type::I32, 255);
            if float {
                let zero = builder.bits(Type::I32, 0);
                x = builder.binary(crisol_ir::kernel::Binary::Maximum, x, zero);
                x = builder.binary(crisol_ir::kernel::Binary::Minimum, x, largest);
            } else {
                x = builder.binary(crisol_ir::kernel::Binary::And, x, largest);
            }
        } else {
            x = builder.convert(x, Type::of(U::DTYPE));
        }
        drop(builder);
        Expression::new(self.body, x)
    }

    fn then<U: Element>(self, function: impl FnOnce(&mut Builder, Register) -> Register) -> Expression<'k, U> {
        let register = function(&mut self.body.builder.borrow_mut(), self.register);
        Expression::new(self.body, register)
    }
}

/// Comparisons with an expression or a number.
macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident: $comparison:ident;)*) => {
        impl<'k, T: Number> Expression<'k, T> {$(
            $(#[$doc])*
            pub fn $name(self, other: impl Term<'k, T>) -> Expression<'k, bool> {
                let other = other.register(self.body);
                self.then(|builder, x| builder.compare(Comparison::$comparison, x, other))
            }
        )*}
    };
}

comparisons! {
    /// Whether both are equal: `x == y`, false with NaN.
    equal: Equal;
    /// Whether they differ: `x != y`, true with NaN.
    not_equal: NotEqual;
    /// `x < y`, false with NaN.
    less: Less;
    /// `x <= y`, false with NaN.
    less_equal: LessEqual;
    /// `x > y`, false with NaN.
    greater: Greater;
    /// `x >= y`, false with NaN.
    greater_equal: GreaterEqual;
}

impl<'k> Expression<'k, bool> {
    /// `a` where the condition holds, else `b`: NumPy's `where`. Both are computed everywhere.
    pub fn select<T: Element>(self, a: impl Term<'k, T>, b: impl Term<'k, T>) -> Expression<'k, T> {
        let (a, b) = (a.register(self.body), b.register(self.body));
        self.then(|builder, mask| builder.select(mask, a, b))
    }
}
