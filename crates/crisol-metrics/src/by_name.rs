//! Metrics by the names Keras gives them.

use crate::named::{NAMED, Named, Settings};
use crate::*;
use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::{Config, read_settings};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A metric with its names, the first of which is what messages offer and files hold.
pub(crate) struct Entry {
    pub(crate) names: &'static [&'static str],
    /// With Keras' defaults, if it needs no argument.
    pub(crate) make: Option<fn() -> Box<dyn Metric>>,
    pub(crate) read: fn(&Value) -> serde_json::Result<Box<dyn Metric>>,
}

macro_rules! entry {
    (read $type:ty, $name:literal) => {
        $crate::by_name::Entry { names: &[$name], make: None, read: $crate::by_name::read::<$type> }
    };
    ($type:ty, $($name:literal),+) => {
        $crate::by_name::Entry {
            names: &[$($name),+],
            make: Some(|| Box::new(<$type>::default())),
            read: $crate::by_name::read::<$type>,
        }
    };
}
pub(crate) use entry;

pub(crate) fn read<M: Metric + DeserializeOwned + 'static>(settings: &Value) -> serde_json::Result<Box<dyn Metric>> {
    Ok(Box::new(read_settings::<M>(settings)?))
}

/// The metric with the given name, with Keras' defaults: `"mae"`, `"mean_absolute_error"` or `"MeanAbsoluteError"`.
///
/// # Errors
/// No such name; the error offers the nearest.
///
/// ```
/// assert_eq!(crisol_metrics::by_name("mae")?.name(), "mean_absolute_error");
/// assert!(crisol_metrics::by_name("acuracy").unwrap_err().to_string().contains("did you mean \"accuracy\""));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<Box<dyn Metric>> {
    let found = METRICS.iter().find(|entry| entry.names.contains(&name));
    let make = found.and_then(|entry| entry.make);
    make.map(|make| make()).ok_or_else(|| Error::unknown_name("metric", name, names()))
}

/// The names of all metrics that need no argument, one each.
pub fn names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().filter(|entry| entry.make.is_some()).filter_map(|entry| entry.names.first().copied())
}

/// The metric that [`Metric::config`] told, without its state.
///
/// # Errors
/// No metric has the name, or settings that it does not take.
///
/// ```
/// use crisol_metrics::{IntoMetric, from_config};
/// let metric = "mae".into_metric()?;
/// let again = from_config(&metric.config().expect("a built-in metric"))?;
/// assert_eq!((metric.name(), again.name()), ("mae", "mae"));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn from_config(config: &Config) -> Result<Box<dyn Metric>> {
    let name = config.name();
    let Some(settings) = config.settings() else { return name.into_metric() };
    let wrong = |error| Error::new(ErrorKind::Format, format!("the settings of {name}: {error}"));
    if name == NAMED {
        let Settings { name, metric } = Settings::deserialize(settings).map_err(wrong)?;
        return Ok(Box::new(from_config(&metric)?.with_name(name)));
    }
    let all = || METRICS.iter().filter_map(|entry| entry.names.first().copied());
    let found = METRICS.iter().find(|entry| entry.names.first() == Some(&name));
    let entry = found.ok_or_else(|| Error::unknown_name("metric", name, all()))?;
    (entry.read)(settings).map_err(wrong)
}

/// What may be given as a metric: a value, or a name.
pub trait IntoMetric {
    /// The metric.
    ///
    /// # Errors
    /// No metric has the given name.
    fn into_metric(self) -> Result<Box<dyn Metric>>;
}

/// As in Keras, logs have the name that was given: `"mae"` is followed as `mae`.
impl IntoMetric for &str {
    fn into_metric(self) -> Result<Box<dyn Metric>> {
        let config = Some(Config::Name(self.to_string()));
        Ok(Box::new(Named { name: self.to_string(), metric: by_name(self)?, config }))
    }
}

impl<M: Metric + 'static> IntoMetric for M {
    fn into_metric(self) -> Result<Box<dyn Metric>> {
        Ok(Box::new(self))
    }
}
