//! Folders of images, good and bad, as files in a temporary folder.
#![allow(clippy::unwrap_used)]

use crisol_data::ndarray::Axis;
use crisol_data::{Bad, Batch, ErrorKind, ImageDataset, image_folder};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};

fn encoded(n: u8, format: ImageFormat) -> Vec<u8> {
    let picture = RgbImage::from_fn(20 + u32::from(n), 16, |x, y| Rgb([n * 10, (x * 8) as u8, (y * 12) as u8]));
    let mut out = Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut out, format).unwrap();
    out.into_inner()
}

fn put(root: &Path, name: &str, bytes: &[u8]) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// 12 cats (JPEG) and 8 dogs (PNG and BMP under a JPEG's name), one of them in a folder of its own.
fn animals() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..12 {
        put(dir.path(), &format!("Cat/{n}.jpg"), &encoded(n, ImageFormat::Jpeg));
    }
    for n in 0..7 {
        let format = if n % 2 == 0 { ImageFormat::Png } else { ImageFormat::Bmp };
        put(dir.path(), &format!("Dog/{n}.jpg"), &encoded(n, format));
    }
    put(dir.path(), "Dog/more/7.jpg", &encoded(7, ImageFormat::Jpeg));
    put(dir.path(), "Dog/Thumbs.db", b"not a picture");
    put(dir.path(), ".hidden/a.jpg", b"neither");
    dir
}

/// Adds what goes wrong in real folders; the number of bad files.
fn damage(root: &Path) -> usize {
    let whole = encoded(3, ImageFormat::Jpeg);
    put(root, "Cat/empty.jpg", b"");
    put(root, "Cat/page.jpg", b"<html><body>404 Not Found</body></html>");
    put(root, "Cat/cut.jpg", &whole[..whole.len() / 2]);
    put(root, "Dog/text.jpg", b"This photo is no longer available.");
    put(root, "Dog/gif.jpg", &encoded(3, ImageFormat::Gif));
    put(root, "Dog/noise.png", &[0x8f, 0x01, 0x99, 0x00, 0x17]);
    6
}

fn paths(images: &ImageDataset) -> BTreeSet<PathBuf> {
    images.file_paths().map(Path::to_path_buf).collect()
}

fn all(images: &ImageDataset) -> Vec<Batch> {
    images.epoch(0).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_split_covers_all_and_repeats() {
    let dir = animals();
    let images = image_folder(dir.path()).unwrap().image_size(8, 9).batch_size(4).validation_split(0.25).seed(5);
    let (train, validation) = (images.training().unwrap(), images.validation().unwrap());
    assert_eq!((train.file_count(), validation.file_count()), (15, 5));
    assert_eq!((train.cardinality(), validation.cardinality()), (Some(4), Some(2)));
    assert!(paths(&train).is_disjoint(&paths(&validation)));
    assert_eq!(&paths(&train) | &paths(&validation), paths(&images.all().unwrap()));
    assert_eq!(images.all().unwrap().class_counts(), [12, 8]);
    assert_eq!(train.class_names(), ["Cat", "Dog"]);
    assert_eq!(train.summary(), "Found 20 files belonging to 2 classes.\nUsing 15 files for training.");
    assert!(validation.summary().ends_with("Using 5 files for validation."));
    let again = image_folder(dir.path()).unwrap().image_size(8, 9).validation_split(0.25).seed(5).shuffle(false);
    assert_eq!(paths(&again.training().unwrap()), paths(&train));
    assert_ne!(paths(&again.seed(6).training().unwrap()), paths(&train));
    assert_eq!(train.element_shape().unwrap(), [None, Some(8), Some(9), Some(3)]);
    assert_eq!(train.cache_bytes(), 20 * 8 * 9 * 3);
}

#[test]
fn values_are_levels_and_labels_are_classes_in_path_order() {
    let dir = animals();
    // At its own size nothing is interpolated: PNG and BMP come back exactly.
    let images = image_folder(dir.path()).unwrap().image_size(16, 22).shuffle(false).batch_size(20).all().unwrap();
    let batch = &all(&images)[0];
    let x = batch.x.view::<f32>().unwrap();
    for (row, path) in images.file_paths().enumerate() {
        let label = batch.y.as_ref().unwrap().view::<i32>().unwrap()[row];
        assert_eq!(label, i32::from(path.starts_with(dir.path().join("Dog"))));
        if path.ends_with("Dog/2.jpg") {
            let image = x.index_axis(Axis(0), row);
            assert_eq!((image[[5, 7, 0]], image[[5, 7, 1]], image[[5, 7, 2]]), (20.0, 56.0, 60.0));
        }
    }
    assert!(x.iter().all(|v| (0.0..=255.0).contains(v) && v.fract() == 0.0));
}

#[test]
fn shuffled_epochs_hold_the_same_images() {
    let dir = animals();
    let images = image_folder(dir.path()).unwrap().image_size(4, 4).batch_size(20).all().unwrap();
    let order = |epoch| images.epoch(epoch).unwrap().next().unwrap().unwrap();
    let (first, second) = (order(0), order(1));
    assert_ne!(first, second);
    assert_eq!(first, order(0));
    assert_eq!(first.y.unwrap().to_i32().sum(), second.y.unwrap().to_i32().sum());
}

#[test]
fn label_and_color_modes() {
    let dir = animals();
    let images = image_folder(dir.path()).unwrap().image_size(6, 5).batch_size(20).shuffle(false);
    let labels = |mode: &str| all(&images.clone().label_mode(mode).all().unwrap()).remove(0).y;
    let binary = labels("binary").unwrap();
    assert_eq!((binary.shape(), binary.to_f32().sum()), (&[20, 1][..], 8.0));
    let categorical = labels("categorical").unwrap();
    assert_eq!(categorical.shape(), [20, 2]);
    assert_eq!(categorical.to_f32().sum_axis(Axis(0)).into_raw_vec_and_offset().0, [12.0, 8.0]);
    assert_eq!(labels("none"), None);
    let grey = images.clone().color_mode("grayscale").all().unwrap();
    assert_eq!(grey.element_shape().unwrap(), [None, Some(6), Some(5), Some(1)]);
    let swapped = images.clone().class_names(["Dog", "Cat"]).all().unwrap();
    assert_eq!(swapped.class_counts(), [8, 12]);
    let single = images.clone().batch_size(None).all().unwrap();
    assert_eq!((single.cardinality(), single.is_batched()), (Some(20), false));
    for (images, near) in [
        (images.clone().label_mode("categoricl"), "categorical"),
        (images.clone().color_mode("greyscale"), "grayscale"),
        (images.clone().class_names(["Dgo", "Cat"]), "Dog"),
    ] {
        let error = images.all().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownName);
        assert!(error.to_string().contains(&format!("did you mean `{near}`?")), "{error}");
    }
}

