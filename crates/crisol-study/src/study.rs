//! Running every experiment with every seed, and writing down what came out.

use std::fmt;
use std::path::Path;
use std::time::Instant;

use crate::experiment::{Experiment, Run};
use crate::facts::Facts;
use crate::folder::Folder;
use crate::hypothesis::Claim;
use crate::render::{picture, render};
use crate::report::{Report, Trial};
use crate::verdict::judge;
use crate::{Error, Result};

/// A list of experiments, each trained once a seed, with what is expected of them.
///
/// See the crate's page for an example.
pub struct Study<'a> {
    name: String,
    experiments: Vec<Experiment<'a>>,
    seeds: Vec<u64>,
    epochs: Option<usize>,
    only: Vec<String>,
    facts: Facts,
    command: Option<String>,
    versions: Vec<(String, String)>,
    announce: Box<dyn Fn(&str) + 'a>,
}

impl<'a> Study<'a> {
    /// A study without experiments, with seed 0.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            experiments: Vec::new(),
            seeds: vec![0],
            epochs: None,
            only: Vec::new(),
            facts: Facts::new(),
            command: None,
            versions: Vec::new(),
            announce: Box::new(|_| {}),
        }
    }

    /// Adds an experiment; they run in the order they are added.
    pub fn experiment(mut self, experiment: Experiment<'a>) -> Self {
        self.experiments.push(experiment);
        self
    }

    /// The seeds; every experiment is trained once with each.
    pub fn seeds(mut self, seeds: impl IntoIterator<Item = u64>) -> Self {
        self.seeds = seeds.into_iter().collect();
        self
    }

    /// The epochs of every experiment that has none of its own.
    pub fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = Some(epochs);
        self
    }

    /// Runs only the experiments of these names; an empty list runs all. A comparison with one that is not
    /// run is undecided.
    pub fn only<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.only = names.into_iter().map(Into::into).collect();
        self
    }

    /// What is known about the data.
    pub fn facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    /// The command that runs the study again; without it, the program's own name and arguments.
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// A version that matters for the result, such as the compiler's. This crate's own and the target are
    /// always there.
    pub fn version(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.versions.push((name.into(), version.into()));
        self
    }

    /// Calls `announce` with a line before and after each run; without it the study is silent.
    pub fn announce(mut self, announce: impl Fn(&str) + 'a) -> Self {
        self.announce = Box::new(announce);
        self
    }

    /// Trains everything and writes `report.md`, `results.csv`, `comparison.png` and a `curves-<name>.png`
    /// an experiment into `folder`, which is created.
    ///
    /// A run that fails or panics is recorded and the rest goes on; ask [`Report::ensure_complete`] for the
    /// exit code. The files are put in place together at the end.
    ///
    /// # Errors
    /// Before anything is trained: [`Error::Study`] for a study that makes no sense (no seed, two
    /// experiments of one name, an unknown name in a comparison), [`Error::Folder`] when the folder cannot
    /// be created or written. After it:
    /// [`Error::Folder`] and [`Error::Plot`] when the report cannot be made; nothing half-written stays.
    pub fn run(&self, folder: impl AsRef<Path>) -> Result<Report> {
        let chosen = self.check()?;
        let mut names = vec!["report.md".to_owned(), "results.csv".to_owned(), "comparison.png".to_owned()];
        names.extend(chosen.iter().map(|experiment| picture(&experiment.name)));
        let files = Folder::open(folder.as_ref(), &names)?;

        let trials = self.train(&chosen);
        let judgements = chosen
            .iter()
            .flat_map(|experiment| experiment.hypotheses.iter().map(move |hypothesis| (experiment, hypothesis)))
            .map(|(experiment, hypothesis)| judge(&experiment.name, hypothesis, &trials, &self.facts))
            .collect();
        let report = Report {
            study: self.name.clone(),
            folder: folder.as_ref().to_path_buf(),
            trials,
            judgements,
            experiments: chosen.iter().map(|experiment| experiment.name.clone()).collect(),
            seeds: self.seeds.clone(),
            facts: self.facts.clone(),
            command: self.command.clone().unwrap_or_else(own_command),
            versions: self.all_versions(),
        };
        files.fill(&render(&report)?)?;
        Ok(report)
    }

    fn train(&self, chosen: &[&Experiment<'_>]) -> Vec<Trial> {
        let total = chosen.len() * self.seeds.len();
        let mut trials = Vec::with_capacity(total);
        for experiment in chosen {
            for seed in &self.seeds {
                let run = Run {
                    experiment: experiment.name.clone(),
                    seed: *seed,
                    epochs: experiment.epochs.or(self.epochs),
                    one_batch: experiment.one_batch,
                };
                let place = format!("[{}/{total}] {}, seed {seed}", trials.len() + 1, experiment.name);
                (self.announce)(&place);
                let start = Instant::now();
                let outcome = experiment.train(&run);
                let measured = start.elapsed().as_secs_f64();
                let seconds = outcome.as_ref().ok().and_then(|outcome| outcome.seconds).unwrap_or(measured);
                (self.announce)(&match &outcome {
                    Ok(_) => format!("{place}: {seconds:.1} s"),
                    Err(error) => format!("{place}: failed: {error}"),
                });
                trials.push(Trial { experiment: experiment.name.clone(), seed: *seed, seconds, outcome });
            }
        }
        trials
    }

    /// The experiments to run, or what is wrong with the study.
    fn check(&self) -> Result<Vec<&Experiment<'a>>> {
        let wrong = |reason: String| Err(Error::Study { study: self.name.clone(), reason });
        if self.experiments.is_empty() {
            return wrong("it has no experiment; add one with `.experiment(...)`".to_owned());
        }
        if self.seeds.is_empty() {
            return wrong("it has no seed; give at least one with `.seeds([...])`".to_owned());
        }
        if let Some(seed) = repeated(&self.seeds) {
            return wrong(format!("seed {seed} is given twice; a repeated run would count as a second one"));
        }
        let names: Vec<&str> = self.experiments.iter().map(|experiment| experiment.name.as_str()).collect();
        if let Some(name) = repeated(&names) {
            return wrong(format!("two experiments are named `{name}`; rename one"));
        }
        if let Some(fault) = self.facts.fault() {
            return wrong(fault);
        }
        for experiment in &self.experiments {
            if let Some(fault) = fault(experiment, self.epochs, &names) {
                return wrong(format!("experiment `{}`: {fault}", experiment.name));
            }
        }
        if let Some(name) = self.only.iter().find(|name| !names.contains(&name.as_str())) {
            return wrong(unknown(name, &names));
        }
        Ok(self
            .experiments
            .iter()
            .filter(|experiment| self.only.is_empty() || self.only.contains(&experiment.name))
            .collect())
    }

    fn all_versions(&self) -> Vec<(String, String)> {
        let mut versions = self.versions.clone();
        versions.push(("crisol-study".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
        let target = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
        versions.push(("target".to_owned(), target));
        versions
    }
}

impl fmt::Debug for Study<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Study")
            .field("name", &self.name)
            .field("experiments", &self.experiments)
            .field("seeds", &self.seeds)
            .finish_non_exhaustive()
    }
}

