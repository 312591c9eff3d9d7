//! Counting: the number of each place.

use crate::composite::scalar;
use crate::definition::unexpected;
use crate::{broadcast, probe, rule};
use crisol_ir::kernel::{Binary, Builder, Register, Type};
use crisol_ir::primitive::Gradients;
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, Shape, TensorType, Value,
};
use smallvec::smallvec;

/// `y = x + the row-major number of the place`, in `int32` or `int64`, wrapping: 0, 1, 2, ... where `x` is zeros.
///
/// Nothing is read or stored to count: a kernel knows where it is.
///
/// No gradient: integers carry none.
#[derive(Clone, Copy, Debug)]
pub struct Iota;

/// The operation.
pub static IOTA: Iota = Iota;

/// The numbers 0, 1, ... in row-major order under `shape`, in `int32` or `int64`.
///
/// # Errors
/// Another type.
pub fn iota(graph: &mut Graph, dtype: DType, shape: Shape) -> Result<NodeId> {
    let zero = scalar(graph, dtype, 0.0);
    let zeros = broadcast(graph, zero, shape)?;
    graph.apply(&IOTA, Attributes::none(), &[zeros])
}

impl Primitive for Iota {
    fn name(&self) -> &'static str {
        "iota"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        rule::settings::<0>(attributes)?;
        if ![DType::I32, DType::I64].contains(&x.dtype) {
            let text = format!("expected int32 or int64, given {x}");
            return Err(Error::new(ErrorKind::DType, text).help("count in int32 and cast the result"));
        }
        Ok(x)
    }

    fn define(&self, _: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        let mut x = x.clone();
        match &mut x {
            Value::I32(x) => x.iter_mut().enumerate().for_each(|(place, x)| *x = x.wrapping_add(place as i32)),
            Value::I64(x) => x.iter_mut().enumerate().for_each(|(place, x)| *x = x.wrapping_add(place as i64)),
            other => return Err(unexpected(other)),
        }
        Ok(x)
    }

    fn gradient(&self, _: &mut Graph, _: NodeId, _: NodeId) -> Result<Gradients> {
        Ok(smallvec![None])
    }

    fn lower(&self, builder: &mut Builder, _: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        let low = builder.position(false);
        let place = if builder.ty(x) == Type::I32 {
            low
        } else {
            let high = builder.position(true);
            let (low, high) = (builder.convert(low, Type::I64), builder.convert(high, Type::I64));
            // Widened as signed: the upper half of the lower word is cut off again.
            let mask = builder.bits(Type::I64, 0xffff_ffff);
            let half = builder.constant(Type::I64, 32.0);
            let low = builder.binary(Binary::And, low, mask);
            let high = builder.binary(Binary::ShiftLeft, high, half);
            builder.binary(Binary::Or, high, low)
        };
        Ok(builder.add(x, place))
    }

    fn probe(&self) -> Probe {
        Probe { cases: probe::maps(&[DType::I32, DType::I64], 1), ..Probe::default() }
    }
}
