//! Which files belong to which class: the subfolders of a folder, sorted, and the files below them, sorted.

use crate::error::unknown_name;
use crate::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// A file that may be an image, and the number of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: PathBuf,
    pub(crate) class: usize,
}

/// Names of the classes, and their files: classes in order, files sorted within each.
pub(crate) fn classes(root: &Path, wanted: Option<&[String]>) -> Result<(Vec<String>, Vec<Entry>)> {
    let (folders, files) = read(root)?;
    let mut found = Vec::new();
    for folder in folders {
        let name = folder.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| {
            Error::new(ErrorKind::Format, "the folder's name is not Unicode, so it cannot name a class")
                .at_path(&folder)
        })?;
        found.push(name.to_string());
    }
    if found.is_empty() {
        return Err(Error::new(
            ErrorKind::Empty,
            format!("expected one subfolder a class, found no subfolder and {} files", files.len()),
        )
        .at_path(root)
        .help("put the images of each class in a folder of its own, or use `label_mode(\"none\")` for images without classes"));
    }
    let names = match wanted {
        None => found,
        Some(wanted) => {
            let known: Vec<&str> = found.iter().map(String::as_str).collect();
            for (n, name) in wanted.iter().enumerate() {
                if !found.contains(name) {
                    return Err(unknown_name("class folder", name, &known).at_path(root));
                }
                if wanted[..n].contains(name) {
                    let message = format!("class `{name}` is named twice in class_names");
                    return Err(Error::new(ErrorKind::Argument, message));
                }
            }
            wanted.to_vec()
        }
    };
    let mut entries = Vec::new();
    for (class, name) in names.iter().enumerate() {
        let before = entries.len();
        walk(&root.join(name), class, &mut entries)?;
        if entries.len() == before {
            let error = Error::new(ErrorKind::Empty, format!("class `{name}` has no files"));
            return Err(error.at_path(root.join(name)).help("add images or remove the folder"));
        }
    }
    Ok((names, entries))
}

/// Every file below a folder, without classes.
pub(crate) fn all_files(root: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    walk(root, 0, &mut entries)?;
    if entries.is_empty() {
        return Err(Error::new(ErrorKind::Empty, "expected images, found no files").at_path(root));
    }
    Ok(entries)
}

fn walk(folder: &Path, class: usize, entries: &mut Vec<Entry>) -> Result<()> {
    let (folders, files) = read(folder)?;
    entries.extend(files.into_iter().map(|path| Entry { path, class }));
    folders.iter().try_for_each(|folder| walk(folder, class, entries))
}

/// Subfolders and files, sorted; hidden ones and the notes that file managers leave behind are not looked at. Links to files count, links to
/// folders do not (they can lead in circles).
fn read(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    let io = |error| Error::io(folder, error);
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || name == "Thumbs.db" || name == "desktop.ini" {
            continue;
        }
        let kind = entry.file_type().map_err(io)?;
        if kind.is_dir() {
            folders.push(entry.path());
        } else if kind.is_file() || kind.is_symlink() && !entry.path().is_dir() {
            files.push(entry.path());
        }
    }
    folders.sort();
    files.sort();
    Ok((folders, files))
}
