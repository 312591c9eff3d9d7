//! Lets an interrupted training go on where it was.

use crate::callback::{Callback, Flow};
use crate::logs::Logs;
use crate::run::{Position, Run};
use crisol_ir::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

const FILE: &str = "latest.backup";

/// Keeps a backup of the training in a folder, and goes on from it when `fit` is called again, as `keras.callbacks.BackupAndRestore`.
///
/// More than Keras, it keeps the optimizer's state, the random numbers and the step within an epoch: an interrupted training ends with
/// the bits of the undisturbed one. (Only the numbers in the logs of an epoch that was cut in two are those of its second part.)
/// Backups are written whole or not at all. The folder is removed when training ends.
///
/// ```
/// use crisol_callbacks::BackupAndRestore;
/// let backup = BackupAndRestore::new("backup").save_freq(100);
/// # let _ = backup;
/// ```
#[derive(Clone, Debug)]
pub struct BackupAndRestore {
    folder: PathBuf,
    every_steps: Option<usize>,
    keep: bool,
    epoch: usize,
}

impl BackupAndRestore {
    /// A backup after every epoch.
    pub fn new(folder: impl AsRef<Path>) -> BackupAndRestore {
        BackupAndRestore { folder: folder.as_ref().to_path_buf(), every_steps: None, keep: false, epoch: 0 }
    }

    /// A backup every so many steps of an epoch, and after it.
    #[must_use]
    pub fn save_freq(mut self, steps: usize) -> BackupAndRestore {
        self.every_steps = Some(steps);
        self
    }

    /// Whether the folder is removed when training ends: yes, unless told.
    #[must_use]
    pub fn delete_checkpoint(mut self, delete: bool) -> BackupAndRestore {
        self.keep = !delete;
        self
    }

    fn file(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    fn save(&self, run: &mut dyn Run, position: Position) -> Result<()> {
        run.save_backup(&self.file(), position).map_err(|error| error.layer("backup_and_restore"))
    }
}

impl Callback for BackupAndRestore {
    fn on_train_begin(&mut self, run: &mut dyn Run) -> Result<()> {
        if self.every_steps == Some(0) {
            return Err(Error::new(ErrorKind::Value, "save_freq is 0, expected at least 1 step")
                .operation("backup_and_restore"));
        }
        if self.file().exists() {
            run.restore_backup(&self.file()).map_err(|error| error.layer("backup_and_restore"))?;
            return Ok(());
        }
        std::fs::create_dir_all(&self.folder).map_err(|error| {
            let text = format!("{} cannot be made: {error}", self.folder.display());
            Error::new(ErrorKind::Io, text).operation("backup_and_restore")
        })
    }

    fn on_epoch_begin(&mut self, _run: &mut dyn Run, epoch: usize) -> Result<()> {
        self.epoch = epoch;
        Ok(())
    }

    fn on_train_batch_end(&mut self, run: &mut dyn Run, step: usize) -> Result<Flow> {
        if self.every_steps.is_some_and(|every| (step + 1).is_multiple_of(every)) {
            self.save(run, Position { epoch: self.epoch, step: step + 1 })?;
        }
        Ok(Flow::Continue)
    }

    fn on_epoch_end(&mut self, run: &mut dyn Run, epoch: usize, _logs: &mut Logs) -> Result<Flow> {
        self.save(run, Position { epoch: epoch + 1, step: 0 })?;
        Ok(Flow::Continue)
    }

    fn on_train_end(&mut self, _run: &mut dyn Run, _logs: &Logs) -> Result<()> {
        if self.keep || !self.folder.exists() {
            return Ok(());
        }
        remove(&self.folder).map_err(|error| {
            let text = format!("{} cannot be removed: {error}", self.folder.display());
            Error::new(ErrorKind::Io, text).operation("backup_and_restore")
        })
    }
}

/// Removes the backup, what a process that was killed while it wrote one left behind, and the folder, if nothing else is in it.
fn remove(folder: &Path) -> std::io::Result<()> {
    let mut is_empty = true;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == FILE || name.to_string_lossy().starts_with(".unfinished-") {
            std::fs::remove_file(entry.path())?;
        } else {
            is_empty = false;
        }
    }
    if is_empty { std::fs::remove_dir(folder) } else { Ok(()) }
}
