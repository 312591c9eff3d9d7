//! Several runs beside each other: four panels, one colour a run.

use std::path::Path;

use crate::curve::{is_loss, metrics, spoken};
use crate::figure::{Figure, Line, PALETTE, Panel, Stroke};
use crate::{Curve, Error, Result, file};

/// Draws several runs into one PNG file of four panels: training accuracy, training loss, validation
/// accuracy, validation loss.
///
/// The upper row is training, the lower one validation. In the place of accuracy stands the first metric
/// that is not a loss; a panel for which no run has a value is left out. The colours tell eight runs apart,
/// beyond that they come again with dashes.
///
/// # Errors
/// [`Error::Empty`] when no run holds a finite value, [`Error::Write`] when the file cannot be written.
/// The old file, if any, then stays as it was.
pub fn plot_comparison<N: AsRef<str>>(histories: &[(N, Vec<Curve>)], path: impl AsRef<Path>) -> Result<()> {
    file::write(path.as_ref(), &comparison_png(histories)?)
}

/// [`plot_comparison`] into memory: the bytes of the PNG file.
///
/// # Errors
/// [`Error::Empty`] when no run holds a finite value.
pub fn comparison_png<N: AsRef<str>>(histories: &[(N, Vec<Curve>)]) -> Result<Vec<u8>> {
    let panels = panels(histories);
    if panels.is_empty() {
        return Err(Error::Empty { figure: "comparison" });
    }
    let columns = panels.len().min(2);
    Figure { panels, columns }.draw()?.encode()
}

fn panels<N: AsRef<str>>(histories: &[(N, Vec<Curve>)]) -> Vec<Panel<'_>> {
    let names = metrics(histories.iter().flat_map(|(_, curves)| curves));
    let metric =
        names.iter().find(|name| name.contains("accuracy")).or_else(|| names.iter().find(|name| !is_loss(name)));
    let loss = names.iter().find(|name| **name == "loss").or_else(|| names.iter().find(|name| is_loss(name)));
    let mut panels = Vec::new();
    for (side, validation) in [("Training", false), ("Validation", true)] {
        for metric in [metric, loss].into_iter().flatten() {
            let lines: Vec<Line> = histories
                .iter()
                .enumerate()
                .flat_map(|(index, (name, curves))| {
                    curves
                        .iter()
                        .filter(|curve| {
                            curve.metric() == *metric && curve.is_validation() == validation && curve.is_visible()
                        })
                        .map(move |curve| line(index, name.as_ref(), curve))
                })
                .collect();
            if !lines.is_empty() {
                panels.push(Panel { title: format!("{side} {}", spoken(metric)), y_label: spoken(metric), lines });
            }
        }
    }
    panels
}

fn line<'a>(index: usize, name: &'a str, curve: &'a Curve) -> Line<'a> {
    let stroke = if (index / PALETTE.len()).is_multiple_of(2) { Stroke::Solid } else { Stroke::Dashed };
    Line::new(name, &curve.values, PALETTE[index % PALETTE.len()], stroke)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(names: &[&str]) -> Vec<Curve> {
        names.iter().map(|name| Curve::new(*name, [0.5, 0.6])).collect()
    }

    fn titles(histories: &[(&str, Vec<Curve>)]) -> Vec<String> {
        panels(histories).into_iter().map(|panel| panel.title).collect()
    }

    #[test]
    fn four_panels_in_the_order_of_the_rows() {
        let histories = [
            ("basic", run(&["loss", "accuracy", "val_loss", "val_accuracy"])),
            ("overfit", run(&["loss", "accuracy"])),
        ];
        assert_eq!(
            titles(&histories),
            ["Training accuracy", "Training loss", "Validation accuracy", "Validation loss"]
        );
        let counts: Vec<_> = panels(&histories).iter().map(|panel| panel.lines.len()).collect();
        assert_eq!(counts, [2, 2, 1, 1]);
    }

    #[test]
    fn a_regression_has_its_own_metric_and_no_empty_panel() {
        let histories = [("linear", run(&["loss", "root_mean_squared_error"]))];
        assert_eq!(titles(&histories), ["Training root mean squared error", "Training loss"]);
    }

    #[test]
    fn nothing_to_compare_is_an_error() {
        let none: [(&str, Vec<Curve>); 0] = [];
        assert!(matches!(comparison_png(&none), Err(Error::Empty { figure: "comparison" })));
        assert!(comparison_png(&[("basic", vec![])]).is_err());
    }

    #[test]
    fn the_ninth_run_differs_from_the_first() {
        let curve = Curve::new("loss", [1.0]);
        let (first, ninth) = (line(0, "a", &curve), line(8, "b", &curve));
        assert_eq!(first.colour, ninth.colour);
        assert_ne!(first.stroke, ninth.stroke);
    }
}