fn fault(experiment: &Experiment<'_>, epochs: Option<usize>, names: &[&str]) -> Option<String> {
    // The name becomes part of a file's name and of a Markdown link.
    let plain = |c: char| c.is_alphanumeric() || "-_+. ".contains(c);
    if experiment.name.is_empty() || !experiment.name.chars().all(plain) {
        return Some("a name is made of letters, digits, spaces and any of - _ + .".to_owned());
    }
    if experiment.epochs.or(epochs) == Some(0) {
        return Some("0 epochs, expected at least 1".to_owned());
    }
    for hypothesis in &experiment.hypotheses {
        let figure = match hypothesis.claim {
            Claim::BetterThanMajority { points } => points,
            Claim::Reaches { value, .. } => value,
            _ => 0.0,
        };
        if !figure.is_finite() {
            return Some(format!("the hypothesis `{}` holds no finite number", hypothesis.claim));
        }
        if let Some(other) = hypothesis.other() {
            if other == experiment.name {
                return Some("is compared with itself".to_owned());
            }
            if !names.contains(&other) {
                return Some(unknown(other, names));
            }
        }
    }
    None
}

fn unknown(name: &str, names: &[&str]) -> String {
    let nearest = names.iter().min_by_key(|known| strsim::damerau_levenshtein(known, name));
    let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"));
    format!("no experiment is named `{name}`, there are {}{hint}", names.join(", "))
}

fn repeated<T: PartialEq>(items: &[T]) -> Option<&T> {
    items.iter().enumerate().find(|(index, item)| items[..*index].contains(item)).map(|(_, item)| item)
}

/// The program's name without its folder, and its arguments.
fn own_command() -> String {
    let mut arguments = std::env::args();
    let program = arguments.next().unwrap_or_default();
    let program = Path::new(&program).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}
