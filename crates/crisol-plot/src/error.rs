//! What can go wrong between numbers and a picture.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A picture that could not be made, and why.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// No curve holds a single finite value, or a graph has no box: there is nothing to draw.
    Empty {
        /// Which picture was asked for: `"history"`, `"comparison"` or `"graph"`.
        figure: &'static str,
    },
    /// An arrow without a beginning; or the drawing library refused, which it should not for any input and is worth a report.
    Draw(String),
    /// The file could not be written; the path is the one that was asked for.
    Write {
        /// The picture's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { figure: "graph" } => {
                f.write_str("graph: nothing to draw: there is no box; pass at least one `GraphNode`")
            }
            Self::Empty { figure } => write!(
                f,
                "{figure}: nothing to draw: no curve holds a finite value; \
                 pass at least one `Curve` with one finite value"
            ),
            Self::Draw(reason) => write!(f, "the picture could not be drawn: {reason}"),
            Self::Write { path, source } => {
                write!(f, "cannot write the picture {}: {source}", path.display())
            }
        }
    }
}

/// The text already tells where and what to do; the kind is the nearest of the core's.
impl From<Error> for crisol_ir::Error {
    fn from(error: Error) -> crisol_ir::Error {
        let kind = match error {
            Error::Empty { .. } => crisol_ir::ErrorKind::Value,
            Error::Draw(_) => crisol_ir::ErrorKind::Internal,
            Error::Write { .. } => crisol_ir::ErrorKind::Io,
        };
        crisol_ir::Error::new(kind, error.to_string())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Write { source, .. } => Some(source),
            Self::Empty { .. } | Self::Draw(_) => None,
        }
    }
}
