//! The real files, where they are: set `CRISOL_DATA_DIR` to a folder with `petimages`, `petimages-odd`, `mnist` and `california-housing`.
#![allow(clippy::unwrap_used)]

use crisol_data::{datasets, image_folder, read_csv};
use std::path::PathBuf;
use std::time::Instant;

fn data(name: &str) -> Option<PathBuf> {
    match std::env::var_os("CRISOL_DATA_DIR") {
        Some(dir) => Some(PathBuf::from(dir).join(name)),
        None => {
            println!("SKIPPED: {name} was not read, CRISOL_DATA_DIR is not set");
            None
        }
    }
}

#[test]
fn petimages() {
    let Some(dir) = data("petimages/PetImages") else { return };
    let start = Instant::now();
    let images = image_folder(dir).unwrap().image_size(204, 204).validation_split(0.2).seed(99);
    let train = images.training().unwrap();
    let scanned = start.elapsed();
    println!("{}\nscanned in {scanned:?}, {} bytes kept", train.summary(), train.cache_bytes());
    assert_eq!((train.skipped(), train.file_count(), images.validation().unwrap().file_count()), (&[][..], 1600, 400));
    let start = Instant::now();
    let count: usize = train.prefetch(2).iter().unwrap().map(|batch| batch.unwrap().len()).sum();
    println!("an epoch from the cache: {:?}", start.elapsed());
    assert_eq!(count, 1600);
}

#[test]
fn petimages_odd_all_decode() {
    let Some(dir) = data("petimages-odd/PetImages") else { return };
    for mode in ["rgb", "grayscale"] {
        let images = image_folder(&dir).unwrap().image_size(64, 64).color_mode(mode).all().unwrap();
        assert_eq!(images.skipped(), []);
        assert_eq!(images.file_count(), 176);
    }
}

#[test]
fn mnist() {
    let Some(dir) = data("mnist") else { return };
    let (train, test) = datasets::mnist(dir).unwrap();
    assert_eq!((train.x.shape(), test.x.shape()), (&[60_000, 28, 28][..], &[10_000, 28, 28][..]));
    let x = train.x.view::<u8>().unwrap();
    let mean = x.iter().map(|&v| f64::from(v)).sum::<f64>() / x.len() as f64 / 255.0;
    assert!((mean - 0.1307).abs() < 5e-5, "{mean}");
}

#[test]
fn housing() {
    let Some(dir) = data("california-housing") else { return };
    let table = read_csv(dir.join("housing.csv")).unwrap();
    assert_eq!((table.len(), table.columns().len()), (20_640, 10));
    let missing = table.numbers("total_bedrooms").unwrap().iter().filter(|v| v.is_nan()).count();
    assert_eq!(missing, 207);
    let (one_hot, categories) = table.one_hot("ocean_proximity").unwrap();
    assert_eq!((one_hot.shape(), categories.len()), (&[20_640, 5][..], 5));
    assert_eq!(table.to_array(&["median_income", "median_house_value"]).unwrap().shape(), [20_640, 2]);
}
