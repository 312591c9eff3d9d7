//! What the contract tests share: random values, backward over a graph, and running a lowering at every place.

#![allow(dead_code)] // every test binary uses its part
#![allow(clippy::unwrap_used)] // helpers of tests are not seen as tests

use crisol_ir::kernel::{Access, Builder, Role};
use crisol_ir::ndarray::{ArrayD, IxDyn};
use crisol_ir::{
    Attributes, DType, Graph, Kind, NodeId, Operation, Primitive, Probe, Result, TensorType, Value, each_value,
};
use crisol_ops::{self as ops, eager};

/// A generator of numbers for values: a counter under a seed.
pub struct Numbers {
    seed: u32,
    next: u32,
    /// How many values were drawn.
    values: u32,
}

impl Numbers {
    pub fn new(seed: u32) -> Numbers {
        Numbers { seed, next: 0, values: 0 }
    }

    pub fn word(&mut self) -> u32 {
        self.next += 1;
        ops::philox([self.next, 0, 0, 0], [self.seed, 7])[0]
    }

    /// A number from the open interval.
    pub fn between(&mut self, (low, high): (f64, f64)) -> f64 {
        low + (high - low) * ((f64::from(self.word()) + 0.5) / 4_294_967_296.0)
    }

    /// A value that fits a probe: floats of its range away from its kinks, integers of its range.
    pub fn probe(&mut self, ty: TensorType, probe: &Probe) -> Value {
        let (low, high) = probe.integers;
        let sizes = IxDyn(&ty.shape);
        let mut integer = || low + i64::from(self.word()) % (high - low);
        match ty.dtype {
            DType::I32 => Value::I32(ArrayD::from_shape_simple_fn(sizes, || integer() as i32)),
            DType::I64 => Value::I64(ArrayD::from_shape_simple_fn(sizes, integer)),
            _ => self.value(ty, probe.range, &probe.kinks),
        }
    }

    /// A value whose floats lie in the range, away from the kinks and from each other, so that which of two is the larger
    /// never turns within the step of a difference quotient: each has a slot of its own, in a random order, and in it one of
    /// sixteen places; those of eight values of one size interleave.
    pub fn value(&mut self, ty: TensorType, range: (f64, f64), kinks: &[f64]) -> Value {
        let mut slots: Vec<usize> = (0..ty.shape.iter().product()).collect();
        for last in (1..slots.len()).rev() {
            slots.swap(last, self.word() as usize % (last + 1));
        }
        self.values += 1;
        let interleaved = f64::from(self.values % 8) / 8.0;
        let count = slots.len() as f64;
        let pieces = without(range, kinks);
        let total: f64 = pieces.iter().map(|(low, high)| high - low).sum();
        let mut slots = slots.into_iter();
        let mut float = || {
            // In the middle half of the slot; a distance along the pieces.
            let place = (f64::from(self.word() % 16) + interleaved) / 16.0;
            let mut left = (slots.next().unwrap() as f64 + 0.25 + 0.5 * place) * total / count;
            for (low, high) in &pieces {
                if left < high - low {
                    return low + left;
                }
                left -= high - low;
            }
            range.1
        };
        let sizes = IxDyn(&ty.shape);
        match ty.dtype {
            DType::F64 => Value::F64(ArrayD::from_shape_simple_fn(sizes, float)),
            DType::F32 => Value::F32(ArrayD::from_shape_simple_fn(sizes, || float() as f32)),
            DType::BF16 | DType::F16 => {
                Value::F32(ArrayD::from_shape_simple_fn(sizes, || float() as f32)).cast(ty.dtype)
            }
            DType::I32 => Value::I32(ArrayD::from_shape_simple_fn(sizes, || self.word() as i32 >> 20)),
            DType::I64 => Value::I64(ArrayD::from_shape_simple_fn(sizes, || i64::from(self.word() as i32 >> 20))),
            DType::U8 => Value::U8(ArrayD::from_shape_simple_fn(sizes, || self.word() as u8)),
            DType::Bool => Value::Bool(ArrayD::from_shape_simple_fn(sizes, || self.word().is_multiple_of(2))),
        }
    }
}

/// What is left of a range without the neighbourhoods of its kinks.
fn without(range: (f64, f64), kinks: &[f64]) -> Vec<(f64, f64)> {
    let mut pieces = vec![range];
    for kink in kinks {
        let halves =
            pieces.iter().flat_map(|&(low, high)| [(low, high.min(kink - 0.01)), (low.max(kink + 0.01), high)]);
        pieces = halves.filter(|(low, high)| low < high).collect();
    }
    pieces
}

/// The type of a value.
pub fn type_of(value: &Value) -> TensorType {
    TensorType::new(value.dtype(), value.shape().unwrap())
}

/// The elements of a value as bits, in row-major order.
pub fn bits(value: &Value) -> Vec<u64> {
    match value {
        Value::Bool(array) => array.iter().map(|&x| u64::from(x)).collect(),
        Value::U8(array) => array.iter().map(|&x| u64::from(x)).collect(),
        Value::I32(array) => array.iter().map(|&x| u64::from(x as u32)).collect(),
        Value::I64(array) => array.iter().map(|&x| x as u64).collect(),
        Value::BF16(array) => array.iter().map(|&x| u64::from(x.to_bits())).collect(),
        Value::F16(array) => array.iter().map(|&x| u64::from(x.to_bits())).collect(),
        Value::F32(array) => array.iter().map(|&x| u64::from(x.to_bits())).collect(),
        Value::F64(array) => array.iter().map(|&x| x.to_bits()).collect(),
    }
}

