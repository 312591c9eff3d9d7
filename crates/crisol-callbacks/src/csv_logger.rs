//! Writes the numbers of every epoch to a CSV file.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::run::Run;
use crisol_ir::{Error, ErrorKind, Result};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// A line an epoch, as `keras.callbacks.CSVLogger`: `epoch` and the numbers in the order of their names. Where a number is missing
/// stands `NA`.
///
/// ```
/// use crisol_callbacks::CsvLogger;
/// let log = CsvLogger::new("training.csv").append(true);
/// # let _ = log;
/// ```
#[derive(Debug)]
pub struct CsvLogger {
    path: PathBuf,
    separator: u8,
    append: bool,
    writer: Option<csv::Writer<File>>,
    names: Vec<String>,
    has_header: bool,
}

impl CsvLogger {
    /// Writes a new file, in place of an old one.
    pub fn new(path: impl AsRef<Path>) -> CsvLogger {
        let path = path.as_ref().to_path_buf();
        CsvLogger { path, separator: b',', append: false, writer: None, names: Vec::new(), has_header: false }
    }

    /// What stands between two columns.
    #[must_use]
    pub fn separator(mut self, separator: u8) -> CsvLogger {
        self.separator = separator;
        self
    }

    /// Whether to go on in the file that is there.
    #[must_use]
    pub fn append(mut self, append: bool) -> CsvLogger {
        self.append = append;
        self
    }

    fn wrong(&self, error: impl std::fmt::Display) -> Error {
        let text = format!("{} cannot be written: {error}", self.path.display());
        Error::new(ErrorKind::Io, text).operation("csv_logger")
    }

    fn write(&mut self, cells: &[String]) -> Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let written = writer.write_record(cells).and_then(|()| Ok(writer.flush()?));
        written.map_err(|error| self.wrong(error))
    }
}

impl Callback for CsvLogger {
    fn on_train_begin(&mut self, _run: &mut dyn Run) -> Result<()> {
        self.has_header = self.append && std::fs::metadata(&self.path).is_ok_and(|file| file.len() > 0);
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(self.append).truncate(!self.append);
        let file = options.open(&self.path).map_err(|error| self.wrong(error))?;
        let mut builder = csv::WriterBuilder::new();
        builder.delimiter(self.separator).terminator(csv::Terminator::CRLF).flexible(true);
        self.writer = Some(builder.from_writer(file));
        self.names.clear();
        Ok(())
    }

    fn on_epoch_end(&mut self, _run: &mut dyn Run, epoch: usize, logs: &mut Logs) -> Result<Flow> {
        if self.names.is_empty() {
            self.names = logs.iter().map(|(name, _)| name.to_string()).collect();
            self.names.sort();
            // Validation may begin in a later epoch: its columns are there from the first.
            if !self.names.iter().any(|name| name.starts_with("val_")) {
                let validation: Vec<String> = self.names.iter().map(|name| format!("val_{name}")).collect();
                self.names.extend(validation);
            }
            if !self.has_header {
                let header: Vec<String> = ["epoch".to_string()].into_iter().chain(self.names.clone()).collect();
                self.write(&header)?;
            }
        }
        let number = |name: &String| logs.get(name).map_or_else(|| "NA".to_string(), |number| number.to_string());
        let row: Vec<String> = [epoch.to_string()].into_iter().chain(self.names.iter().map(number)).collect();
        self.write(&row)?;
        Ok(Flow::Continue)
    }

    fn on_train_end(&mut self, _run: &mut dyn Run, _logs: &Logs) -> Result<()> {
        self.writer = None;
        Ok(())
    }
}
