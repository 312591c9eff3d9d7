//! The operations of scripts: one list, applied to tensors and to graphs alike.

use super::custom::Picky;
use crisol_autograd::{CustomOp, custom_gradient};
use crisol_ir::value::Constant;
use crisol_ir::{DType, Graph, NodeId, Result, Shape, TensorType};
use crisol_ops as ops;
use crisol_tensor::random::Key;
use crisol_tensor::{Tensor, record};

/// An operation with its settings.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Op {
    Add,
    Subtract,
    Multiply,
    Maximum,
    Minimum,
    /// `a / (1 + |b|)`.
    Divide,
    Less,
    Equal,
    Select,
    Negate,
    Absolute,
    Relu,
    Tanh,
    Sigmoid,
    Exp,
    Sin,
    Erf,
    Square,
    /// `sqrt(1 + |x|)`.
    Root,
    /// `log(1 + |x|)`.
    Log,
    Floor,
    Sign,
    StopGradient,
    Cast(DType),
    /// By a number that is an argument of the plan.
    Scale(f64),
    /// Plus a number that is an argument of the plan.
    Shift(f64),
    /// By a number that is another one in each step.
    Fade,
    Softmax,
    /// Over the last axis.
    Normalize,
    Reshape(Vec<usize>),
    Permute(Vec<usize>),
    Slice {
        start: Vec<usize>,
        size: Vec<usize>,
        step: Vec<usize>,
    },
    Pad(Vec<usize>),
    Broadcast(Vec<usize>),
    Flip(isize),
    Concatenate(isize),
    Sum(Vec<isize>),
    Mean(Vec<isize>),
    Max(Vec<isize>),
    Variance(Vec<isize>),
    LogSumExp(isize),
    CumulativeSum(isize),
    ArgSort(isize),
    ArgMax(isize),
    Sort(isize),
    Matmul {
        turned: bool,
    },
    Conv2d {
        stride: usize,
    },
    MaxPool2d,
    Take(isize),
    SegmentSum(usize),
    Uniform(Vec<usize>, u64),
    Normal(Vec<usize>, u64),
    /// `tanh(x) / 2` with the gradient of `sin(x)`.
    Straight,
    /// `a * b`, of which `b` gets no gradient.
    HalfProduct,
    /// `2 x`, an operation from outside.
    Twice,
}

impl Op {
    /// The operation through the interface of tensors; `step` counts the rounds of the script.
    pub(super) fn call(&self, x: &[&Tensor], step: u64) -> Tensor {
        match *self {
            Op::Add => x[0] + x[1],
            Op::Subtract => x[0] - x[1],
            Op::Multiply => x[0] * x[1],
            Op::Scale(number) => x[0] * number,
            Op::Shift(number) => x[0] + number,
            Op::Fade => x[0] * faded(step),
            Op::Divide => x[0] / (x[1].abs() + 1.0),
            Op::Root => (x[0].abs() + 1.0).sqrt(),
            Op::Log => (x[0].abs() + 1.0).log(),
            Op::Softmax => x[0].softmax(-1),
            Op::Normalize => (x[0] - x[0].mean_keep(-1)) / (x[0].var_keep(-1) + 0.5).sqrt(),
            Op::Uniform(ref shape, seed) => Tensor::random_uniform(&shape[..], 0.0, 1.0, Key::new(seed).fold(step)),
            Op::Normal(ref shape, seed) => Tensor::random_normal(&shape[..], 0.0, 1.0, Key::new(seed).fold(step)),
            Op::Straight => {
                custom_gradient(x, |x| x[0].tanh() * 0.5, |x, _, gradient| Ok(vec![Some(gradient * x[0].cos())]))
            }
            Op::HalfProduct => custom_gradient(
                x,
                |x| &x[0] * &x[1],
                |x, _, gradient| Ok(vec![Some(gradient * x[1].stop_gradient()), None]),
            ),
            Op::Twice => Picky::default().call(x),
            _ => record(x, |graph, nodes| self.append(graph, nodes, step)),
        }
    }

