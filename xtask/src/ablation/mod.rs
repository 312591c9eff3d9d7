//! `cargo xtask reproduce-ablation`: the main job. Photos in, three experiments of the study trained, a report out.

mod experiments;
mod models;
mod progress;
mod subject;

use crate::ablation::subject::Subject;
use anyhow::Result;
use clap::Args;
use crisol_study::Study;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Reproduces the ablation study on cats and dogs.
///
/// Without --data the animals are drawn by code, the same for everybody.
#[derive(Args, Clone, Debug)]
pub struct Ablation {
    /// A folder of photos by class, as the `PetImages` of Kaggle's cats and dogs, or the folder that holds it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Height and width that photos are brought to.
    #[arg(long, value_name = "PIXELS", default_value_t = 128, value_parser = clap::value_parser!(u16).range(12..))]
    image_size: u16,
    /// Passes over the training photos; `overfit` makes six times as many over its one batch, at most 240.
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..))]
    epochs: u16,
    /// Decides the drawings, the split, first weights and the order of the batches.
    #[arg(long, default_value_t = 99)]
    seed: u64,
    /// How often each experiment is trained: with this seed and the ones after it, on the same split.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    repeats: u16,
    /// Only these experiments: basic, zeros, overfit.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Where the report goes.
    #[arg(long, value_name = "DIR", default_value = "reports/ablation")]
    report: PathBuf,
}

/// Runs the study and prints where its report stands.
pub fn run(root: &Path, ablation: &Ablation) -> Result<()> {
    let start = Instant::now();
    let folder = root.join(&ablation.report);
    let subject = Subject::load(root, ablation)?;
    let study = Study::new("cats-vs-dogs")
        .seeds((0..u64::from(ablation.repeats)).map(|repeat| ablation.seed + repeat))
        .epochs(ablation.epochs.into())
        .only(ablation.only.clone())
        .facts(subject.facts())
        .command(command(ablation))
        .version("crisol", env!("CARGO_PKG_VERSION"))
        .announce(|line| println!("{line}"));
    let report = experiments::add(study, &subject).run(&folder)?;
    println!("\n{report}");
    println!("report: {} ({:.0} s in all)", folder.join("report.md").display(), start.elapsed().as_secs_f64());
    report.ensure_complete()?;
    Ok(())
}

/// The command that makes this report again.
fn command(ablation: &Ablation) -> String {
    let defaults = Ablation::default();
    let mut command = "cargo xtask reproduce-ablation".to_owned();
    if let Some(data) = &ablation.data {
        command += &format!(" --data {}", data.display());
    }
    let mut option = |name: &str, given: u64, default: u64| {
        if given != default {
            command += &format!(" --{name} {given}");
        }
    };
    option("image-size", ablation.image_size.into(), defaults.image_size.into());
    option("epochs", ablation.epochs.into(), defaults.epochs.into());
    option("seed", ablation.seed, defaults.seed);
    option("repeats", ablation.repeats.into(), defaults.repeats.into());
    if !ablation.only.is_empty() {
        command += &format!(" --only {}", ablation.only.join(","));
    }
    command
}

impl Default for Ablation {
    fn default() -> Ablation {
        Ablation {
            data: None,
            image_size: 128,
            epochs: 40,
            seed: 99,
            repeats: 1,
            only: Vec::new(),
            report: PathBuf::from("reports/ablation"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        ablation: Ablation,
    }

    #[test]
    fn the_defaults_are_those_of_the_command_line() {
        let parsed = Line::parse_from(["xtask"]).ablation;
        assert_eq!(command(&parsed), "cargo xtask reproduce-ablation");
        assert_eq!(parsed.report, Ablation::default().report);
    }

    #[test]
    fn the_command_says_what_differs() {
        let given = ["xtask", "--data", "PetImages", "--image-size", "204", "--only", "basic,zeros"];
        let parsed = Line::parse_from(given).ablation;
        assert_eq!(
            command(&parsed),
            "cargo xtask reproduce-ablation --data PetImages --image-size 204 --only basic,zeros"
        );
    }
}
