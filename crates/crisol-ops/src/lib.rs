#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! Every operation has a file of its own, with the struct that implements [`Primitive`], the static of that struct, its
//! settings, and the function that appends it to a graph. [`all`] lists them; [`eager`] runs graphs through their definitions.
//!
//! | kind | operations |
//! | --- | --- |
//! | maps | `add`, `subtract`, `multiply`, `divide`, `negate`, `absolute`, `sqrt`, `power`, `integer_power`, `exp`, `expm1`, `log`, `log1p`, `tanh`, `sigmoid`, `softplus`, `relu`, `erf`, `sin`, `cos`, `asin`, `acos`, `atan`, `atan2`, `sign`, `floor`, `ceil`, `round`, `floor_divide`, `remainder`, `maximum`, `minimum`, `select`, `cast`, comparisons, logic, bits and shifts, `random_uniform`, `random_normal`, `random_integers`, `iota` |
//! | views | `reshape`, `permute`, `broadcast`, `slice`, `flip`, `stop_gradient` |
//! | reductions | `sum`, `product`, `max`, `min` |
//! | library | `matmul`, `conv2d` and its two gradients, `max_pool2d` and `sum_pool2d` with their gradients, `pad`, `concatenate`, `gather` and `scatter_add`, `cumsum`, `argsort` |
//! | composites | programs of these: see [`einsum`], [`resize`], [`conv1d`], [`average_pool2d`], [`take`], [`one_hot`], [`stack`], [`roll`], [`tril`], [`variance`], [`argmax`], [`sort`] and their neighbours |
//!
//! Functions of several inputs broadcast by NumPy's rule; element types never mix: a cast is written where one is meant.

mod absolute;
mod acos;
mod add;
mod argsort;
mod asin;
mod atan;
mod atan2;
mod bitwise_and;
mod bitwise_or;
mod bitwise_xor;
mod broadcast;
mod cast;
mod ceil;
mod composite;
mod concatenate;
mod conv2d;
mod conv2d_input_gradient;
mod conv2d_weight_gradient;
mod cos;
mod cumsum;
mod definition;
mod divide;
pub mod eager;
mod equal;
mod erf;
mod exp;
mod expm1;
mod flip;
mod floor;
mod floor_divide;
mod gather;
mod greater;
mod greater_equal;
mod integer_power;
mod iota;
mod left_shift;
mod less;
mod less_equal;
mod log;
mod log1p;
mod logical_and;
mod logical_not;
mod logical_or;
mod matmul;
mod max;
mod max_pool2d;
mod max_pool2d_gather;
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
mod random_integers;
mod random_normal;
mod random_uniform;
mod reduction;
mod relu;
mod remainder;
mod reshape;
mod right_shift;
mod round;
mod rule;
mod scatter_add;
mod select;
mod sigmoid;
mod sign;
mod sin;
mod slice;
mod softplus;
mod sqrt;
mod stop_gradient;
mod subtract;
mod sum;
mod sum_pool2d;
mod sum_pool2d_gradient;
mod tanh;
mod window;

