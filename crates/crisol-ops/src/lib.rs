#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! Every operation has a file of its own, with the struct that implements [`Primitive`], the static of that struct, its
//! settings, and the function that appends it to a graph. [`all`] lists them; [`eager`] runs graphs through their definitions.
//!
//! | kind | operations |
//! | --- | --- |
//! | maps | `add`, `subtract`, `multiply`, `divide`, `negate`, `absolute`, `sqrt`, `floor`, `exp`, `log`, `tanh`, `sigmoid`, `relu`, `power`, `maximum`, `minimum`, `select`, `cast`, comparisons, logic, `random_uniform`, `random_normal`, `iota` |
//! | views | `reshape`, `permute`, `broadcast`, `slice`, `flip`, `stop_gradient` |
//! | reductions | `sum`, `product`, `max`, `min` |
//! | library | `matmul`, `conv2d` and its two gradients, `max_pool2d` and its gradient, `pad`, `concatenate`, `gather` and `scatter_add`, `cumsum`, `argsort` |
//! | composites | programs of these: see [`take`], [`one_hot`], [`stack`], [`roll`], [`tril`], [`variance`], [`argmax`], [`sort`] and their neighbours |
//!
//! Functions of several inputs broadcast by NumPy's rule; element types never mix: a cast is written where one is meant.

mod absolute;
mod add;
mod argsort;
mod broadcast;
mod cast;
mod composite;
mod concatenate;
mod conv2d;
mod conv2d_input_gradient;
mod conv2d_weight_gradient;
mod cumsum;
mod definition;
mod divide;
pub mod eager;
mod equal;
mod exp;
mod flip;
mod floor;
mod gather;
mod greater;
mod greater_equal;
mod iota;
mod less;
mod less_equal;
mod log;
mod logical_and;
mod logical_not;
mod logical_or;
mod matmul;
mod max;
mod max_pool2d;
mod max_pool2d_gradient;
mod maximum;
mod min;
mod minimum;
mod multiply;
mod negate;
mod not_equal;
mod pad;
mod permute;
mod philox;
mod power;
mod probe;
mod product;
mod random;
mod random_normal;
mod random_uniform;
mod reduction;
mod relu;
mod reshape;
mod rule;
mod scatter_add;
mod select;
mod sigmoid;
mod slice;
mod sqrt;
mod stop_gradient;
mod subtract;
mod sum;
mod tanh;
mod window;