    /// The same on a graph, of built-in operations alone.
    ///
    /// # Errors
    /// The operation does not fit the nodes.
    pub(super) fn append(&self, g: &mut Graph, x: &[NodeId], step: u64) -> Result<NodeId> {
        match self {
            Op::Add => ops::add(g, x[0], x[1]),
            Op::Subtract => ops::subtract(g, x[0], x[1]),
            Op::Multiply => ops::multiply(g, x[0], x[1]),
            Op::Maximum => ops::maximum(g, x[0], x[1]),
            Op::Minimum => ops::minimum(g, x[0], x[1]),
            Op::Divide => {
                let divisor = one_more(g, x[1])?;
                ops::divide(g, x[0], divisor)
            }
            Op::Less => ops::less(g, x[0], x[1]),
            Op::Equal => ops::equal(g, x[0], x[1]),
            Op::Select => ops::select(g, x[0], x[1], x[2]),
            Op::Negate => ops::negate(g, x[0]),
            Op::Absolute => ops::absolute(g, x[0]),
            Op::Relu => ops::relu(g, x[0]),
            Op::Tanh => ops::tanh(g, x[0]),
            Op::Sigmoid => ops::sigmoid(g, x[0]),
            Op::Exp => ops::exp(g, x[0]),
            Op::Sin => ops::sin(g, x[0]),
            Op::Erf => ops::erf(g, x[0]),
            Op::Square => ops::square(g, x[0]),
            Op::Root => {
                let inside = one_more(g, x[0])?;
                ops::sqrt(g, inside)
            }
            Op::Log => {
                let inside = one_more(g, x[0])?;
                ops::log(g, inside)
            }
            Op::Floor => ops::floor(g, x[0]),
            Op::Sign => ops::sign(g, x[0]),
            Op::StopGradient => ops::stop_gradient(g, x[0]),
            Op::Cast(dtype) => ops::cast(g, x[0], *dtype),
            Op::Scale(number) => scaled(g, x[0], *number),
            Op::Fade => scaled(g, x[0], faded(step)),
            Op::Shift(number) => {
                let number = ops::scalar_like(g, x[0], *number);
                ops::add(g, x[0], number)
            }
            Op::Softmax => {
                let most = ops::max(g, x[0], &[-1])?;
                let most = ops::expand_dims(g, most, -1)?;
                let most = ops::stop_gradient(g, most)?;
                let powers = ops::subtract(g, x[0], most)?;
                let powers = ops::exp(g, powers)?;
                let sum = ops::sum(g, powers, &[-1])?;
                let sum = ops::expand_dims(g, sum, -1)?;
                ops::divide(g, powers, sum)
            }
            Op::Normalize => {
                let mean = ops::mean(g, x[0], &[-1])?;
                let mean = ops::expand_dims(g, mean, -1)?;
                let centred = ops::subtract(g, x[0], mean)?;
                let variance = ops::variance(g, x[0], &[-1])?;
                let variance = ops::expand_dims(g, variance, -1)?;
                let half = ops::scalar_like(g, variance, 0.5);
                let variance = ops::add(g, variance, half)?;
                let deviation = ops::sqrt(g, variance)?;
                ops::divide(g, centred, deviation)
            }
            Op::Reshape(sizes) => ops::reshape(g, x[0], Shape::new(sizes)?),
            Op::Permute(axes) => ops::permute(g, x[0], axes),
            Op::Slice { start, size, step } => ops::slice(g, x[0], start, size, step),
            Op::Pad(widths) => ops::pad(g, x[0], widths, widths),
            Op::Broadcast(sizes) => ops::broadcast(g, x[0], Shape::new(sizes)?),
            Op::Flip(axis) => ops::flip(g, x[0], &[*axis]),
            Op::Concatenate(axis) => ops::concatenate(g, x, *axis),
            Op::Sum(axes) => ops::sum(g, x[0], axes),
            Op::Mean(axes) => ops::mean(g, x[0], axes),
            Op::Max(axes) => ops::max(g, x[0], axes),
            Op::Variance(axes) => ops::variance(g, x[0], axes),
            Op::LogSumExp(axis) => ops::logsumexp(g, x[0], &[*axis]),
            Op::CumulativeSum(axis) => ops::cumsum(g, x[0], *axis, false),
            Op::ArgSort(axis) => ops::argsort(g, x[0], *axis, false, None),
            Op::ArgMax(axis) => ops::argmax(g, x[0], *axis),
            Op::Sort(axis) => ops::sort(g, x[0], *axis, false),
            Op::Matmul { turned } => ops::matmul_transposed(g, x[0], x[1], *turned, false),
            Op::Conv2d { stride } => {
                let attributes = ops::Conv2dAttributes { stride: [*stride; 2], ..ops::Conv2dAttributes::default() };
                ops::conv2d(g, x[0], x[1], attributes)
            }
            Op::MaxPool2d => {
                let attributes = ops::Pool2dAttributes { window: [2, 2], stride: [2, 2], padding: [[0; 2]; 2] };
                ops::max_pool2d(g, x[0], attributes)
            }
            Op::Take(axis) => ops::take(g, x[0], x[1], *axis),
            Op::SegmentSum(count) => ops::segment_sum(g, x[0], x[1], *count),
            Op::Uniform(sizes, seed) => {
                let [k0, k1] = words(g, *seed, step);
                ops::random_uniform(g, k0, k1, Shape::new(sizes)?)
            }
            Op::Normal(sizes, seed) => {
                let [k0, k1] = words(g, *seed, step);
                ops::random_normal(g, k0, k1, Shape::new(sizes)?)
            }
            Op::Straight => {
                // h - [h] + [f]: the value of f and, [..] being constants, the gradient of h.
                let other = ops::sin(g, x[0])?;
                let fixed = ops::stop_gradient(g, other)?;
                let zero = ops::subtract(g, other, fixed)?;
                let value = ops::tanh(g, x[0])?;
                let value = scaled(g, value, 0.5)?;
                let value = ops::stop_gradient(g, value)?;
                ops::add(g, zero, value)
            }
            Op::HalfProduct => {
                let fixed = ops::stop_gradient(g, x[1])?;
                ops::multiply(g, x[0], fixed)
            }
            Op::Twice => ops::add(g, x[0], x[0]),
        }
    }

