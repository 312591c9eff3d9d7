//! One training run: a panel a metric, training dashed and validation solid.

use std::path::Path;

use crate::curve::{metrics, spoken};
use crate::figure::{BLUE, Figure, Line, Panel, RED, Stroke};
use crate::{Curve, Error, Result, file};

/// Draws the curves of one run into a PNG file: accuracy and loss side by side, training dashed and
/// validation solid.
///
/// Every metric gets a panel, losses last; more than two panels go into rows of two. A panel whose values
/// are all positive and span more than two orders of magnitude has a logarithmic axis and says so.
///
/// # Errors
/// [`Error::Empty`] when no curve holds a finite value, [`Error::Write`] when the file cannot be written.
/// The old file, if any, then stays as it was.
pub fn plot_history(curves: &[Curve], path: impl AsRef<Path>) -> Result<()> {
    file::write(path.as_ref(), &history_png(curves)?)
}

/// [`plot_history`] into memory: the bytes of the PNG file.
///
/// # Errors
/// [`Error::Empty`] when no curve holds a finite value.
pub fn history_png(curves: &[Curve]) -> Result<Vec<u8>> {
    let panels: Vec<Panel> = metrics(curves).into_iter().map(|metric| panel(metric, curves)).collect();
    if panels.is_empty() {
        return Err(Error::Empty { figure: "history" });
    }
    let columns = panels.len().min(2);
    Figure { panels, columns }.draw()?.encode()
}

fn panel<'a>(metric: &str, curves: &'a [Curve]) -> Panel<'a> {
    let of_metric: Vec<&Curve> = curves.iter().filter(|curve| curve.metric() == metric && curve.is_visible()).collect();
    let sides = match (
        of_metric.iter().any(|curve| !curve.is_validation()),
        of_metric.iter().any(|curve| curve.is_validation()),
    ) {
        (true, true) => "Training and validation",
        (false, true) => "Validation",
        _ => "Training",
    };
    let lines = of_metric
        .into_iter()
        .map(|curve| {
            if curve.is_validation() {
                Line::new("validation", &curve.values, BLUE, Stroke::Solid)
            } else {
                Line::new("training", &curve.values, RED, Stroke::Dashed)
            }
        })
        .collect();
    Panel { title: format!("{sides} {}", spoken(metric)), y_label: spoken(metric), lines }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_finite_value_is_an_error() {
        for curves in [vec![], vec![Curve::new("loss", [f64::NAN, f64::INFINITY])]] {
            let error = history_png(&curves).unwrap_err();
            assert!(matches!(error, Error::Empty { figure: "history" }), "{error}");
        }
    }

    #[test]
    fn titles_say_which_sides_are_drawn() {
        let curves = [
            Curve::new("val_accuracy", [0.5]),
            Curve::new("loss", [1.0]),
            Curve::new("val_loss", [1.0]),
            Curve::new("mean_error", [1.0]),
        ];
        let title = |metric| panel(metric, &curves).title;
        assert_eq!(title("accuracy"), "Validation accuracy");
        assert_eq!(title("loss"), "Training and validation loss");
        assert_eq!(title("mean_error"), "Training mean error");
    }
}
