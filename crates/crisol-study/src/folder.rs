//! The report's folder: tried before training, filled after it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Creates the folder and tries to write in it, so that a typing error costs a second and not the night's training.
    ///
    /// `names` are the files that will come: a folder that stands in the place of one is found out now.
    pub fn open(path: &Path, names: &[String]) -> Result<Self> {
        let folder = Self { path: path.to_path_buf() };
        fs::create_dir_all(path).map_err(|source| folder.error("", "create the report folder", source))?;
        temporary(path)
            .and_then(|mut file| file.write_all(b"probe"))
            .map_err(|source| folder.error("", "write into the report folder", source))?;
        for name in names {
            if path.join(name).is_dir() {
                let source = io::Error::from(io::ErrorKind::IsADirectory);
                return Err(folder.error(name, "write the report's file", source));
            }
        }
        Ok(folder)
    }

    /// Puts all files in place: each is written beside its target and synced first, and only then are they renamed. A
    /// failure while writing leaves the old report as it was.
    pub fn fill(&self, files: &[(String, Vec<u8>)]) -> Result<()> {
        let mut written = Vec::with_capacity(files.len());
        for (name, bytes) in files {
            let file = self.write(bytes).map_err(|source| self.error(name, "write", source))?;
            written.push((name, file));
        }
        for (name, file) in written {
            file.persist(self.path.join(name)).map_err(|error| self.error(name, "put in place", error.error))?;
        }
        Ok(())
    }

    fn write(&self, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
        let mut file = temporary(&self.path)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    }

    fn error(&self, name: &str, action: &'static str, source: io::Error) -> Error {
        let path = if name.is_empty() { self.path.clone() } else { self.path.join(name) };
        Error::Folder { path, action, source }
    }
}

/// A file that removes itself unless it is renamed.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".crisol-study-");
    // The default is a file that only its owner reads, right for secrets and wrong for reports.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(path: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_probe_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("reports/ablation");
        Folder::open(&path, &[]).unwrap();
        assert!(entries(&path).is_empty());
    }

    #[test]
    fn a_file_in_the_way_is_an_error_that_names_it() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("reports");
        fs::write(&file, "not a folder").unwrap();
        for path in [file.clone(), file.join("ablation")] {
            let error = Folder::open(&path, &[]).err().unwrap().to_string();
            assert!(error.starts_with("cannot create the report folder"), "{error}");
            assert!(error.contains("reports"), "{error}");
        }
        fs::create_dir(parent.path().join("report.md")).unwrap();
        let error = Folder::open(parent.path(), &["report.md".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("report.md"), "{error}");
    }

    #[test]
    fn a_failure_halfway_keeps_the_old_files() {
        let parent = tempfile::tempdir().unwrap();
        let folder = Folder::open(parent.path(), &[]).unwrap();
        folder.fill(&[("a.txt".to_owned(), b"old".to_vec())]).unwrap();
        // Removing the folder under the second write is not portable; a name that no file can have is.
        let bad = ("b\0.txt".to_owned(), b"new".to_vec());
        assert!(folder.fill(&[bad, ("a.txt".to_owned(), b"new".to_vec())]).is_err());
        assert_eq!(entries(parent.path()), ["a.txt"]);
        assert_eq!(fs::read(parent.path().join("a.txt")).unwrap(), b"old");
    }
}
