//! From pixels to a PNG file that is there whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use crate::{Error, Result};

/// Eight-bit RGB pixels, row by row.
pub(crate) struct Pixels {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
}

impl Pixels {
    /// The picture as the bytes of a PNG file.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        // Flat areas and repeated rows: strong compression takes a tenth of the default's size.
        encoder.set_compression(png::Compression::High);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&self.rgb))
            .map_err(|error| Error::Draw(error.to_string()))?;
        Ok(bytes)
    }
}

/// Writes beside `path`, then renames over it: a reader sees the old picture or the new one.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_beside(path, bytes).map_err(|source| Error::Write { path: path.to_path_buf(), source })
}

fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".crisol-plot-");
    // The default is a file that only its owner reads, right for secrets and wrong for pictures.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_names_the_path_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("absent").join("curves.png");
        let error = write(&missing, b"bytes").unwrap_err().to_string();
        assert!(error.contains("curves.png"), "{error}");

        // The rename itself fails: a folder stands where the file should go.
        let taken = folder.path().join("taken.png");
        std::fs::create_dir_all(taken.join("inside")).unwrap();
        assert!(write(&taken, b"bytes").is_err());
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn a_second_write_replaces_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curves.png");
        write(&path, b"first, and longer").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
    }
}
