//! Reading every image of a folder once, on all cores: which ones are bad is known before anything is split or counted, and what was
//! decoded on the way is kept.

use super::decode::decode;
use super::list::Entry;
use super::resize::Bilinear;
use crate::{Error, ErrorKind, Result};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Files beyond this many bytes are not read.
const MAX_FILE: u64 = 1 << 28;

/// A file that is not an image that can be decoded, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Continues "the file ...": `is empty`, `is HTML or XML, not an image`, `is a truncated JPEG`.
    pub reason: String,
}

impl Skipped {
    pub(crate) fn error(&self) -> Error {
        Error::new(ErrorKind::Format, &*self.reason)
            .at_path(&self.path)
            .help("remove the file, or let `on_bad_image(Bad::Skip)` pass over it")
    }
}

/// What images are turned into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
    pub(crate) max_pixels: usize,
}

impl Target {
    /// Values an image: bytes in the cache, floats in a batch.
    pub(crate) fn len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Reads, decodes and resizes one file.
    pub(crate) fn load(&self, path: &Path, resize: &mut Bilinear) -> std::result::Result<Vec<u8>, String> {
        let pixels = decode(&read(path)?, self.channels, self.max_pixels)?;
        Ok(resize.resize(pixels, (self.height, self.width)))
    }
}

fn read(path: &Path) -> std::result::Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read ({error})");
    let file = std::fs::File::open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err("is not a regular file".to_string());
    }
    let mut bytes = Vec::new();
    // The limit also holds for a file that grows meanwhile.
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("is larger than {MAX_FILE} bytes"));
    }
    Ok(bytes)
}

/// A file that decodes, with its pixels at target size when they are kept.
pub(crate) struct Good {
    pub(crate) entry: Entry,
    pub(crate) pixels: Option<Vec<u8>>,
}

/// Loads every file on `workers` threads. The outcome does not depend on their number: files keep their order, and with `fail` the error is
/// that of the first bad one.
pub(crate) fn scan(
    entries: Vec<Entry>,
    target: Target,
    keep: bool,
    fail: bool,
    workers: usize,
) -> Result<(Vec<Good>, Vec<Skipped>)> {
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let work = || {
        let mut resize = Bilinear::new();
        let mut done = Vec::new();
        // Numbers are given out in order, and a number given out is worked on: the first bad file is always among the results.
        while !stop.load(Ordering::Relaxed) {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = entries.get(n) else { break };
            let loaded = target.load(&entry.path, &mut resize).map(|pixels| keep.then_some(pixels));
            stop.fetch_or(fail && loaded.is_err(), Ordering::Relaxed);
            done.push((n, loaded));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..workers.clamp(1, entries.len().max(1)))
            .map_while(|_| {
                std::thread::Builder::new().name("crisol-data-scan".to_string()).spawn_scoped(scope, work).ok()
            })
            .collect();
        let mut done = work();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(n, _)| *n);
    let (mut good, mut skipped) = (Vec::new(), Vec::new());
    for ((_, loaded), entry) in done.into_iter().zip(entries) {
        match loaded {
            Ok(pixels) => good.push(Good { entry, pixels }),
            Err(reason) => {
                let bad = Skipped { path: entry.path, reason };
                if fail {
                    return Err(bad.error());
                }
                skipped.push(bad);
            }
        }
    }
    Ok((good, skipped))
}
