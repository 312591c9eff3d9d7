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
//! | the others | one layer each |

mod activation;
mod conv2d;
mod dense;
mod dropout;
mod flatten;
mod function;
mod global_average_pooling2d;
mod labeled;
mod layer;
mod max_pooling2d;
mod network;
mod node;
mod normalization;
mod rescaling;
mod reshape;
mod scope;
mod settings;
mod state;
mod window;

pub use Mode::{Inference, Training};
pub use activation::Activation;
pub use conv2d::Conv2D;
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use function::Function;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use labeled::Labeled;
pub use layer::{Layer, LayerExt, Shared};
pub use max_pooling2d::MaxPooling2D;
pub use network::{Forward, IntoItem, IntoLayers, Item, Network, Nodes};
pub use node::{Input, Node};
pub use normalization::Normalization;
pub use rescaling::Rescaling;
pub use reshape::Reshape;
pub use scope::{Mode, Scope};
pub use state::State;
pub use window::{Padding, Pair};
