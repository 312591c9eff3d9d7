//! Tests of whole sets: same bytes, counts, and that nothing half-written or foreign is ever mistaken for a set.

use std::fs;
use std::path::Path;

use super::*;

fn small(seed: u64) -> Animals {
    Animals { seed, side: 48, dogs: 60, cats_per_dog: 0.61, odd: 0.3 }
}

/// FNV-1a over all files of a set, names included.
fn hash(summary: &Summary, dir: &Path) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in &summary.files {
        let content = fs::read(dir.join(file.path())).unwrap();
        for byte in file.path().bytes().chain(content) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[test]
fn equal_seeds_give_equal_bytes_on_any_number_of_threads() {
    let root = tempfile::tempdir().unwrap();
    let draw = |name: &str, seed, threads| {
        let dir = root.path().join(name);
        let summary = generate_on(&dir, &small(seed), threads).unwrap();
        hash(&summary, &dir)
    };
    let first = draw("a", 7, 1);
    assert_eq!(first, draw("b", 7, 3));
    assert_ne!(first, draw("c", 8, 2));
}

#[test]
fn pictures_are_these_very_pictures() {
    // A change of these numbers is a change of the data: raise EDITION with it.
    let sum = |species, number| {
        picture::draw(99, species, number, 128)
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let sums = [sum(Species::Cat, 0), sum(Species::Cat, 1), sum(Species::Dog, 0), sum(Species::Dog, 1)];
    let expected = [16025381950472008542, 3259792757344317843, 16966021727070545998, 9143437222963862511];
    assert_eq!(sums, expected);
}

#[test]
fn a_default_set_is_thinned_and_one_file_in_seventeen_is_odd() {
    let options = Animals::default();
    let files = plan(&options);
    let summary = Summary { images: PathBuf::new(), files, reused: false };
    let (cats, dogs) = (summary.count(Species::Cat), summary.count(Species::Dog));
    assert_eq!(dogs, options.dogs);
    assert!((cats as f64 / dogs as f64 - 0.61).abs() < 0.001);
    let odd = summary.manifest().lines().count();
    assert!((odd as f64 / (cats + dogs) as f64 - 0.06).abs() < 0.001);
    assert_eq!(summary.kinds().len(), Kind::ALL.len(), "every kind occurs: {:?}", summary.kinds());
    assert!(summary.unreadable() < odd && cats + dogs - summary.unreadable() >= 2000);
    assert!(summary.files.iter().any(|file| file.species == Species::Cat && file.number >= cats), "cats have gaps");
}

#[test]
fn files_on_disk_are_those_of_the_summary() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("set");
    let summary = generate(&dir, &small(1)).unwrap();
    assert!(!summary.reused);
    for species in [Species::Cat, Species::Dog] {
        let found = fs::read_dir(summary.images.join(species.folder())).unwrap().count();
        assert_eq!(found, summary.count(species));
    }
    for file in &summary.files {
        let content = fs::read(dir.join(file.path())).unwrap();
        let readable = damage::tests::read(&content).is_ok();
        assert_eq!(readable, file.kind.is_readable(), "{} is {:?}", file.path(), file.kind);
    }
    let siblings = fs::read_dir(root.path()).unwrap().count();
    assert_eq!(siblings, 1, "no temporary folder is left behind");
}

#[test]
fn a_complete_set_is_reused_and_a_broken_or_other_one_redrawn() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("set");
    let options = Animals { dogs: 5, ..small(1) };
    let first = generate(&dir, &options).unwrap();
    assert!(generate(&dir, &options).unwrap().reused);
    let before = hash(&first, &dir);

    fs::remove_file(dir.join(first.files[0].path())).unwrap();
    assert!(!generate(&dir, &options).unwrap().reused, "a file was missing");
    assert_eq!(hash(&first, &dir), before);

    let other = Animals { seed: 2, ..options.clone() };
    assert!(!generate(&dir, &other).unwrap().reused);
    assert!(generate(&dir, &other).unwrap().reused);

    fs::create_dir_all(root.path().join(".set.partial/PetImages/Cat")).unwrap();
    fs::write(root.path().join(".set.partial/PetImages/Cat/stray.jpg"), b"left by a killed run").unwrap();
    let again = generate(&dir, &options).unwrap();
    assert_eq!(fs::read_dir(again.images.join("Cat")).unwrap().count(), again.count(Species::Cat));
}

#[test]
fn foreign_folders_and_bad_options_are_refused_untouched() {
    let root = tempfile::tempdir().unwrap();
    let dir = root.path().join("photos");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("holiday.jpg"), b"mine").unwrap();
    let error = generate(&dir, &small(1)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("photos"), "{error}");
    assert_eq!(fs::read(dir.join("holiday.jpg")).unwrap(), b"mine");

    let set = root.path().join("set");
    generate(&set, &Animals { dogs: 3, ..small(1) }).unwrap();
    fs::write(set.join(MANIFEST), b"the caller's").unwrap();
    generate(&set, &Animals { dogs: 4, ..small(1) }).unwrap();
    fs::write(set.join("notes.txt"), b"mine").unwrap();
    assert!(generate(&set, &small(1)).is_err());
    assert_eq!(fs::read(set.join("notes.txt")).unwrap(), b"mine");

    let file = root.path().join("file");
    fs::write(&file, b"a file, not a folder").unwrap();
    assert!(generate(&file.join("set"), &small(1)).is_err());
    assert!(generate(&file, &small(1)).is_err());
    assert_eq!(fs::read(&file).unwrap(), b"a file, not a folder");

    for (options, word) in [
        (Animals { dogs: 0, ..small(1) }, "dogs"),
        (Animals { side: 8, ..small(1) }, "side"),
        (Animals { cats_per_dog: f64::NAN, ..small(1) }, "cats_per_dog"),
        (Animals { odd: 1.5, ..small(1) }, "odd"),
    ] {
        let error = generate(&root.path().join("new"), &options).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(!root.path().join("new").exists());
}

#[test]
fn pictures_vary_in_shape_and_are_never_smaller_than_asked() {
    let sizes: Vec<(u32, u32)> = (0..40).map(|n| picture::draw(3, Species::Dog, n, 64).dimensions()).collect();
    assert!(sizes.iter().all(|(width, height)| *width.min(height) >= 64));
    let square = sizes.iter().filter(|(width, height)| width == height).count();
    assert!(square < 20, "{square} of 40 are square");
}
