//! From a report to the bytes of its files.

use crisol_plot::{Curve, comparison_png, history_png};

use crate::markdown::{Pictures, page};
use crate::report::Report;
use crate::{Error, Outcome, Result, results};

/// All files of a report.
pub(crate) fn render(report: &Report) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut pictures = Pictures { comparison: false, experiments: Vec::new() };
    let means: Vec<(&str, Vec<Curve>)> = report
        .experiments
        .iter()
        .map(|experiment| (experiment.as_str(), mean_curves(&report.outcomes(experiment))))
        .collect();
    for (experiment, curves) in &means {
        if let Some(bytes) = drawn(history_png(curves))? {
            files.push((picture(experiment), bytes));
            pictures.experiments.push(((*experiment).to_owned(), picture(experiment)));
        }
    }
    if let Some(bytes) = drawn(comparison_png(&means))? {
        files.push(("comparison.png".to_owned(), bytes));
        pictures.comparison = true;
    }
    let results = results::csv(report).map_err(|source| Error::Folder {
        path: report.folder.join("results.csv"),
        action: "write",
        source,
    })?;
    files.push(("results.csv".to_owned(), results));
    files.push(("report.md".to_owned(), page(report, &pictures).into_bytes()));
    Ok(files)
}

/// A picture; `None` when there is nothing to see, as after a failure.
fn drawn(picture: crisol_plot::Result<Vec<u8>>) -> Result<Option<Vec<u8>>> {
    match picture {
        Ok(bytes) => Ok(Some(bytes)),
        Err(crisol_plot::Error::Empty { .. }) => Ok(None),
        Err(error) => Err(Error::Plot(error)),
    }
}

/// Each metric's mean over the seeds that have a finite value at the epoch.
fn mean_curves(outcomes: &[&Outcome]) -> Vec<Curve> {
    let mut names: Vec<&str> = Vec::new();
    for name in outcomes.iter().flat_map(|outcome| outcome.metrics()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
    names
        .into_iter()
        .map(|name| {
            let series: Vec<&[f64]> = outcomes.iter().filter_map(|outcome| outcome.values(name)).collect();
            let epochs = series.iter().map(|values| values.len()).max().unwrap_or(0);
            let values: Vec<f64> = (0..epochs)
                .map(|epoch| {
                    let finite = series.iter().filter_map(|values| values.get(epoch)).copied();
                    // No finite value: 0 / 0, a gap.
                    mean(finite.filter(|value| value.is_finite()).collect())
                })
                .collect();
            Curve::new(name, values)
        })
        .collect()
}

/// The file with an experiment's curves.
pub(crate) fn picture(experiment: &str) -> String {
    format!("curves-{experiment}.png")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_over_the_seeds_that_reached_the_epoch() {
        let long = Outcome::new().metric("loss", [1.0, f64::NAN, 0.4]);
        let short = Outcome::new().metric("loss", [3.0, f64::NAN]).metric("accuracy", [0.5]);
        let curves = mean_curves(&[&long, &short]);
        assert_eq!(curves[0].values[0], 2.0);
        assert!(curves[0].values[1].is_nan());
        assert_eq!(curves[0].values[2], 0.4);
        assert_eq!(curves[1], Curve::new("accuracy", [0.5]));
    }
}
