#![doc = include_str!("../README.md")]

mod accuracy;
mod by_name;
mod mean;
mod mean_distance;
mod metric;

pub use accuracy::Accuracy;
pub use by_name::{IntoMetric, by_name};
pub use mean::Mean;
pub use mean_distance::MeanDistance;
pub use metric::Metric;
