//! The error that every crate of the core returns: a kind, what was given and expected, where, and what to do.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Shorthand for results with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for code that reacts to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Sizes that do not fit together.
    Shape,
    /// An element type that an operation does not take, or two that do not mix.
    DType,
    /// An axis that does not exist or is named twice.
    Axis,
    /// An argument or a datum out of its range.
    Value,
    /// A name that nothing has, or that two things have.
    Name,
    /// A call at the wrong time: an unbuilt layer, a value of a trace, a model without an optimizer.
    State,
    /// A gradient that does not exist.
    Gradient,
    /// A valid request that is not implemented.
    Unsupported,
    /// A file or folder that cannot be read or written.
    Io,
    /// A file whose content is not what its kind demands.
    Format,
    /// A broken invariant of crisol itself: please report it.
    Internal,
}

/// An error that tells what was given, what was expected, where, and what to do.
///
/// Cloning shares the text, so that a wrong tensor can carry its error to every tensor made from it.
///
/// ```
/// use crisol_ir::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Shape, "inner sizes differ: 100 against 128").operation("matmul").layer("dense_2 (Dense)");
/// assert_eq!(error.to_string(), "dense_2 (Dense): matmul: inner sizes differ: 100 against 128");
/// ```
#[derive(Clone)]
pub struct Error(Arc<Detail>);

#[derive(Clone)]
struct Detail {
    kind: ErrorKind,
    message: String,
    operation: Option<String>,
    /// Innermost first: each boundary that the error passes appends itself.
    layers: Vec<String>,
    location: Option<&'static Location<'static>>,
    help: Option<String>,
}

impl Error {
    /// An error of a kind, with the text of what was given and expected.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Arc::new(Detail {
            kind,
            message: message.into(),
            operation: None,
            layers: Vec::new(),
            location: None,
            help: None,
        }))
    }

    /// An error for an unknown `name` of a `what`, which offers the nearest of the `known` names.
    #[cold]
    pub fn unknown_name<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
        unknown(what, name, &Vec::from_iter(known))
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was given and what was expected, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where in the user's code the failing operation was written, if known.
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.0.location
    }

    /// The path of layers that the error passed, outermost first.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.0.layers.iter().rev().map(String::as_str)
    }

    /// Names the operation that failed; the first name given stays.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Error {
        let detail = Arc::make_mut(&mut self.0);
        detail.operation.get_or_insert_with(|| operation.into());
        self
    }

    /// Adds the source line; the first line given, the innermost, stays.
    #[must_use]
    pub fn at(mut self, location: &'static Location<'static>) -> Error {
        let detail = Arc::make_mut(&mut self.0);
        detail.location.get_or_insert(location);
        self
    }

    /// Adds the layer whose boundary the error passes, called from the inside out.
    #[must_use]
    pub fn layer(mut self, layer: impl Into<String>) -> Error {
        Arc::make_mut(&mut self.0).layers.push(layer.into());
        self
    }

    /// Says what to do about it; the first advice given stays.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Error {
        let detail = Arc::make_mut(&mut self.0);
        detail.help.get_or_insert_with(|| help.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = &*self.0;
        for (index, layer) in self.layers().enumerate() {
            write!(f, "{}{layer}", if index == 0 { "" } else { "/" })?;
        }
        if !detail.layers.is_empty() {
            f.write_str(": ")?;
        }
        if let Some(operation) = &detail.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&detail.message)?;
        if let Some(location) = detail.location {
            write!(f, ", at {}:{}", location.file(), location.line())?;
        }
        if let Some(help) = &detail.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `main` that returns Err prints this form: the text serves a reader better than the fields.
        write!(f, "{:?} error: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}

fn unknown(what: &str, name: &str, known: &[&str]) -> Error {
    let error = Error::new(ErrorKind::Name, format!("no {what} is named {name:?}"));
    match nearest(name, known) {
        Some(near) => error.help(format!("did you mean {near:?}?")),
        None => error.help(format!("known names: {}", known.join(", "))),
    }
}

/// The known name nearest to a misspelt one, if any is near.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .iter()
        .map(|&candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_offered_its_nearest() {
        let error = Error::unknown_name("optimizer", "adm", ["sgd", "rmsprop", "adam"]);
        assert_eq!(error.to_string(), r#"no optimizer is named "adm" (did you mean "adam"?)"#);
        let error = Error::unknown_name("optimizer", "zzz", ["sgd", "adam"]);
        assert!(error.to_string().ends_with("(known names: sgd, adam)"));
    }

    #[test]
    fn context_reads_from_the_outside_in() {
        let error = Error::new(ErrorKind::Shape, "inner sizes differ")
            .operation("matmul")
            .operation("later names do not replace the first")
            .layer("dense_2 (Dense)")
            .layer("encoder")
            .at(Location::caller());
        let text = error.to_string();
        assert!(text.starts_with("encoder/dense_2 (Dense): matmul: inner sizes differ, at "), "{text}");
        assert!(text.contains("error.rs:"), "{text}");
    }
}
