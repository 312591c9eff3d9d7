//! Cats and dogs drawn by code: the photos of the main job when no folder of real ones is given.
//!
//! [`generate`] writes a folder `PetImages/{Cat,Dog}` of JPEG files, a few of them damaged or disguised, fewer cats
//! than dogs. The same options give the same bytes on any machine and any number of threads: every picture has
//! a random stream of its own ([`random`]), and all arithmetic is exact or in a fixed order.
//!
//! A set is drawn into a folder beside its destination and renamed when complete, so that what stands at the
//! destination is always whole; a stamp tells which options drew it, and an equal set is not drawn again.

mod body;
mod brush;
mod canvas;
mod clutter;
mod damage;
mod fur;
mod head;
mod picture;
mod random;
mod scene;
mod species;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io, thread};

pub use damage::Kind;
use random::Rng;
pub use species::Species;

/// Raised whenever the same options would draw other pictures than before.
const EDITION: u32 = 1;

const STAMP: &str = "animals.stamp";
const IMAGES: &str = "PetImages";

/// The name under which a caller may write [`Summary::manifest`] beside the images.
pub const MANIFEST: &str = "MANIFEST.tsv";

/// What to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Animals {
    /// Every set has its own seed; equal seeds draw equal sets.
    pub seed: u64,
    /// The least short side of a picture in pixels, at least 32.
    pub side: u32,
    /// Files of dogs.
    pub dogs: usize,
    /// Files of cats for each of dogs, in `(0, 1]`: the cats are thinned out.
    pub cats_per_dog: f64,
    /// The share of files, in `[0, 1]`, that are damaged or disguised.
    pub odd: f64,
}

impl Default for Animals {
    fn default() -> Animals {
        Animals { seed: 99, side: 128, dogs: 2000, cats_per_dog: 0.61, odd: 0.06 }
    }
}

/// One file of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its class.
    pub species: Species,
    /// Its number, which is also its name: `Cat/17.jpg`.
    pub number: usize,
    /// What it holds.
    pub kind: Kind,
}

impl File {
    /// The path within the set, with `/` between its parts.
    pub fn path(&self) -> String {
        format!("{IMAGES}/{}/{}.jpg", self.species.folder(), self.number)
    }
}

/// What a set holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The folder with the classes `Cat` and `Dog`.
    pub images: PathBuf,
    /// Every file, in order of class and number.
    pub files: Vec<File>,
    /// True when an equal set was there already.
    pub reused: bool,
}

impl Summary {
    /// How many files there are of a species.
    pub fn count(&self, species: Species) -> usize {
        self.files.iter().filter(|file| file.species == species).count()
    }

    /// How many files there are of each kind present, by name.
    pub fn kinds(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for file in &self.files {
            *counts.entry(file.kind.name()).or_insert(0) += 1;
        }
        counts
    }

    /// How many files a strict reader of JPEG, PNG and BMP cannot read.
    pub fn unreadable(&self) -> usize {
        self.files.iter().filter(|file| !file.kind.is_readable()).count()
    }

    /// The odd files, one a line: path, tab, kind.
    pub fn manifest(&self) -> String {
        let mut text = String::new();
        for file in self.files.iter().filter(|file| file.kind != Kind::Jpeg) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}\t{}", file.path(), file.kind.name());
        }
        text
    }
}

/// Draws a set into `dir`, as `dir/PetImages/{Cat,Dog}/<number>.jpg`, unless an equal one is there already.
///
/// # Errors
/// When an option is out of range; when `dir` holds something that was not drawn here (nothing is ever deleted but
/// older sets); when a file or folder cannot be written. A failed call leaves `dir` as it was.
pub fn generate(dir: &Path, options: &Animals) -> io::Result<Summary> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    generate_on(dir, options, threads)
}

fn generate_on(dir: &Path, options: &Animals, threads: usize) -> io::Result<Summary> {
    check(options)?;
    let files = plan(options);
    let stamp = stamp(options);
    let mut summary = Summary { images: dir.join(IMAGES), files, reused: false };
    if is_complete(dir, &stamp, &summary) {
        summary.reused = true;
        return Ok(summary);
    }
    if !is_ours(dir)? {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            format!("{} holds files that are not a set of drawn animals: name a new or empty folder", dir.display()),
        ));
    }
    let name = dir.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{} does not name a folder", dir.display()))
    })?;
    let partial = dir.with_file_name(format!(".{}.partial", name.to_string_lossy()));
    remove(&partial)?;
    let written = write_all(&partial, options, &summary.files, threads)
        .and_then(|()| fs::write(partial.join(STAMP), &stamp))
        .and_then(|()| remove(dir))
        .and_then(|()| fs::rename(&partial, dir));
    if let Err(error) = written {
        // The first error is the one to tell; what is left of the folder goes at the next call.
        let _ = remove(&partial);
        return Err(io::Error::new(error.kind(), format!("cannot draw animals into {}: {error}", dir.display())));
    }
    Ok(summary)
}

