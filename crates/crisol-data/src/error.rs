//! The error of this crate: what was expected, what was given, in which place, and what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Result with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What sort of thing went wrong; for code that reacts, while the text of the [`Error`] is for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder is not there.
    NotFound,
    /// The operating system refused (permission, disk, thread).
    Io,
    /// A file is not in the format it should be in.
    Format,
    /// A file ends before its content does.
    Truncated,
    /// More memory would be needed than the stated bound allows.
    Limit,
    /// Shapes or lengths that do not fit each other.
    Shape,
    /// Values of another type than needed.
    DType,
    /// There is no data where some is needed.
    Empty,
    /// A name (column, class, mode) that does not exist.
    UnknownName,
    /// An argument outside its range.
    Argument,
    /// A function given by the caller failed.
    User,
}

/// Where an error happened; every part is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// File or folder.
    pub path: Option<PathBuf>,
    /// Row of a table, counted from 1 without the header, or row of an array, counted from 0.
    pub row: Option<usize>,
    /// Line of a text file, counted from 1.
    pub line: Option<u64>,
    /// Column of a table.
    pub column: Option<String>,
    /// Offset in a file, in bytes.
    pub byte: Option<u64>,
    /// Number of the element (batch, or sample before `batch`) in its epoch, counted from 0.
    pub element: Option<usize>,
}

/// An error that says what was expected, what was given, where, and what to do.
///
/// ```
/// let error = crisol_data::read_csv("no-such-file.csv").unwrap_err();
/// assert_eq!(error.kind(), crisol_data::ErrorKind::NotFound);
/// assert!(error.to_string().starts_with("no-such-file.csv: "));
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Place,
    help: Option<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind`; `message` says what was expected and what was given.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), place: Place::default(), help: None, source: None }))
    }

    /// An error raised by a function of the caller's own, for instance inside [`Dataset::map`](crate::Dataset::map).
    pub fn user(message: impl fmt::Display) -> Self {
        Self::new(ErrorKind::User, message.to_string())
    }

    /// An I/O error that happened at `path`.
    pub fn io(path: impl AsRef<Path>, error: std::io::Error) -> Self {
        let (kind, message) = match error.kind() {
            std::io::ErrorKind::NotFound => (ErrorKind::NotFound, "there is no such file or folder".to_string()),
            std::io::ErrorKind::UnexpectedEof => {
                (ErrorKind::Truncated, "the file ends before its content does".to_string())
            }
            _ => (ErrorKind::Io, error.to_string()),
        };
        Self::new(kind, message).at_path(path).caused_by(Arc::new(error))
    }

    /// Adds the file or folder, unless one is named already.
    #[must_use]
    pub fn at_path(mut self, path: impl AsRef<Path>) -> Self {
        self.0.place.path.get_or_insert_with(|| path.as_ref().to_path_buf());
        self
    }

    /// Adds the row.
    #[must_use]
    pub fn at_row(mut self, row: usize) -> Self {
        self.0.place.row.get_or_insert(row);
        self
    }

    /// Adds the line of a text file.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.0.place.line.get_or_insert(line);
        self
    }

    /// Adds the column's name.
    #[must_use]
    pub fn at_column(mut self, column: impl Into<String>) -> Self {
        self.0.place.column.get_or_insert_with(|| column.into());
        self
    }

    /// Adds the offset in bytes.
    #[must_use]
    pub fn at_byte(mut self, byte: u64) -> Self {
        self.0.place.byte.get_or_insert(byte);
        self
    }

    /// Adds the number of the element in its epoch.
    #[must_use]
    pub fn at_element(mut self, element: usize) -> Self {
        self.0.place.element.get_or_insert(element);
        self
    }

    /// Adds advice: what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help.get_or_insert_with(|| help.into());
        self
    }

    pub(crate) fn caused_by(mut self, source: Arc<dyn std::error::Error + Send + Sync>) -> Self {
        self.0.source = Some(source);
        self
    }

    /// What sort of error this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What was expected and what was given, without place and advice.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it happened.
    pub fn place(&self) -> &Place {
        &self.0.place
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.0.place;
        if let Some(path) = &place.path {
            write!(f, "{}: ", path.display())?;
        }
        let parts = [
            place.element.map(|n| format!("element {n}")),
            place.line.map(|n| format!("line {n}")),
            place.row.map(|n| format!("row {n}")),
            place.column.as_ref().map(|name| format!("column `{name}`")),
            place.byte.map(|n| format!("byte {n}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            write!(f, "{}: ", parts.join(", "))?;
        }
        f.write_str(&self.0.message)?;
        match &self.0.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

/// The text already tells where and what to do; the kind is the nearest of the core's.
impl From<Error> for crisol_ir::Error {
    fn from(error: Error) -> crisol_ir::Error {
        use crisol_ir::ErrorKind as Core;
        let kind = match error.kind() {
            ErrorKind::Io | ErrorKind::NotFound => Core::Io,
            ErrorKind::Format | ErrorKind::Truncated => Core::Format,
            ErrorKind::Shape => Core::Shape,
            ErrorKind::DType => Core::DType,
            ErrorKind::UnknownName => Core::Name,
            ErrorKind::Limit | ErrorKind::Empty | ErrorKind::Argument | ErrorKind::User => Core::Value,
        };
        crisol_ir::Error::new(kind, error.to_string())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|error| error as &(dyn std::error::Error + 'static))
    }
}

/// The name in `known` that is nearest to `name`, when one is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|&candidate| {
            let score = strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
            (candidate, score)
        })
        .filter(|(_, score)| *score >= 0.5)
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(candidate, _)| candidate)
}

/// An [`ErrorKind::UnknownName`] for a `what` that is not among `known`, offering the nearest one.
pub(crate) fn unknown_name(what: &str, name: &str, known: &[&str]) -> Error {
    let list: Vec<String> = known.iter().map(|k| format!("`{k}`")).collect();
    let rest = if list.is_empty() { "nor any other".to_string() } else { format!("only {}", list.join(", ")) };
    let error = Error::new(ErrorKind::UnknownName, format!("there is no {what} `{name}`, {rest}"));
    match nearest(name, known) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_where_and_what_to_do() {
        let error = Error::new(ErrorKind::Format, "expected a number, given `abc`")
            .at_path("a/b.csv")
            .at_line(4)
            .at_row(3)
            .at_column("age")
            .help("correct the cell");
        assert_eq!(
            error.to_string(),
            "a/b.csv: line 4, row 3, column `age`: expected a number, given `abc`; correct the cell"
        );
    }

    #[test]
    fn inner_places_win_over_outer_ones() {
        let error = Error::user("no").at_path("inner").at_path("outer");
        assert_eq!(error.place().path.as_deref(), Some(Path::new("inner")));
    }

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let known = ["latitude", "longitude"];
        assert_eq!(nearest("longtitude", &known), Some("longitude"));
        assert_eq!(nearest("price", &known), None);
    }
}
