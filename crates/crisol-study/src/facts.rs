//! What the reader of a report must know about the data.

use std::collections::BTreeMap;

/// Facts about the data set, for the report and for hypotheses that speak of the majority.
///
/// ```
/// use crisol_study::Facts;
///
/// let facts = Facts::new()
///     .class("Cat", 760)
///     .class("Dog", 1240)
///     .training(1600)
///     .validation(400, 0.62)
///     .skipped("Cat/666.jpg", "no JPEG or PNG: starts with <html>")
///     .detail("image size", "64 x 64");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub(crate) classes: Vec<(String, usize)>,
    pub(crate) training: Option<usize>,
    pub(crate) validation: Option<Validation>,
    pub(crate) skipped: Vec<(String, String)>,
    pub(crate) details: Vec<(String, String)>,
}

/// The validation set, as far as a verdict needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Validation {
    pub size: usize,
    pub majority: f64,
}

impl Facts {
    /// No facts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A class and how many samples it has.
    pub fn class(mut self, name: impl Into<String>, count: usize) -> Self {
        self.classes.push((name.into(), count));
        self
    }

    /// How many samples are trained on.
    pub fn training(mut self, size: usize) -> Self {
        self.training = Some(size);
        self
    }

    /// How many samples are validated on, and the share of the most frequent class among them: what a model reaches
    /// that never looks at its input.
    pub fn validation(mut self, size: usize, majority: f64) -> Self {
        self.validation = Some(Validation { size, majority });
        self
    }

    /// A file that was left out, and why.
    pub fn skipped(mut self, file: impl Into<String>, reason: impl Into<String>) -> Self {
        self.skipped.push((file.into(), reason.into()));
        self
    }

    /// Anything else: `"image size"`, `"64 x 64"`.
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.details.push((name.into(), value.into()));
        self
    }

    /// What is impossible about the facts, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let Validation { size, majority } = self.validation?;
        if size == 0 {
            return Some("facts: the validation set has 0 samples, expected at least 1".to_owned());
        }
        (!(0.0..=1.0).contains(&majority))
            .then(|| format!("facts: the majority's share of the validation set is {majority}, expected 0 to 1"))
    }

    /// How many files were skipped for each reason, in the reasons' order.
    pub(crate) fn skipped_by_reason(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for (_, reason) in &self.skipped {
            // What stands in parentheses differs from file to file.
            let kind = reason.split_once(" (").map_or(reason.as_str(), |(kind, _)| kind);
            *counts.entry(kind).or_insert(0) += 1;
        }
        counts
    }
}
