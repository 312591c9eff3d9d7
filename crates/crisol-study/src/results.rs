//! results.csv: a row an epoch, experiment and seed, with every digit.

use std::io;

use crate::report::Report;

/// Columns `experiment, seed, epoch`, then every metric of the study. A metric that a run does not have
/// leaves its cell empty; failed runs have no rows.
pub(crate) fn csv(report: &Report) -> io::Result<Vec<u8>> {
    let metrics = report.metrics();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["experiment", "seed", "epoch"].iter().chain(&metrics))?;
    for trial in &report.trials {
        let Ok(outcome) = &trial.outcome else {
            continue;
        };
        let columns: Vec<&[f64]> = metrics.iter().map(|metric| outcome.values(metric).unwrap_or(&[])).collect();
        for epoch in 0..outcome.epochs() {
            let mut row = vec![trial.experiment.clone(), trial.seed.to_string(), (epoch + 1).to_string()];
            row.extend(columns.iter().map(|values| values.get(epoch).map_or_else(String::new, f64::to_string)));
            writer.write_record(&row)?;
        }
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}