pub use absolute::{ABSOLUTE, Absolute, absolute};
pub use acos::{ACOS, Acos, acos};
pub use add::{ADD, Add, add};
pub use argsort::{ARGSORT, Argsort, ArgsortAttributes, argsort};
pub use asin::{ASIN, Asin, asin};
pub use atan::{ATAN, Atan, atan};
pub use atan2::{ATAN2, Atan2, atan2};
pub use bitwise_and::{BITWISE_AND, BitwiseAnd, bitwise_and};
pub use bitwise_or::{BITWISE_OR, BitwiseOr, bitwise_or};
pub use bitwise_xor::{BITWISE_XOR, BitwiseXor, bitwise_xor};
pub use broadcast::{BROADCAST, Broadcast, broadcast};
pub use cast::{CAST, Cast, cast};
pub use ceil::{CEIL, Ceil, ceil};
pub use composite::{
    Interpolation, Padding, arange, argmax, argmin, average_pool1d, average_pool2d, bitwise_not, conv1d,
    conv1d_transpose, conv2d_transpose, cosh, count_nonzero, cumprod, diag, diagonal, dot, einsum, expand_dims, eye,
    full_like, is_finite, is_infinite, is_nan, linspace, logical_xor, logsumexp, max_pool1d, mean, moveaxis, norm,
    one_hot, ones_like, outer, reciprocal, reduce_all, reduce_any, repeat, resize, roll, rsqrt, scalar, scalar_like,
    segment_sum, sinh, slice_axis, slice_by_steps, sort, split, split_at, square, squeeze, stack, sum_to_shape,
    swapaxes, take, take_along_axis, tan, tensordot, tile, top_k, trace, transposed_window, tril, triu, trunc, unstack,
    variance, zeros_like,
};
pub use concatenate::{CONCATENATE, Concatenate, concatenate};
pub use conv2d::{CONV2D, Conv2d, Conv2dAttributes, Conv2dGradientAttributes, conv2d};
pub use conv2d_input_gradient::{CONV2D_INPUT_GRADIENT, Conv2dInputGradient, conv2d_input_gradient};
pub use conv2d_weight_gradient::{CONV2D_WEIGHT_GRADIENT, Conv2dWeightGradient, conv2d_weight_gradient};
pub use cos::{COS, Cos, cos};
pub use cumsum::{CUMSUM, Cumsum, CumsumAttributes, cumsum};
pub use divide::{DIVIDE, Divide, divide};
pub use equal::{EQUAL, Equal, equal};
pub use erf::{ERF, Erf, erf};
pub use exp::{EXP, Exp, exp};
pub use expm1::{EXPM1, Expm1, expm1};
pub use flip::{FLIP, Flip, flip};
pub use floor::{FLOOR, Floor, floor};
pub use floor_divide::{FLOOR_DIVIDE, FloorDivide, floor_divide};
pub use gather::{GATHER, Gather, gather, index_error};
pub use greater::{GREATER, Greater, greater};
pub use greater_equal::{GREATER_EQUAL, GreaterEqual, greater_equal};
pub use integer_power::{INTEGER_POWER, IntegerPower, integer_power};
pub use iota::{IOTA, Iota, iota};
pub use left_shift::{LEFT_SHIFT, LeftShift, left_shift};
pub use less::{LESS, Less, less};
pub use less_equal::{LESS_EQUAL, LessEqual, less_equal};
pub use log::{LOG, Log, log};
pub use log1p::{LOG1P, Log1p, log1p};
pub use logical_and::{LOGICAL_AND, LogicalAnd, logical_and};
pub use logical_not::{LOGICAL_NOT, LogicalNot, logical_not};
pub use logical_or::{LOGICAL_OR, LogicalOr, logical_or};
pub use matmul::{MATMUL, MatMul, MatMulAttributes, matmul, matmul_transposed};
pub use max::{MAX, Max, max};
pub use max_pool2d::{MAX_POOL2D, MaxPool2d, Pool2dAttributes, max_pool2d};
pub use max_pool2d_gather::{MAX_POOL2D_GATHER, MaxPool2dGather, max_pool2d_gather};
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
pub use random_integers::{RANDOM_INTEGERS, RandomIntegers, random_integers};
pub use random_normal::{RANDOM_NORMAL, RandomNormal, random_normal};
pub use random_uniform::{RANDOM_UNIFORM, RandomUniform, random_uniform};
pub use relu::{RELU, Relu, relu};
pub use remainder::{REMAINDER, Remainder, remainder};
pub use reshape::{RESHAPE, Reshape, reshape};
pub use right_shift::{RIGHT_SHIFT, RightShift, right_shift};
pub use round::{ROUND, Round, round};
pub use scatter_add::{SCATTER_ADD, ScatterAdd, scatter_add};
pub use select::{SELECT, Select, select};
pub use sigmoid::{SIGMOID, Sigmoid, sigmoid};
pub use sign::{SIGN, Sign, sign};
pub use sin::{SIN, Sin, sin};
pub use slice::{SLICE, Slice, SliceAttributes, slice};
pub use softplus::{SOFTPLUS, Softplus, softplus};
pub use sqrt::{SQRT, Sqrt, sqrt};
pub use stop_gradient::{STOP_GRADIENT, StopGradient, stop_gradient};
pub use subtract::{SUBTRACT, Subtract, subtract};
pub use sum::{SUM, Sum, sum};
pub use sum_pool2d::{SUM_POOL2D, SumPool2d, sum_pool2d};
pub use sum_pool2d_gradient::{SUM_POOL2D_GRADIENT, SumPool2dGradient, sum_pool2d_gradient};
pub use tanh::{TANH, Tanh, tanh};
pub use window::{causal_padding, same_padding};

use crisol_ir::Primitive;

/// Every operation, in the order of their names.
pub fn all() -> &'static [&'static dyn Primitive] {
    static ALL: [&dyn Primitive; 77] = [
        &ABSOLUTE,
        &ACOS,
        &ADD,
        &ARGSORT,
        &ASIN,
        &ATAN,
        &ATAN2,
        &BITWISE_AND,
        &BITWISE_OR,
        &BITWISE_XOR,
        &BROADCAST,
        &CAST,
        &CEIL,
        &CONCATENATE,
        &CONV2D,
        &CONV2D_INPUT_GRADIENT,
        &CONV2D_WEIGHT_GRADIENT,
        &COS,
        &CUMSUM,
        &DIVIDE,
        &EQUAL,
        &ERF,
        &EXP,
        &EXPM1,
        &FLIP,
        &FLOOR,
        &FLOOR_DIVIDE,
        &GATHER,
        &GREATER,
        &GREATER_EQUAL,
        &INTEGER_POWER,
        &IOTA,
        &LEFT_SHIFT,
        &LESS,
        &LESS_EQUAL,
        &LOG,
        &LOG1P,
        &LOGICAL_AND,
        &LOGICAL_NOT,
        &LOGICAL_OR,
        &MATMUL,
        &MAX,
        &MAX_POOL2D,
        &MAX_POOL2D_GATHER,
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
        &RANDOM_INTEGERS,
        &RANDOM_NORMAL,
        &RANDOM_UNIFORM,
        &RELU,
        &REMAINDER,
        &RESHAPE,
        &RIGHT_SHIFT,
        &ROUND,
        &SCATTER_ADD,
        &SELECT,
        &SIGMOID,
        &SIGN,
        &SIN,
        &SLICE,
        &SOFTPLUS,
        &SQRT,
        &STOP_GRADIENT,
        &SUBTRACT,
        &SUM,
        &SUM_POOL2D,
        &SUM_POOL2D_GRADIENT,
        &TANH,
    ];
    &ALL
}
