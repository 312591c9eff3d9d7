//! One named series of numbers, a value an epoch, and what its name says about it.

/// A metric's values over the epochs, the first at epoch 1.
///
/// The name follows Keras' `History`: `"val_accuracy"` is the validation curve of `"accuracy"`. A value
/// that is not finite is a gap in the line.
///
/// ```
/// use crisol_plot::Curve;
///
/// let curve = Curve::new("val_loss", [0.7, 0.6]);
/// assert!(curve.is_validation());
/// assert_eq!(curve.metric(), "loss");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The metric's name, with `val_` before it when it was measured on the validation set.
    pub name: String,
    /// One value an epoch; not finite where there is none.
    pub values: Vec<f64>,
}

impl Curve {
    /// A curve from its name and values.
    pub fn new(name: impl Into<String>, values: impl Into<Vec<f64>>) -> Self {
        Self { name: name.into(), values: values.into() }
    }

    /// Whether the values were measured on the validation set.
    pub fn is_validation(&self) -> bool {
        self.name.starts_with("val_")
    }

    /// The metric's name without `val_`.
    pub fn metric(&self) -> &str {
        self.name.strip_prefix("val_").unwrap_or(&self.name)
    }

    pub(crate) fn is_visible(&self) -> bool {
        self.values.iter().any(|value| value.is_finite())
    }
}

/// The metrics of some curves in the order of their panels: as they come, but losses last.
pub(crate) fn metrics<'a>(curves: impl IntoIterator<Item = &'a Curve>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for curve in curves.into_iter().filter(|curve| curve.is_visible()) {
        if !names.contains(&curve.metric()) {
            names.push(curve.metric());
        }
    }
    // A stable sort: accuracy stays before precision if it came first.
    names.sort_by_key(|name| is_loss(name));
    names
}

pub(crate) fn is_loss(metric: &str) -> bool {
    metric == "loss" || metric.ends_with("_loss")
}

/// `"binary_accuracy"` as a reader sees it: `"binary accuracy"`.
pub(crate) fn spoken(metric: &str) -> String {
    metric.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_come_last_and_invisible_curves_not_at_all() {
        let curves = [
            Curve::new("loss", [1.0]),
            Curve::new("val_loss", [1.0]),
            Curve::new("accuracy", [0.5]),
            Curve::new("val_auc", [0.5]),
            Curve::new("precision", [f64::NAN]),
        ];
        assert_eq!(metrics(&curves), ["accuracy", "auc", "loss"]);
    }
}