fn check(options: &Animals) -> io::Result<()> {
    let wrong = if options.dogs == 0 {
        "dogs is 0, expected at least 1".to_owned()
    } else if !(32..=4096).contains(&options.side) {
        format!("side is {}, expected 32 to 4096 pixels", options.side)
    } else if !(options.cats_per_dog > 0.0 && options.cats_per_dog <= 1.0) {
        format!("cats_per_dog is {}, expected more than 0 and at most 1", options.cats_per_dog)
    } else if !(0.0..=1.0).contains(&options.odd) {
        format!("odd is {}, expected a share from 0 to 1", options.odd)
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("animals: {wrong}")))
}

/// Decides every file of a set. Both species are numbered alike; then cats are thinned out, which leaves gaps.
fn plan(options: &Animals) -> Vec<File> {
    let cats = ((options.dogs as f64 * options.cats_per_dog).round() as usize).max(1);
    let mut files = Vec::new();
    for (species, count) in [(Species::Cat, cats), (Species::Dog, options.dogs)] {
        let mut rng = Rng::new(&[options.seed, 0x706c_616e, species as u64]);
        let mut numbers = rng.permutation(options.dogs);
        numbers.truncate(count);
        numbers.sort_unstable();
        let odd = (count as f64 * options.odd).round() as usize;
        let mut kinds = vec![Kind::Jpeg; count];
        for (turn, place) in rng.permutation(count).into_iter().take(odd).enumerate() {
            kinds[place] = Kind::DEAL[turn % Kind::DEAL.len()];
        }
        files.extend(numbers.into_iter().zip(kinds).map(|(number, kind)| File { species, number, kind }));
    }
    files
}

fn stamp(options: &Animals) -> String {
    let Animals { seed, side, dogs, cats_per_dog, odd } = options;
    format!("edition {EDITION}\nseed {seed}\nside {side}\ndogs {dogs}\ncats_per_dog {cats_per_dog}\nodd {odd}\n")
}

/// Whether a set of these options stands in `dir` with all its files.
fn is_complete(dir: &Path, stamp: &str, summary: &Summary) -> bool {
    fs::read_to_string(dir.join(STAMP)).is_ok_and(|found| found == stamp)
        && summary.files.iter().all(|file| dir.join(file.path()).is_file())
}

/// Whether `dir` may be replaced: it is not there, or empty, or holds a drawn set and nothing else.
fn is_ours(dir: &Path) -> io::Result<bool> {
    let unreadable = |error: io::Error| io::Error::new(error.kind(), format!("cannot read {}: {error}", dir.display()));
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        entries => entries.map_err(unreadable)?,
    };
    let (mut stamped, mut empty) = (false, true);
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        if name != STAMP && name != IMAGES && name != MANIFEST {
            return Ok(false);
        }
        stamped |= name == STAMP;
        empty = false;
    }
    Ok(stamped || empty)
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Draws and writes the files on `threads` threads, each taking the next file that nobody has taken.
fn write_all(root: &Path, options: &Animals, files: &[File], threads: usize) -> io::Result<()> {
    for species in [Species::Cat, Species::Dog] {
        fs::create_dir_all(root.join(IMAGES).join(species.folder()))?;
    }
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let work = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let written = bytes(options, file).and_then(|bytes| fs::write(root.join(file.path()), bytes));
            if let Err(error) = written {
                next.store(files.len(), Ordering::Relaxed);
                failure.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get_or_insert(error);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    failure.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()).map_or(Ok(()), Err)
}

/// The content of one file: a function of the options and the file alone.
fn bytes(options: &Animals, file: &File) -> io::Result<Vec<u8>> {
    let picture = picture::draw(options.seed, file.species, file.number, options.side);
    let mut rng = Rng::new(&[options.seed, 0x6669_6c65, file.species as u64, file.number as u64]);
    damage::encode(&picture, file.kind, &mut rng)
}

#[cfg(test)]
mod tests;