    /// How large results are at most, given that of the inputs.
    pub(super) fn bound(&self, inputs: &[TensorType], bounds: &[f64]) -> f64 {
        let first = bounds.first().copied().unwrap_or(1.0);
        let largest = bounds.iter().copied().fold(1.0, f64::max);
        let count = inputs.first().map_or(1, |ty| ty.shape.elements()) as f64;
        match self {
            Op::Add | Op::Subtract => bounds.iter().sum(),
            Op::Multiply | Op::HalfProduct => bounds.iter().product(),
            Op::Less | Op::Equal | Op::Tanh | Op::Sigmoid | Op::Sin | Op::Erf | Op::Sign => 1.0,
            Op::Softmax | Op::Uniform(..) | Op::Straight => 1.0,
            Op::Exp => first.exp(),
            Op::Square | Op::Variance(_) => first * first,
            Op::Root | Op::Log | Op::Floor | Op::Shift(_) => first + 2.0,
            Op::Scale(_) | Op::Twice => first * 2.0,
            Op::LogSumExp(_) => first + 10.0,
            Op::Normal(..) => 6.0,
            Op::Normalize => 1e3,
            // As a float an integer that wrapped is nothing to reckon with.
            Op::Cast(to) if to.is_float() && !inputs[0].dtype.is_float() => f64::INFINITY,
            Op::Sum(_) | Op::CumulativeSum(_) | Op::SegmentSum(_) => count * first,
            Op::ArgSort(_) | Op::ArgMax(_) => count,
            Op::Matmul { .. } | Op::Conv2d { .. } => self.terms(inputs) * bounds[0] * bounds[1],
            _ => largest,
        }
    }

    /// How many numbers one element of the result adds up at most.
    pub(super) fn terms(&self, inputs: &[TensorType]) -> f64 {
        let terms = match self {
            Op::Matmul { turned } => {
                let shape = inputs[0].shape;
                shape[shape.rank() - if *turned { 2 } else { 1 }]
            }
            Op::Conv2d { .. } => inputs[1].shape.elements(),
            _ => inputs.iter().map(|ty| ty.shape.elements()).max().unwrap_or(1),
        };
        terms.max(1) as f64
    }

    /// Whether results are sums of products of the inputs.
    pub(super) fn is_product(&self) -> bool {
        matches!(self, Op::Matmul { .. } | Op::Conv2d { .. } | Op::Multiply | Op::HalfProduct | Op::Square)
            || matches!(self, Op::Variance(_) | Op::Normalize)
    }
}

/// What a rate is in a step; never a number that plans are made for.
fn faded(step: u64) -> f64 {
    1.0 / (step + 2) as f64
}

fn scaled(g: &mut Graph, x: NodeId, number: f64) -> Result<NodeId> {
    let number = ops::scalar_like(g, x, number);
    ops::multiply(g, x, number)
}

/// `1 + |x|`.
fn one_more(g: &mut Graph, x: NodeId) -> Result<NodeId> {
    let size = ops::absolute(g, x)?;
    let one = ops::scalar_like(g, x, 1.0);
    ops::add(g, size, one)
}

fn words(g: &mut Graph, seed: u64, step: u64) -> [NodeId; 2] {
    let bits = Key::new(seed).fold(step).to_bits();
    [bits as u32, (bits >> 32) as u32].map(|word| g.constant(Constant { dtype: DType::I32, bits: word.into() }))
}
