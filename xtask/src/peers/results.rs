//! What was measured, run after run, in one file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::limits::Limits;

/// Everything measured so far: the newest clean comparison of each workload with each peer.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Results {
    pub machine: Option<Limits>,
    comparisons: BTreeMap<String, BTreeMap<String, Comparison>>,
    pub startup: BTreeMap<String, Startup>,
    /// Workloads in the order in which they were first measured.
    order: Vec<String>,
}

/// A workload on crisol and on one other framework.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    pub workload: String,
    pub peer: String,
    pub version: String,
    pub ours_ms: f64,
    pub theirs_ms: f64,
    /// The median over the rounds of their time by ours: above 1 ours is faster.
    pub ratio: f64,
    pub ours_spread_pct: f64,
    pub theirs_spread_pct: f64,
    pub rounds: usize,
    /// What other processes used of the processors.
    pub others_pct: f64,
    /// Whether the results agree.
    pub agrees: bool,
    pub ours_value: f64,
    pub theirs_value: f64,
    /// Others used too much of the processors, in every try.
    pub disturbed: bool,
}

/// A process from its start to the end of the first training step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Startup {
    pub milliseconds: f64,
    pub peak_mb: f64,
}

impl Results {
    /// Those of earlier runs; none if there was none.
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("results.json");
        if !path.exists() {
            return Ok(Self::default());
        }
        let reading = || format!("reading {} (--fresh starts anew)", path.display());
        let text = std::fs::read_to_string(&path).with_context(reading)?;
        serde_json::from_str(&text).with_context(reading)
    }

    pub fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join("results.json");
        let writing = || format!("writing {}", path.display());
        std::fs::create_dir_all(folder).with_context(writing)?;
        std::fs::write(&path, serde_json::to_string_pretty(self)? + "\n").with_context(writing)
    }

    pub fn is_empty(&self) -> bool {
        self.comparisons.is_empty() && self.startup.is_empty()
    }

    /// Takes a comparison in; one that was disturbed never replaces one that was not.
    pub fn add(&mut self, comparison: Comparison) {
        if !self.order.contains(&comparison.workload) {
            self.order.push(comparison.workload.clone());
        }
        let row = self.comparisons.entry(comparison.workload.clone()).or_default();
        if comparison.disturbed && row.get(&comparison.peer).is_some_and(|known| !known.disturbed) {
            return;
        }
        row.insert(comparison.peer.clone(), comparison);
    }

    /// The machine's limits: the best seen, for what disturbs them makes them smaller.
    pub fn machine(&mut self, limits: Limits) {
        self.machine = Some(match self.machine.take() {
            Some(known) => known.max(limits),
            None => limits,
        });
    }

    /// The workloads with the peers they were compared with.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, Comparison>)> {
        self.order.iter().filter_map(|name| Some((name.as_str(), self.comparisons.get(name)?)))
    }

    pub fn row(&self, workload: &str) -> Option<&BTreeMap<String, Comparison>> {
        self.comparisons.get(workload)
    }
}

impl Comparison {
    /// One line of the log.
    pub fn line(&self) -> String {
        let mut line = format!(
            "{:<18} theirs {:>9.4} ms ± {:>2.0} %  ours {:>9.4} ms ± {:>2.0} %  {:>6.2}x  others {:.0} %",
            self.peer,
            self.theirs_ms,
            self.theirs_spread_pct,
            self.ours_ms,
            self.ours_spread_pct,
            self.ratio,
            self.others_pct
        );
        if self.disturbed {
            line.push_str("  DISTURBED");
        }
        if !self.agrees {
            line.push_str(&format!("  RESULTS DIFFER: theirs {}, ours {}", self.theirs_value, self.ours_value));
        }
        line
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn comparison(workload: &str, peer: &str, ratio: f64, disturbed: bool) -> Comparison {
        Comparison {
            workload: workload.to_owned(),
            peer: peer.to_owned(),
            version: "1".to_owned(),
            ours_ms: 0.5,
            theirs_ms: 0.5 * ratio,
            ratio,
            ours_spread_pct: 1.0,
            theirs_spread_pct: 2.0,
            rounds: 7,
            others_pct: if disturbed { 30.0 } else { 1.0 },
            agrees: true,
            ours_value: 1.0,
            theirs_value: 1.0,
            disturbed,
        }
    }

    #[test]
    fn runs_are_put_together_and_a_disturbed_one_replaces_no_clean_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Results::load(folder.path()).unwrap();
        assert!(first.is_empty());
        first.add(comparison("mlp", "torch", 2.0, false));
        first.save(folder.path()).unwrap();

        let mut second = Results::load(folder.path()).unwrap();
        second.add(comparison("mlp", "torch", 9.0, true));
        second.add(comparison("mlp", "jax", 3.0, true));
        second.add(comparison("chain-a-1e4", "jax", 4.0, false));
        let ratio = |workload: &str, peer: &str| second.row(workload).unwrap()[peer].ratio;
        assert_eq!((ratio("mlp", "torch"), ratio("mlp", "jax"), ratio("chain-a-1e4", "jax")), (2.0, 3.0, 4.0));
        assert_eq!(second.rows().map(|(name, _)| name).collect::<Vec<_>>(), ["mlp", "chain-a-1e4"]);
        second.add(comparison("mlp", "torch", 2.5, false));
        assert_eq!(second.row("mlp").unwrap()["torch"].ratio, 2.5);
    }

    #[test]
    fn a_file_that_is_no_result_says_how_to_go_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("results.json"), "[]").unwrap();
        let error = format!("{:#}", Results::load(folder.path()).unwrap_err());
        assert!(error.contains("--fresh"), "{error}");
    }
}
