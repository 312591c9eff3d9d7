//! Files of several members: a zip whose members are stored as they are, as Keras' `.keras` files. Files are untrusted, and never seen
//! half-written.
//!
//! Every member has the CRC-32 of a zip, so that a wrong byte in it is an error before anything is decoded. Weights hardly compress, and
//! without compression a few bytes cannot claim to be many.

use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::{read_settings, write_whole};
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// An archive that is read.
pub(crate) struct Archive {
    path: PathBuf,
    zip: ZipArchive<BufReader<File>>,
    /// The bytes of the whole file: no member holds more.
    length: u64,
}

impl Archive {
    pub(crate) fn open(path: &Path) -> Result<Archive> {
        let unreadable = |error| file_error(ErrorKind::Io, path, &format!("cannot be read: {error}"));
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let zip = ZipArchive::new(BufReader::new(file));
        let wrong = |error| file_error(ErrorKind::Format, path, &format!("is damaged or no .crisol archive: {error}"));
        Ok(Archive { path: path.to_path_buf(), zip: zip.map_err(wrong)?, length })
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of a member.
    pub(crate) fn member(&mut self, name: &str) -> Result<Vec<u8>> {
        let (path, length) = (&self.path, self.length);
        let damaged = |what: String| file_error(ErrorKind::Format, path, &format!("is damaged: {name}: {what}"));
        if self.zip.index_for_name(name).is_none() {
            return Err(file_error(ErrorKind::Format, path, &format!("has no member {name}")));
        }
        let member = self.zip.by_name(name).map_err(|error| damaged(error.to_string()))?;
        if member.size() > length {
            return Err(damaged(format!("it claims {} bytes, and the file has {length}", member.size())));
        }
        let mut bytes = Vec::new();
        member.take(length).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
        Ok(bytes)
    }

    /// A member that is JSON.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, name: &str) -> Result<T> {
        let bytes = self.member(name)?;
        let read = serde_json::from_slice(&bytes).and_then(|value| read_settings(&value));
        read.map_err(|error| self.wrong(&format!("is damaged: {name}: {error}")))
    }

    /// The error of a file whose content is wrong.
    pub(crate) fn wrong(&self, what: &str) -> Error {
        file_error(ErrorKind::Format, &self.path, what)
    }
}

/// Writes an archive with these members: whole, or not at all. The same members are the same bytes.
pub(crate) fn write(path: &Path, members: &[(&str, Vec<u8>)]) -> Result<()> {
    let bytes =
        zipped(members).map_err(|error| Error::new(ErrorKind::Internal, format!("{}: {error}", path.display())))?;
    write_whole(path, &bytes).map_err(|error| file_error(ErrorKind::Io, path, &format!("cannot be written: {error}")))
}

fn zipped(members: &[(&str, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .large_file(bytes.len() > u32::MAX as usize);
        zip.start_file(*name, options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

pub(crate) fn file_error(kind: ErrorKind, path: &Path, what: &str) -> Error {
    Error::new(kind, format!("{} {what}", path.display()))
}
