//! report.md: what was expected, what came out, on which data, and how to do it again.

use std::fmt::Write;

use crate::facts::Validation;
use crate::report::Report;
use crate::statistics::number;
use crate::table::{Table, escape};

/// The pictures of a report, by file name, as far as they could be drawn.
pub(crate) struct Pictures {
    pub comparison: bool,
    /// Experiment and file name.
    pub experiments: Vec<(String, String)>,
}

/// The whole page; image links are relative to its folder.
pub(crate) fn page(report: &Report, pictures: &Pictures) -> String {
    let mut page = format!("# {}\n", escape(&report.study));
    section(&mut page, "Hypotheses", &hypotheses(report));
    section(&mut page, "Comparison", &comparison(report));
    section(&mut page, "Failures", &failures(report));
    section(&mut page, "Data", &data(report));
    section(&mut page, "Notes", &notes(report));
    section(&mut page, "Curves", &curves(report, pictures));
    section(&mut page, "How to reproduce", &reproduce(report));
    page
}

/// A section without a body is left out.
fn section(page: &mut String, title: &str, body: &str) {
    if !body.is_empty() {
        let _ = write!(page, "\n## {title}\n\n{}\n", body.trim_end());
    }
}

fn hypotheses(report: &Report) -> String {
    let mut text = String::new();
    for judgement in &report.judgements {
        let _ = writeln!(
            text,
            "- **{}** `{}`: {}.\n  {}.",
            judgement.verdict,
            judgement.experiment,
            escape(&judgement.hypothesis.to_string()),
            escape(&judgement.figures),
        );
    }
    text
}

fn comparison(report: &Report) -> String {
    let seeds = match report.seeds.len() {
        1 => "the one seed".to_owned(),
        count => format!("{count} seeds, as mean ± standard error"),
    };
    format!(
        "Each metric at its best epoch, over {seeds}; seconds are the mean of a run.\n\n{}",
        report.comparison().markdown()
    )
}

fn failures(report: &Report) -> String {
    let mut text = String::new();
    for (trial, error) in report.failures() {
        let _ = writeln!(text, "- `{}`, seed {}: {}", trial.experiment, trial.seed, escape(error));
    }
    text
}

fn data(report: &Report) -> String {
    let facts = &report.facts;
    let mut rows: Vec<[String; 2]> =
        facts.classes.iter().map(|(class, count)| [format!("class {class}"), count.to_string()]).collect();
    rows.extend(facts.training.map(|size| ["training samples".to_owned(), size.to_string()]));
    if let Some(Validation { size, majority }) = facts.validation {
        rows.push(["validation samples".to_owned(), size.to_string()]);
        rows.push(["majority's share of the validation set".to_owned(), number(majority)]);
    }
    if !facts.skipped.is_empty() {
        rows.push(["files skipped".to_owned(), facts.skipped.len().to_string()]);
    }
    rows.extend(facts.details.iter().map(|(name, value)| [name.clone(), value.clone()]));
    if rows.is_empty() {
        return String::new();
    }
    let mut text =
        Table { header: vec!["fact".to_owned(), "value".to_owned()], rows: rows.into_iter().map(Vec::from).collect() }
            .markdown();
    if !facts.skipped.is_empty() {
        text.push_str("\nSkipped, by reason:\n\n");
        for (reason, count) in facts.skipped_by_reason() {
            let _ = writeln!(text, "- {count}: {}", escape(reason));
        }
        text.push_str("\n<details><summary>Every skipped file</summary>\n\n");
        for (file, reason) in &facts.skipped {
            let _ = writeln!(text, "- `{}`: {}", file.replace('`', "'"), escape(reason));
        }
        text.push_str("\n</details>\n");
    }
    text
}

fn notes(report: &Report) -> String {
    let mut text = String::new();
    for trial in &report.trials {
        for note in trial.outcome.iter().flat_map(|outcome| &outcome.notes) {
            let _ = writeln!(text, "- `{}`, seed {}: {}", trial.experiment, trial.seed, escape(note));
        }
    }
    text
}

fn curves(report: &Report, pictures: &Pictures) -> String {
    let mut text = String::new();
    if pictures.comparison {
        text.push_str("![all experiments](comparison.png)\n\n");
    }
    for (experiment, file) in &pictures.experiments {
        // A space ends a link's address.
        let _ = writeln!(text, "### {experiment}\n\n![{experiment}]({})\n", file.replace(' ', "%20"));
    }
    if !text.is_empty() && report.seeds.len() > 1 {
        text.insert_str(0, "Means over the seeds that reached the epoch.\n\n");
    }
    text
}

fn reproduce(report: &Report) -> String {
    let seeds: Vec<String> = report.seeds.iter().map(u64::to_string).collect();
    let mut text = format!("```console\n{}\n```\n\n", report.command);
    let _ = writeln!(text, "- seeds: {}", seeds.join(", "));
    for (name, version) in &report.versions {
        let _ = writeln!(text, "- {}: {}", escape(name), escape(version));
    }
    text.push_str("- every epoch of every run: [results.csv](results.csv)\n");
    text
}