#[test]
fn bad_files_are_skipped_with_a_reason_before_anything_is_counted() {
    let dir = animals();
    let bad = damage(dir.path());
    let images = image_folder(dir.path()).unwrap().image_size(8, 8).validation_split(0.25).all().unwrap();
    assert_eq!((images.file_count(), images.skipped().len()), (20, bad));
    assert!(images.summary().starts_with("Found 26 files belonging to 2 classes.\nSkipped 6 files"));
    let reasons: Vec<(String, &str)> = images
        .skipped()
        .iter()
        .map(|bad| (bad.path.file_name().unwrap().to_str().unwrap().to_string(), bad.reason.as_str()))
        .collect();
    let starts = ["is a truncated JPEG", "is empty", "is HTML or XML", "is a GIF", "is in no known", "is text"];
    for ((name, reason), start) in reasons.iter().zip(starts) {
        assert!(reason.starts_with(start), "{name} {reason}");
    }
}

#[test]
fn bad_files_are_errors_when_asked_for() {
    let dir = animals();
    damage(dir.path());
    for workers in [1, 2, 5] {
        let images = image_folder(dir.path()).unwrap().image_size(8, 8).on_bad_image(Bad::Fail).workers(workers);
        let error = images.all().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Format);
        assert!(error.place().path.as_ref().unwrap().ends_with("Cat/cut.jpg"), "{error}");
    }
}

#[test]
fn neither_workers_nor_cache_change_a_bit() {
    let dir = animals();
    damage(dir.path());
    let images = |workers, cache| {
        let folder = image_folder(dir.path()).unwrap().image_size(11, 7).batch_size(6).validation_split(0.3).seed(2);
        folder.workers(workers).cache(cache).training().unwrap()
    };
    let expected = all(&images(1, true));
    assert_eq!(images(1, false).cache_bytes(), 0);
    for (workers, cache) in [(3, true), (1, false), (4, false)] {
        let images = images(workers, cache);
        assert_eq!(all(&images), expected);
        let ahead: Vec<Batch> = images.prefetch(3).iter().unwrap().map(Result::unwrap).collect();
        assert_eq!(ahead, expected);
    }
}

#[test]
fn a_file_that_goes_away_is_an_error_with_its_path() {
    let dir = animals();
    let images = image_folder(dir.path()).unwrap().image_size(8, 8).shuffle(false).cache(false).all().unwrap();
    std::fs::remove_file(dir.path().join("Cat/3.jpg")).unwrap();
    let error = images.peek().unwrap_err();
    assert!(error.place().path.as_ref().unwrap().ends_with("Cat/3.jpg"), "{error}");
}

#[test]
fn folders_that_will_not_do() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    assert_eq!(image_folder(root.join("absent")).unwrap_err().kind(), ErrorKind::NotFound);
    put(root, "a.jpg", &encoded(1, ImageFormat::Jpeg));
    assert_eq!(image_folder(root.join("a.jpg")).unwrap_err().kind(), ErrorKind::NotFound);
    let error = |root: &Path| image_folder(root).unwrap().image_size(4, 4).all().unwrap_err();
    assert!(error(root).to_string().contains("found no subfolder and 1 files"), "{}", error(root));
    put(root, "Cat/1.jpg", &encoded(1, ImageFormat::Jpeg));
    assert!(error(root).to_string().contains("found one, `Cat`"), "{}", error(root));
    let unlabelled = image_folder(root).unwrap().image_size(4, 4).label_mode("none").all().unwrap();
    assert_eq!((unlabelled.file_count(), unlabelled.summary().as_str()), (2, "Found 2 files."));
    std::fs::create_dir(root.join("Dog")).unwrap();
    assert!(error(root).to_string().contains("class `Dog` has no files"), "{}", error(root));
    put(root, "Dog/1.jpg", b"woof");
    assert!(error(root).to_string().contains("none of 1 files"), "{}", error(root));
    put(root, "Dog/2.jpg", &encoded(2, ImageFormat::Png));
    let images = image_folder(root).unwrap().image_size(4, 4);
    assert_eq!(images.all().unwrap().file_count(), 2);
    assert_eq!(images.training().unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(images.clone().validation_split(1.5).training().unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(images.clone().validation_split(0.1).training().unwrap_err().kind(), ErrorKind::Empty);
    assert_eq!(images.clone().image_size(0, 4).all().unwrap_err().kind(), ErrorKind::Argument);
    assert_eq!(images.clone().batch_size(0).all().unwrap().iter().err().unwrap().kind(), ErrorKind::Argument);
    assert_eq!(images.clone().cache_limit(10).all().unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(images.max_pixels(10).all().unwrap_err().kind(), ErrorKind::Empty);
}
