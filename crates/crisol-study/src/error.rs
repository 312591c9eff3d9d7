//! What can go wrong with a study as a whole; what goes wrong inside one experiment is recorded, not returned.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// The error of an experiment: anything, so that `?` works in its closure.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A study that could not start, or whose report could not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The study makes no sense as described; nothing was trained.
    Study {
        /// The study's name.
        study: String,
        /// What is wrong and what to do about it.
        reason: String,
    },
    /// The report's folder cannot be created or written.
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What was tried: `"create the report folder"`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The curves could not be drawn.
    Plot(crisol_plot::Error),
    /// Some experiments failed; only [`Report::ensure_complete`](crate::Report::ensure_complete) says this.
    Failed {
        /// How many runs there were.
        runs: usize,
        /// Experiment, seed and error of those that failed.
        failures: Vec<String>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Study { study, reason } => write!(f, "study `{study}`: {reason}"),
            Self::Folder { path, action, source } => {
                write!(f, "cannot {action} {}: {source}", path.display())
            }
            Self::Plot(error) => write!(f, "the report's curves: {error}"),
            Self::Failed { runs, failures } => {
                write!(f, "{} of {runs} runs failed: {}", failures.len(), failures.join("; "))
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder { source, .. } => Some(source),
            Self::Plot(error) => Some(error),
            Self::Study { .. } | Self::Failed { .. } => None,
        }
    }
}
