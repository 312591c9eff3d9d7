//! What the shape rules of several operations share: counting inputs and settings, and the texts of their errors.

use crisol_ir::{Attributes, DType, Error, ErrorKind, Graph, NodeId, Operation, Result, Shape, TensorType};

/// The element types that an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// Every type.
    Any,
    /// Truth values.
    Bools,
    /// `float32` and `float64`.
    Floats,
    /// Types with arithmetic: floats, `int32` and `int64`. Bytes have none: they would wrap at 256 unseen.
    Numbers,
    /// Types with bits to work on: bytes, `int32` and `int64`.
    Integers,
    /// Types with an order: all but truth values.
    Ordered,
}

impl Takes {
    /// Checks one input.
    pub(crate) fn check(self, given: TensorType) -> Result<()> {
        let dtype = given.dtype;
        let fits = match self {
            Takes::Any => true,
            Takes::Bools => dtype == DType::Bool,
            Takes::Floats => matches!(dtype, DType::F32 | DType::F64),
            Takes::Numbers => matches!(dtype, DType::F32 | DType::F64 | DType::I32 | DType::I64),
            Takes::Integers => dtype.is_integer(),
            Takes::Ordered => dtype != DType::Bool && !dtype.is_half(),
        };
        if fits {
            return Ok(());
        }
        let expected = match self {
            Takes::Any => "any type",
            Takes::Bools => "bool",
            Takes::Floats => "float32 or float64",
            Takes::Numbers => "float32, float64, int32 or int64",
            Takes::Integers => "int32, int64 or uint8",
            Takes::Ordered => "float32, float64, int32, int64 or uint8",
        };
        let help = match (self, dtype) {
            (Takes::Bools, _) => "compare first, for example with not_equal(x, 0)",
            (Takes::Integers, DType::Bool) => {
                "for truth values there are logical_and, logical_or, logical_xor, logical_not"
            }
            (Takes::Integers, _) => "cast it first, for example with .cast(DType::I32)",
            (_, DType::Bool) => {
                "cast it first, for example with .cast(DType::F32), or combine truth values with \
                 logical_and, logical_or, logical_not"
            }
            (_, DType::BF16 | DType::F16) => {
                "halves are for storage: cast them first, with .cast(DType::F32), and the result back"
            }
            (_, DType::U8) => "bytes would wrap at 256: cast them first, for example with .cast(DType::F32)",
            _ => "cast it first, for example with .cast(DType::F32)",
        };
        Err(Error::new(ErrorKind::DType, format!("expected {expected}, given {given}")).help(help))
    }
}

/// The inputs, which must be `N`.
pub(crate) fn inputs<const N: usize>(inputs: &[TensorType]) -> Result<[TensorType; N]> {
    inputs.try_into().map_err(|_| {
        let noun = if N == 1 { "input" } else { "inputs" };
        Error::new(ErrorKind::Value, format!("expected {N} {noun}, given {}", inputs.len()))
    })
}

/// The settings, which must be `N` numbers.
pub(crate) fn settings<const N: usize>(attributes: &Attributes) -> Result<[i64; N]> {
    let numbers = attributes.numbers();
    numbers.try_into().map_err(|_| {
        Error::new(ErrorKind::Value, format!("expected {N} settings, given {}: {numbers:?}", numbers.len()))
    })
}

/// A setting that is a size, an axis or a count.
pub(crate) fn size(what: &str, number: i64) -> Result<usize> {
    usize::try_from(number).map_err(|_| Error::new(ErrorKind::Value, format!("{what} is {number}, expected 0 or more")))
}

/// A setting that is a count of at least 1.
pub(crate) fn positive(what: &str, number: i64) -> Result<usize> {
    match usize::try_from(number) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(Error::new(ErrorKind::Value, format!("{what} is {number}, expected 1 or more"))),
    }
}

/// A setting that is 0 or 1.
pub(crate) fn flag(what: &str, number: i64) -> Result<bool> {
    match number {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::new(ErrorKind::Value, format!("{what} is {number}, expected 0 or 1"))),
    }
}

/// Both inputs have one element type.
pub(crate) fn same_dtype(lhs: TensorType, rhs: TensorType) -> Result<()> {
    if lhs.dtype == rhs.dtype {
        return Ok(());
    }
    let wider = lhs.dtype.max(rhs.dtype);
    let name = match wider {
        DType::F64 => "F64",
        DType::F32 => "F32",
        DType::BF16 | DType::F16 => "F32",
        DType::I64 => "I64",
        DType::I32 => "I32",
        DType::U8 => "U8",
        DType::Bool => "Bool",
    };
    let text = format!("element types do not mix: lhs {lhs}, rhs {rhs}");
    Err(Error::new(ErrorKind::DType, text).help(format!("cast one of them, for example with .cast(DType::{name})")))
}

/// Inputs of a map have one shape.
pub(crate) fn same_shape(inputs: &[TensorType]) -> Result<Shape> {
    let Some(first) = inputs.first() else {
        return Err(Error::new(ErrorKind::Value, "expected at least 1 input, given 0"));
    };
    match inputs.iter().find(|input| input.shape != first.shape) {
        None => Ok(first.shape),
        Some(other) => Err(Error::new(
            ErrorKind::Shape,
            format!("expected inputs of one shape, given {} and {}", first.shape, other.shape),
        )
        .help("broadcast them first")),
    }
}

/// The rule of maps of one input without settings: the type of the input.
pub(crate) fn unary(attributes: &Attributes, given: &[TensorType], takes: Takes) -> Result<TensorType> {
    let [x] = inputs(given)?;
    settings::<0>(attributes)?;
    takes.check(x)?;
    Ok(x)
}

/// The rule of maps of two inputs without settings: one type and one shape, which the result has too.
pub(crate) fn binary(attributes: &Attributes, given: &[TensorType], takes: Takes) -> Result<TensorType> {
    let [lhs, rhs] = inputs(given)?;
    settings::<0>(attributes)?;
    same_dtype(lhs, rhs)?;
    takes.check(lhs)?;
    same_shape(given)?;
    Ok(lhs)
}

/// The rule of comparisons: as [`binary`], with a result of truth values.
pub(crate) fn comparison(attributes: &Attributes, given: &[TensorType], takes: Takes) -> Result<TensorType> {
    let ty = binary(attributes, given, takes)?;
    Ok(TensorType::new(DType::Bool, ty.shape))
}

/// The operands of a definition or a lowering, whose number the shape rule has checked.
pub(crate) fn operands<T, const N: usize>(given: &[T]) -> Result<&[T; N]> {
    given
        .try_into()
        .map_err(|_| Error::new(ErrorKind::Internal, format!("expected {N} operands, given {}", given.len())))
}

/// Settings that are the sizes of a shape.
pub(crate) fn shape(numbers: &[i64]) -> Result<Shape> {
    let mut sizes = smallvec::SmallVec::<[usize; 8]>::new();
    for (axis, &number) in numbers.iter().enumerate() {
        match usize::try_from(number) {
            Ok(size) => sizes.push(size),
            Err(_) => {
                let text = format!("the size of axis {axis} is {number}, expected 0 or more");
                return Err(Error::new(ErrorKind::Value, text));
            }
        }
    }
    Shape::new(&sizes)
}

/// The settings of a node that applies a primitive.
pub(crate) fn attributes(graph: &Graph, node: NodeId) -> Result<Attributes> {
    match &graph.node(node).operation {
        Operation::Primitive(_, attributes) => Ok(attributes.clone()),
        other => Err(Error::new(ErrorKind::Internal, format!("{other:?} has no settings, asked for its gradient"))),
    }
}