/// The elements as numbers, in row-major order.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value.cast(DType::F64) {
        Value::F64(array) => array.iter().copied().collect(),
        other => panic!("{other:?}"),
    }
}

/// What the lowering of a map gives at every place: bits of the result's type, in row-major order.
pub fn lowered(primitive: &dyn Primitive, attributes: &Attributes, inputs: &[Value], result: DType) -> Vec<u64> {
    let mut builder = Builder::new();
    let registers: Vec<_> = inputs
        .iter()
        .map(|value| {
            let input = builder.input(value.dtype(), Access::Contiguous);
            builder.load(input)
        })
        .collect();
    let value = primitive.lower(&mut builder, attributes, &registers).unwrap();
    builder.output(value, result, Role::Store(Access::Contiguous));
    let kernel = builder.finish();
    kernel.verify().unwrap();
    let columns: Vec<Vec<u64>> = inputs.iter().map(bits).collect();
    let count = each_value!(&inputs[0], array => array.len());
    (0..count)
        .map(|place| {
            let row: Vec<u64> = columns.iter().map(|column| column[place]).collect();
            kernel.evaluate(&row, place as u64)[0]
        })
        .collect()
}

/// The gradients of the scalar `loss` with respect to `wrt`, appended to the graph; `None` where nothing connects them.
pub fn gradients(graph: &mut Graph, loss: NodeId, wrt: &[NodeId]) -> Result<Vec<Option<NodeId>>> {
    let mut depends = vec![false; graph.len()];
    for id in graph.ids() {
        let node = graph.node(id);
        depends[id.index()] =
            wrt.contains(&id) || (node.ty.dtype.is_float() && node.inputs.iter().any(|input| depends[input.index()]));
    }
    let mut sums: Vec<Option<NodeId>> = vec![None; graph.len()];
    sums[loss.index()] = Some(ops::ones_like(graph, loss)?);
    for index in (0..=loss.index()).rev() {
        let id = NodeId(index as u32);
        let (Some(gradient), true) = (sums[index], depends[index]) else {
            continue;
        };
        let node = graph.node(id).clone();
        let Operation::Primitive(primitive, _) = node.operation else {
            continue;
        };
        let parts = primitive.gradient(graph, id, gradient)?;
        assert_eq!(parts.len(), node.inputs.len(), "{} gives a gradient an input", primitive.name());
        for (&input, part) in node.inputs.iter().zip(parts) {
            let Some(part) = part.filter(|_| depends[input.index()]) else {
                continue;
            };
            assert_eq!(graph.ty(part), graph.ty(input), "{}: type of the gradient", primitive.name());
            sums[input.index()] = Some(match sums[input.index()] {
                None => part,
                Some(sum) => ops::add(graph, sum, part)?,
            });
        }
    }
    Ok(wrt.iter().map(|input| sums[input.index()]).collect())
}

/// The sum of `x` times fixed weights: a scalar that tells every element apart.
pub fn weighted_sum(graph: &mut Graph, x: NodeId, arguments: &mut Vec<Value>, draw: &mut Numbers) -> NodeId {
    let weights = draw.value(graph.ty(x), (0.5, 1.5), &[]);
    let node = graph.input(graph.ty(x));
    arguments.push(weights);
    let product = ops::multiply(graph, x, node).unwrap();
    let axes: Vec<isize> = (0..graph.ty(x).shape.rank() as isize).collect();
    ops::sum(graph, product, &axes).unwrap()
}

/// Every operation with every case it is probed with.
pub fn cases() -> impl Iterator<Item = (&'static dyn Primitive, Attributes, Vec<TensorType>)> {
    ops::all().iter().flat_map(|&primitive| {
        let cases = primitive.probe().cases;
        assert!(!cases.is_empty(), "{} is probed nowhere", primitive.name());
        cases.into_iter().map(move |(attributes, types)| (primitive, attributes, types))
    })
}

/// The kinds without the maps.
pub fn is_map(primitive: &dyn Primitive) -> bool {
    primitive.kind() == Kind::Map
}

/// Compares the gradients of `loss` with respect to every `float64` argument in `wrt` with central differences.
pub fn check(graph: &mut Graph, loss: NodeId, wrt: &[NodeId], arguments: &[Value], what: &str) -> Result<()> {
    let found = gradients(graph, loss, wrt)?;
    graph.verify()?;
    for (&input, gradient) in wrt.iter().zip(found) {
        let argument = argument_number(graph, input);
        let count = numbers(&arguments[argument]).len();
        let gradient = match gradient {
            Some(gradient) => numbers(&eager::evaluate(graph, &[gradient], arguments)?[0]),
            None => vec![0.0; count],
        };
        for (place, found) in gradient.into_iter().enumerate() {
            let step = 1e-5;
            let shifted = |by: f64| -> Result<f64> {
                let mut arguments = arguments.to_vec();
                if let Value::F64(array) = &mut arguments[argument] {
                    *array.iter_mut().nth(place).unwrap() += by;
                }
                Ok(numbers(&eager::evaluate(graph, &[loss], &arguments)?[0])[0])
            };
            let difference = (shifted(step)? - shifted(-step)?) / (2.0 * step);
            let near = (difference - found).abs() <= 1e-5 * (1.0 + difference.abs().max(found.abs()));
            assert!(
                near,
                "{what}, argument {argument}, place {place}: gradient {found}, difference {difference}\n{graph}"
            );
        }
    }
    Ok(())
}

fn argument_number(graph: &Graph, node: NodeId) -> usize {
    match graph.node(node).operation {
        crisol_ir::Operation::Input(number) => number as usize,
        ref other => panic!("{other:?} is no argument"),
    }
}
