//! Powers with integer exponents.

use crate::composite::{scalar_like, zeros_like};
use crate::definition::unexpected;
use crate::multiply;
use crate::probe::{self, FLOATS};
use crate::rule::{self, Takes};
use crisol_ir::kernel::{Builder, Register};
use crisol_ir::primitive::Gradients;
use crisol_ir::{
    Attributes, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value, elements,
};
use smallvec::smallvec;

/// `y = x^n` for an integer `n` from -1024 to 1024, by repeated squaring; `x^-n` is `1 / x^n`, and `x^0` is 1 for every
/// `x`.
///
/// Setting: `n`. Floats, and integers if `n` is not negative (wrapping). Gradient: `g * n * x^(n - 1)`, 0 for `n = 0`.
#[derive(Clone, Copy, Debug)]
pub struct IntegerPower;

/// The operation.
pub static INTEGER_POWER: IntegerPower = IntegerPower;

/// The largest exponent; beyond it [`power`](crate::power()) is the better tool.
const LARGEST: i64 = 1024;

/// `x^exponent`.
///
/// # Errors
/// The type has no arithmetic, the exponent is beyond 1024 in size, or negative for integers.
pub fn integer_power(graph: &mut Graph, x: NodeId, exponent: i64) -> Result<NodeId> {
    graph.apply(&INTEGER_POWER, Attributes::new([exponent]), &[x])
}

/// `x^n` from a `one`, a `product` and a `reciprocal`: the order of products that definition and lowering share.
fn by_squaring<T: Copy>(
    x: T,
    exponent: i64,
    one: T,
    mut product: impl FnMut(T, T) -> T,
    reciprocal: impl FnOnce(T) -> T,
) -> T {
    let mut left = exponent.unsigned_abs();
    let mut square = x;
    let mut result = None;
    while left > 0 {
        if left % 2 == 1 {
            result = Some(result.map_or(square, |so_far| product(so_far, square)));
        }
        left /= 2;
        if left > 0 {
            square = product(square, square);
        }
    }
    let result = result.unwrap_or(one);
    if exponent < 0 { reciprocal(result) } else { result }
}

impl Primitive for IntegerPower {
    fn name(&self) -> &'static str {
        "integer_power"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        let [exponent] = rule::settings(attributes)?;
        Takes::Numbers.check(x)?;
        if !(-LARGEST..=LARGEST).contains(&exponent) {
            let text = format!("exponent {exponent} is out of range: expected -{LARGEST} to {LARGEST}");
            return Err(Error::new(ErrorKind::Value, text));
        }
        if exponent < 0 && !x.dtype.is_float() {
            let text = format!("exponent {exponent} of {x}: integers have no negative powers");
            return Err(Error::new(ErrorKind::Value, text).help("cast first, for example with .cast(DType::F32)"));
        }
        Ok(x)
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let [n] = rule::settings(attributes)?;
        match x {
            Value::I32(x) => Ok(Value::I32(elements::map(x, |x| by_squaring(x, n, 1, i32::wrapping_mul, |x| x)))),
            Value::I64(x) => Ok(Value::I64(elements::map(x, |x| by_squaring(x, n, 1, i64::wrapping_mul, |x| x)))),
            Value::F32(x) => Ok(Value::F32(elements::map(x, |x| by_squaring(x, n, 1.0, |a, b| a * b, f32::recip)))),
            Value::F64(x) => Ok(Value::F64(elements::map(x, |x| by_squaring(x, n, 1.0, |a, b| a * b, f64::recip)))),
            other => Err(unexpected(other)),
        }
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let x = graph.node(node).inputs[0];
        let [exponent] = rule::settings(&rule::attributes(graph, node)?)?;
        let slope = match exponent {
            0 => return Ok(smallvec![Some(zeros_like(graph, gradient)?)]),
            1 => return Ok(smallvec![Some(gradient)]),
            2 => x,
            _ if exponent == -LARGEST => {
                let text = format!("the gradient of x^{exponent} needs an exponent below -{LARGEST}");
                return Err(Error::new(ErrorKind::Gradient, text).operation("integer_power"));
            }
            _ => integer_power(graph, x, exponent - 1)?,
        };
        let factor = scalar_like(graph, gradient, exponent as f64);
        let scaled = multiply(graph, gradient, factor)?;
        Ok(smallvec![Some(multiply(graph, scaled, slope)?)])
    }

    fn lower(&self, builder: &mut Builder, attributes: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        let [exponent] = rule::settings(attributes)?;
        let one = builder.constant_like(x, 1.0);
        let positive = by_squaring(x, exponent.abs(), one, |a, b| builder.multiply(a, b), |x| x);
        Ok(if exponent < 0 { builder.divide(one, positive) } else { positive })
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for exponent in [-3, -1, 0, 1, 2, 3, 7, 10] {
            for (_, types) in probe::maps(if exponent < 0 { &FLOATS } else { &probe::NUMBERS }, 1) {
                cases.push((Attributes::new([exponent]), types));
            }
        }
        Probe { cases, range: (0.5, 2.0), ..Probe::default() }
    }
}
