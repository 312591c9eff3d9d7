#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! | module | what lives there |
//! | --- | --- |
//! | `layer`, `labeled` | [`Layer`], and [`LayerExt`]: what every layer can do |
//! | `scope`, `state` | [`Scope`]: what a layer's call gets; [`State`]: what it keeps |
//! | `node` | [`Input`] and [`Node`]: symbolic values of functional models |
//! | `network` | [`Network`]: layers in a chain or a graph, with weights; building, running, summary |
//! | `settings` | methods that say how a weight begins, what it costs, where it may be |
//! | `function`, `window` | activations by name; sizes and padding of windows |
//! | `config` | [`Registry`]: layers and networks as JSON and back |
//! | `merge`, `recurrent`, `attention` | layers of several inputs, of sequences, of attention |
//! | the others | one layer each |

mod activation;
mod activity_regularization;
mod adaptive;
mod adaptive_average_pooling1d;
mod adaptive_average_pooling2d;
mod adaptive_max_pooling1d;
mod adaptive_max_pooling2d;
mod alpha_dropout;
mod attention;
mod average_pooling1d;
mod average_pooling2d;
mod batch_normalization;
mod config;
mod conv1d;
mod conv1d_transpose;
mod conv2d;
mod conv2d_transpose;
mod cropping1d;
mod cropping2d;
mod dense;
mod depthwise_conv1d;
mod depthwise_conv2d;
mod dropout;
mod einsum_dense;
mod elu;
mod embedding;
mod flatten;
mod function;
mod gaussian_dropout;
mod gaussian_noise;
mod global_average_pooling1d;
mod global_average_pooling2d;
mod global_max_pooling1d;
mod global_max_pooling2d;
mod group_normalization;
mod identity;
mod labeled;
mod lambda;
mod layer;
mod layer_normalization;
mod leaky_relu;
mod masking;
mod max_pooling1d;
mod max_pooling2d;
mod merge;
mod network;
mod node;
mod normalization;
mod permute;
mod prelu;
mod recurrent;
mod relu;
mod repeat_vector;
mod rescaling;
mod reshape;
mod rms_normalization;
mod scope;
mod separable_conv1d;
mod separable_conv2d;
mod settings;
mod softmax;
mod spatial_dropout1d;
mod spatial_dropout2d;
mod state;
mod unit_normalization;
mod up_sampling1d;
mod up_sampling2d;
mod window;
mod zero_padding1d;
mod zero_padding2d;

pub use Mode::{Inference, Training};
pub use activation::Activation;
pub use activity_regularization::ActivityRegularization;
pub use adaptive_average_pooling1d::AdaptiveAveragePooling1D;
pub use adaptive_average_pooling2d::AdaptiveAveragePooling2D;
pub use adaptive_max_pooling1d::AdaptiveMaxPooling1D;
pub use adaptive_max_pooling2d::AdaptiveMaxPooling2D;
pub use alpha_dropout::AlphaDropout;
pub use attention::{Attention, MultiHeadAttention};
pub use average_pooling1d::AveragePooling1D;
pub use average_pooling2d::AveragePooling2D;
pub use batch_normalization::BatchNormalization;
pub use config::Registry;
pub use conv1d::Conv1D;
pub use conv1d_transpose::Conv1DTranspose;
pub use conv2d::Conv2D;
pub use conv2d_transpose::Conv2DTranspose;
pub use cropping1d::Cropping1D;
pub use cropping2d::Cropping2D;
pub use dense::Dense;
pub use depthwise_conv1d::DepthwiseConv1D;
pub use depthwise_conv2d::DepthwiseConv2D;
pub use dropout::Dropout;
pub use einsum_dense::EinsumDense;
pub use elu::ELU;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use function::Function;
pub use gaussian_dropout::GaussianDropout;
pub use gaussian_noise::GaussianNoise;
pub use global_average_pooling1d::GlobalAveragePooling1D;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use global_max_pooling1d::GlobalMaxPooling1D;
pub use global_max_pooling2d::GlobalMaxPooling2D;
pub use group_normalization::GroupNormalization;
pub use identity::Identity;
pub use labeled::Labeled;
pub use lambda::Lambda;
pub use layer::{Layer, LayerExt, Shared};
pub use layer_normalization::LayerNormalization;
pub use leaky_relu::LeakyReLU;
pub use masking::Masking;
pub use max_pooling1d::MaxPooling1D;
pub use max_pooling2d::MaxPooling2D;
pub use merge::{
    Add, Average, Concatenate, Dot, DotAxes, Maximum, Minimum, Multiply, Subtract, add, average, concatenate, maximum,
    minimum, multiply, subtract,
};
pub use network::{Connection, Forward, IntoItem, IntoLayers, Item, Network, Nodes, Shaped};
pub use node::{Input, Node};
pub use normalization::Normalization;
pub use permute::Permute;
pub use prelu::PReLU;
pub use recurrent::{Bidirectional, GRU, LSTM, MergeMode, Recurrent, SimpleRNN, TimeDistributed};
pub use relu::ReLU;
pub use repeat_vector::RepeatVector;
pub use rescaling::Rescaling;
pub use reshape::Reshape;
pub use rms_normalization::RMSNormalization;
pub use scope::{Mode, Scope};
pub use separable_conv1d::SeparableConv1D;
pub use separable_conv2d::SeparableConv2D;
pub use softmax::Softmax;
pub use spatial_dropout1d::SpatialDropout1D;
pub use spatial_dropout2d::SpatialDropout2D;
pub use state::State;
pub use unit_normalization::UnitNormalization;
pub use up_sampling1d::UpSampling1D;
pub use up_sampling2d::UpSampling2D;
pub use window::{Border, Padding, Pair};
pub use zero_padding1d::ZeroPadding1D;
pub use zero_padding2d::ZeroPadding2D;

/// Makes a function that registers layers, all of which read their settings with serde.
macro_rules! registered {
    ($($layer:ident)*) => {
        fn register(registry: &mut Registry) {
            $(registry.register::<$layer>();)*
        }
    };
}

// The layers that files may name; those that hold other layers are in `config`.
registered! {
    Activation ActivityRegularization AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveMaxPooling1D
    AdaptiveMaxPooling2D Add AlphaDropout Attention Average AveragePooling1D AveragePooling2D BatchNormalization
    Bidirectional Concatenate Conv1D Conv1DTranspose Conv2D Conv2DTranspose Cropping1D Cropping2D Dense
    DepthwiseConv1D DepthwiseConv2D Dot Dropout ELU EinsumDense Embedding Flatten GRU GaussianDropout
    GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D
    GroupNormalization Identity LSTM LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D Maximum
    Minimum MultiHeadAttention Multiply Normalization PReLU Permute RMSNormalization ReLU RepeatVector Rescaling
    Reshape SeparableConv1D SeparableConv2D SimpleRNN Softmax SpatialDropout1D SpatialDropout2D Subtract
    UnitNormalization UpSampling1D UpSampling2D ZeroPadding1D ZeroPadding2D
}
