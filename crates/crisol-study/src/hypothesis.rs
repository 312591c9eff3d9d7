//! What is expected of an experiment, as values.
//!
//! Every claim speaks of the best epoch of each seed and is weighed over all seeds; `verdict`
//! holds the arithmetic.

use std::fmt;

use crate::statistics::{Direction, number};

/// A claim about an experiment, and why it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    pub(crate) claim: Claim,
    pub(crate) because: Option<String>,
}

/// What a [`Hypothesis`] claims.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Claim {
    /// Made by [`better_than_majority`].
    BetterThanMajority {
        /// By how many points (hundredths of accuracy).
        points: f64,
    },
    /// Made by [`no_better_than_majority`].
    NoBetterThanMajority,
    /// Made by [`reaches`].
    Reaches {
        /// The metric.
        metric: String,
        /// The value to reach.
        value: f64,
    },
    /// Made by [`lower`] and [`higher`].
    Differs {
        /// The metric.
        metric: String,
        /// On which side of the other experiment.
        direction: Direction,
        /// The other experiment.
        other: String,
    },
}

/// The validation accuracy is at least `points` hundredths above the majority's share of the validation
/// set.
///
/// Confirmed when the mean over the seeds is that far above and the excess is more than two standard
/// errors; refuted when the mean falls short; undecided when it is far enough above but within two standard
/// errors of the majority. The standard error is that of [`no_better_than_majority`].
///
/// ```
/// use crisol_study::better_than_majority;
/// let hypothesis = better_than_majority(8.0).because("the network sees whiskers");
/// assert_eq!(hypothesis.to_string(), "better than the majority by at least 8 points, because the network sees whiskers");
/// ```
pub fn better_than_majority(points: f64) -> Hypothesis {
    Claim::BetterThanMajority { points }.into()
}

/// The validation accuracy is no more than two standard errors above the majority's share of the validation
/// set.
///
/// With p the majority's share, n the size of the validation set, s the standard deviation over k seeds,
/// the standard error is sqrt(p (1 - p) / n + s^2 / k): the binomial error of the set, which all seeds
/// share, and the spread of the seeds' mean (nothing for one seed). Two of them are a convention; with few
/// seeds they are less than a 95 % interval. The best epoch is chosen on the validation set itself, which
/// flatters the experiment: for this claim that is the severe side.
pub fn no_better_than_majority() -> Hypothesis {
    Claim::NoBetterThanMajority.into()
}

/// A metric gets to a value, or past it in its good [`Direction`]: `reaches("accuracy", 1.0)`,
/// `reaches("loss", 0.1)`.
///
/// Confirmed when every seed gets there, refuted when none does, undecided otherwise.
pub fn reaches(metric: impl Into<String>, value: f64) -> Hypothesis {
    let metric = metric.into();
    Claim::Reaches { metric, value }.into()
}

/// A metric is lower than another experiment's: `lower("loss").than("basic")`.
///
/// Compared seed by seed: d is the other's best epoch minus this one's. Confirmed when the mean of d is
/// more than two of its standard errors above zero, refuted when it is as far below (or is zero
/// throughout), undecided between. One seed alone has no spread: its sign decides, and the figures say so.
pub fn lower(metric: impl Into<String>) -> Comparative {
    Comparative { metric: metric.into(), direction: Direction::Lower }
}

/// A metric is higher than another experiment's: `higher("val_accuracy").than("basic")`; decided like
/// [`lower`].
pub fn higher(metric: impl Into<String>) -> Comparative {
    Comparative { metric: metric.into(), direction: Direction::Higher }
}

/// The first half of a comparison; [`than`](Comparative::than) makes it a hypothesis.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparative {
    metric: String,
    direction: Direction,
}

impl Comparative {
    /// Names the experiment to compare with; it must be part of the same study.
    pub fn than(self, experiment: impl Into<String>) -> Hypothesis {
        Claim::Differs { metric: self.metric, direction: self.direction, other: experiment.into() }.into()
    }
}

impl Hypothesis {
    /// Says why, for the reader of the report.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.because = Some(reason.into());
        self
    }

    /// What is claimed.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// The experiment that the claim compares with.
    pub(crate) fn other(&self) -> Option<&str> {
        match &self.claim {
            Claim::Differs { other, .. } => Some(other),
            _ => None,
        }
    }
}

impl From<Claim> for Hypothesis {
    fn from(claim: Claim) -> Self {
        Self { claim, because: None }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BetterThanMajority { points } => {
                write!(f, "better than the majority by at least {points} points")
            }
            Self::NoBetterThanMajority => f.write_str("no better than the majority"),
            Self::Reaches { metric, value } => write!(f, "{metric} reaches {}", number(*value)),
            Self::Differs { metric, direction, other } => write!(f, "{metric} {direction} than `{other}`"),
        }
    }
}

impl fmt::Display for Hypothesis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.claim)?;
        match &self.because {
            Some(reason) => write!(f, ", because {reason}"),
            None => Ok(()),
        }
    }
}
