//! Files of several members: a zip whose members are stored as they are, as Keras' `.keras` files. What is known of a member stands in the
//! directory at the end, not before its bytes, so tools that read a zip as it arrives cannot read it. Files are untrusted, and never seen
//! half-written.
//!
//! Every member has the CRC-32 of a zip, so that a wrong byte in it is an error before anything is decoded. Weights hardly compress, and
//! without compression a few bytes cannot claim to be many.

use crisol_ir::{Error, ErrorKind, Result};
use crisol_params::{read_settings, write_whole};
use rawzip::time::UtcDateTime;
use rawzip::{
    CompressionMethod, DataDescriptorOutput, FileReader, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ReaderAt, ZipArchive,
    ZipArchiveEntryWayfinder, ZipArchiveWriter, ZipVerification,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Of every member: the first day that a zip can name, so that the same members are the same bytes.
const DATE: UtcDateTime = match UtcDateTime::from_components(1980, 1, 1, 0, 0, 0, 0) {
    Some(date) => date,
    None => panic!("no date"),
};

/// An archive that is read.
pub(crate) struct Archive {
    path: PathBuf,
    zip: ZipArchive<FileReader>,
    /// The bytes of the whole file: no member ends behind them.
    length: u64,
    members: Vec<Member>,
}

/// What the directory at the end of the file says of a member.
struct Member {
    name: Vec<u8>,
    method: CompressionMethod,
    is_encrypted: bool,
    place: ZipArchiveEntryWayfinder,
}

impl Archive {
    pub(crate) fn open(path: &Path) -> Result<Archive> {
        let unreadable = |error| file_error(ErrorKind::Io, path, &format!("cannot be read: {error}"));
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let (zip, members) = directory(file).map_err(|error| {
            file_error(ErrorKind::Format, path, &format!("is damaged or no .crisol archive: {error}"))
        })?;
        Ok(Archive { path: path.to_path_buf(), zip, length, members })
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of a member.
    pub(crate) fn member(&self, name: &str) -> Result<Vec<u8>> {
        let damaged = |what: String| self.wrong(&format!("is damaged: {name}: {what}"));
        let mut named = self.members.iter().filter(|member| member.name == name.as_bytes());
        // Of two, other tools take the one or the other: what they show would not be what is read.
        let member = match (named.next(), named.next()) {
            (Some(member), None) => member,
            (None, _) => return Err(self.wrong(&format!("has no member {name}"))),
            (Some(_), Some(_)) => return Err(damaged("the name stands for two members".to_string())),
        };
        if member.is_encrypted {
            return Err(damaged("it is encrypted".to_string()));
        }
        if member.method != CompressionMethod::STORE {
            return Err(damaged(format!("its compression is {}, expected none (STORE)", member.method)));
        }
        let stored = self.zip.get_entry(member.place).map_err(|error| damaged(error.to_string()))?;
        let (start, end) = stored.compressed_data_range();
        if end > self.length {
            return Err(damaged(format!("it ends at byte {end}, and the file has {}", self.length)));
        }
        // All at once, and the checksum by the processor's own instructions: as a stream it takes five times as long.
        let mut bytes = vec![0; (end - start) as usize];
        self.zip.get_ref().read_exact_at(&mut bytes, start).map_err(|error| damaged(error.to_string()))?;
        let found = ZipVerification { crc: crc32fast::hash(&bytes), uncompressed_size: bytes.len() as u64 };
        stored.reader().claim_verifier().valid(found).map_err(|error| damaged(error.to_string()))?;
        Ok(bytes)
    }

    /// A member that is JSON.
    pub(crate) fn json(&self, name: &str) -> Result<Value> {
        serde_json::from_slice(&self.member(name)?).map_err(|error| self.damaged(name, &error))
    }

    /// What a member that is JSON stands for.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str, json: &Value) -> Result<T> {
        read_settings(json).map_err(|error| self.damaged(name, &error))
    }

    fn damaged(&self, name: &str, error: &serde_json::Error) -> Error {
        self.wrong(&format!("is damaged: {name}: {error}"))
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

fn zipped(members: &[(&str, Vec<u8>)]) -> std::result::Result<Vec<u8>, rawzip::Error> {
    let mut zip = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        let (mut member, _) = zip.new_file(*name).last_modified(DATE).start()?;
        member.write_all(bytes)?;
        member.finish(DataDescriptorOutput::new(crc32fast::hash(bytes), bytes.len() as u64))?;
    }
    zip.finish()
}

/// Opens an archive and reads the directory at its end.
fn directory(file: File) -> std::result::Result<(ZipArchive<FileReader>, Vec<Member>), rawzip::Error> {
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let zip = ZipArchive::from_file(file, &mut buffer)?;
    let mut members = Vec::new();
    let mut entries = zip.entries(&mut buffer);
    while let Some(entry) = entries.next_entry()? {
        members.push(Member {
            name: entry.file_path().as_ref().to_vec(),
            method: entry.compression_method(),
            is_encrypted: entry.flags().is_encrypted(),
            place: entry.wayfinder(),
        });
    }
    Ok((zip, members))
}

pub(crate) fn file_error(kind: ErrorKind, path: &Path, what: &str) -> Error {
    Error::new(kind, format!("{} {what}", path.display()))
}
