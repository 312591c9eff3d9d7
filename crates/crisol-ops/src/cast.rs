//! Change of the element type.

use crate::{probe, rule};
use crisol_ir::kernel::{Binary, Builder, Register, Type, math};
use crisol_ir::primitive::Gradients;
use crisol_ir::{
    Attributes, DType, Error, ErrorKind, Graph, Kind, NodeId, Primitive, Probe, Result, TensorType, Value,
};
use smallvec::smallvec;

/// The same numbers as another type, by Rust's `as`: floats to integers towards zero, saturating, NaN to 0; integers to
/// narrower ones by their lower bits; to `bool` by comparing with 0; to `bfloat16` and `float16` through
/// `float32`, to the nearest, ties to even.
///
/// Setting: the code of the new type (`dtype as i64`). Gradient: `g` cast back between floating point types, else none.
#[derive(Clone, Copy, Debug)]
pub struct Cast;

/// The operation.
pub static CAST: Cast = Cast;

/// `x` as `dtype`; `x` itself if it has that type.
///
/// # Errors
/// None for any node of the graph.
pub fn cast(graph: &mut Graph, x: NodeId, dtype: DType) -> Result<NodeId> {
    if graph.ty(x).dtype == dtype {
        return Ok(x);
    }
    graph.apply(&CAST, Attributes::new([dtype as i64]), &[x])
}

/// The type that the settings name.
fn target(attributes: &Attributes) -> Result<DType> {
    let [code] = rule::settings(attributes)?;
    DType::from_code(code).ok_or_else(|| Error::new(ErrorKind::Value, format!("{code} is the code of no element type")))
}

impl Primitive for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }

    fn kind(&self) -> Kind {
        Kind::Map
    }

    fn infer(&self, attributes: &Attributes, inputs: &[TensorType]) -> Result<TensorType> {
        let [x] = rule::inputs(inputs)?;
        Ok(TensorType::new(target(attributes)?, x.shape))
    }

    fn define(&self, attributes: &Attributes, inputs: &[Value]) -> Result<Value> {
        let [x] = rule::operands(inputs)?;
        Ok(x.cast(target(attributes)?))
    }

    fn gradient(&self, graph: &mut Graph, node: NodeId, gradient: NodeId) -> Result<Gradients> {
        let from = graph.ty(graph.node(node).inputs[0]).dtype;
        if !(from.is_float() && graph.ty(node).dtype.is_float()) {
            return Ok(smallvec![None]);
        }
        Ok(smallvec![Some(cast(graph, gradient, from)?)])
    }

    fn lower(&self, builder: &mut Builder, attributes: &Attributes, inputs: &[Register]) -> Result<Register> {
        let &[x] = rule::operands(inputs)?;
        let to = target(attributes)?;
        let from = builder.ty(x);
        if to.is_half() {
            // To the nearest half already here, so that what reads the register sees what memory would hold.
            let x = builder.convert(x, Type::F32);
            let bits = math::narrow(builder, to, x);
            return Ok(math::widen(builder, to, bits));
        }
        let converted = builder.convert(x, Type::of(to));
        if to != DType::U8 || from == Type::Mask {
            return Ok(converted);
        }
        // Registers hold bytes as 32-bit integers: cut them here, so that what reads the register sees the byte.
        let top = builder.constant(Type::I32, 255.0);
        if !from.is_float() {
            return Ok(builder.binary(Binary::And, converted, top));
        }
        let zero = builder.constant(Type::I32, 0.0);
        let above = builder.binary(Binary::Maximum, converted, zero);
        Ok(builder.binary(Binary::Minimum, above, top))
    }

    fn probe(&self) -> Probe {
        let mut cases = Vec::new();
        for to in DType::ALL {
            for (_, types) in probe::maps(&DType::ALL, 1) {
                cases.push((Attributes::new([to as i64]), types));
            }
        }
        Probe { cases, range: (-400.0, 400.0), ..Probe::default() }
    }
}