pub use absolute::{ABSOLUTE, Absolute, absolute};
pub use add::{ADD, Add, add};
pub use argsort::{ARGSORT, Argsort, ArgsortAttributes, argsort};
pub use broadcast::{BROADCAST, Broadcast, broadcast};
pub use cast::{CAST, Cast, cast};
pub use composite::{
    arange, argmax, argmin, count_nonzero, cumprod, diag, diagonal, expand_dims, eye, full_like, linspace, logsumexp,
    mean, moveaxis, norm, one_hot, ones_like, reduce_all, reduce_any, repeat, roll, scalar, scalar_like, segment_sum,
    slice_axis, slice_by_steps, sort, split, split_at, square, squeeze, stack, sum_to_shape, swapaxes, take,
    take_along_axis, tile, top_k, trace, tril, triu, unstack, variance, zeros_like,
};
pub use concatenate::{CONCATENATE, Concatenate, concatenate};
pub use conv2d::{CONV2D, Conv2d, Conv2dAttributes, conv2d};
pub use conv2d_input_gradient::{
    CONV2D_INPUT_GRADIENT, Conv2dInputGradient, Conv2dInputGradientAttributes, conv2d_input_gradient,
};
pub use conv2d_weight_gradient::{
    CONV2D_WEIGHT_GRADIENT, Conv2dWeightGradient, Conv2dWeightGradientAttributes, conv2d_weight_gradient,
};
pub use cumsum::{CUMSUM, Cumsum, CumsumAttributes, cumsum};
pub use divide::{DIVIDE, Divide, divide};
pub use equal::{EQUAL, Equal, equal};
pub use exp::{EXP, Exp, exp};
pub use flip::{FLIP, Flip, flip};
pub use floor::{FLOOR, Floor, floor};
pub use gather::{GATHER, Gather, gather, index_error};
pub use greater::{GREATER, Greater, greater};
pub use greater_equal::{GREATER_EQUAL, GreaterEqual, greater_equal};
pub use iota::{IOTA, Iota, iota};
pub use less::{LESS, Less, less};
pub use less_equal::{LESS_EQUAL, LessEqual, less_equal};
pub use log::{LOG, Log, log};
pub use logical_and::{LOGICAL_AND, LogicalAnd, logical_and};
pub use logical_not::{LOGICAL_NOT, LogicalNot, logical_not};
pub use logical_or::{LOGICAL_OR, LogicalOr, logical_or};
pub use matmul::{MATMUL, MatMul, MatMulAttributes, matmul, matmul_transposed};
pub use max::{MAX, Max, max};
pub use max_pool2d::{MAX_POOL2D, MaxPool2d, Pool2dAttributes, max_pool2d};
pub use max_pool2d_gradient::{MAX_POOL2D_GRADIENT, MaxPool2dGradient, max_pool2d_gradient};
pub use maximum::{MAXIMUM, Maximum, maximum};
pub use min::{MIN, Min, min};
pub use minimum::{MINIMUM, Minimum, minimum};
pub use multiply::{MULTIPLY, Multiply, multiply};
pub use negate::{NEGATE, Negate, negate};
pub use not_equal::{NOT_EQUAL, NotEqual, not_equal};
pub use pad::{PAD, Pad, PadAttributes, pad};
pub use permute::{PERMUTE, Permute, permute};
pub use philox::philox;
pub use power::{POWER, Power, power};
pub use product::{PRODUCT, Product, product};
pub use random_normal::{RANDOM_NORMAL, RandomNormal, random_normal};
pub use random_uniform::{RANDOM_UNIFORM, RandomUniform, random_uniform};
pub use relu::{RELU, Relu, relu};
pub use reshape::{RESHAPE, Reshape, reshape};
pub use scatter_add::{SCATTER_ADD, ScatterAdd, scatter_add};
pub use select::{SELECT, Select, select};
pub use sigmoid::{SIGMOID, Sigmoid, sigmoid};
pub use slice::{SLICE, Slice, SliceAttributes, slice};
pub use sqrt::{SQRT, Sqrt, sqrt};
pub use stop_gradient::{STOP_GRADIENT, StopGradient, stop_gradient};
pub use subtract::{SUBTRACT, Subtract, subtract};
pub use sum::{SUM, Sum, sum};
pub use tanh::{TANH, Tanh, tanh};
pub use window::same_padding;

use crisol_ir::Primitive;

/// Every operation, in the order of their names.
pub fn all() -> &'static [&'static dyn Primitive] {
    static ALL: [&dyn Primitive; 52] = [
        &ABSOLUTE,
        &ADD,
        &ARGSORT,
        &BROADCAST,
        &CAST,
        &CONCATENATE,
        &CONV2D,
        &CONV2D_INPUT_GRADIENT,
        &CONV2D_WEIGHT_GRADIENT,
        &CUMSUM,
        &DIVIDE,
        &EQUAL,
        &EXP,
        &FLIP,
        &FLOOR,
        &GATHER,
        &GREATER,
        &GREATER_EQUAL,
        &IOTA,
        &LESS,
        &LESS_EQUAL,
        &LOG,
        &LOGICAL_AND,
        &LOGICAL_NOT,
        &LOGICAL_OR,
        &MATMUL,
        &MAX,
        &MAX_POOL2D,
        &MAX_POOL2D_GRADIENT,
        &MAXIMUM,
        &MIN,
        &MINIMUM,
        &MULTIPLY,
        &NEGATE,
        &NOT_EQUAL,
        &PAD,
        &PERMUTE,
        &POWER,
        &PRODUCT,
        &RANDOM_NORMAL,
        &RANDOM_UNIFORM,
        &RELU,
        &RESHAPE,
        &SCATTER_ADD,
        &SELECT,
        &SIGMOID,
        &SLICE,
        &SQRT,
        &STOP_GRADIENT,
        &SUBTRACT,
        &SUM,
        &TANH,
    ];
    &ALL
}
