//! Well-known data sets, from a folder that holds their files.

use crate::{Array, Batch, Error, ErrorKind, Result, read_idx};
use ndarray::Axis;
use std::path::{Path, PathBuf};

/// MNIST, or any set in its layout (Fashion-MNIST, EMNIST digits): training and test images with their labels.
///
/// `x` is uint8 `[n, rows, columns]` (28 x 28), `y` uint8 `[n]`. Looks for the four files `train-images-idx3-ubyte`,
/// `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, also spelt with a dot before `idx`, also with `.gz`.
///
/// ```no_run
/// let (train, test) = crisol_data::datasets::mnist("data/mnist")?;
/// assert_eq!(train.x.shape(), [60_000, 28, 28]);
/// # Ok::<(), crisol_data::Error>(())
/// ```
///
/// # Errors
/// A file that is missing or wrong, images that are not `[n, rows, columns]` bytes, or another number of labels than of images.
pub fn mnist(dir: impl AsRef<Path>) -> Result<(Batch, Batch)> {
    let dir = dir.as_ref();
    Ok((part(dir, "train")?, part(dir, "t10k")?))
}

fn part(dir: &Path, name: &str) -> Result<Batch> {
    let (images, labels) = (find(dir, name, "images", 3)?, find(dir, name, "labels", 1)?);
    let (x, y) = (read(&images, 3)?, read(&labels, 1)?);
    if x.len_of(Axis(0)) != y.len_of(Axis(0)) {
        let message = format!("{} labels for the {} images of {}", y.len(), x.len_of(Axis(0)), images.display());
        return Err(Error::new(ErrorKind::Shape, message).at_path(&labels));
    }
    Ok(Batch::from((x, y)))
}

fn find(dir: &Path, part: &str, what: &str, axes: usize) -> Result<PathBuf> {
    let stem = format!("{part}-{what}");
    let names = ["-", "."].map(|dot| ["", ".gz"].map(|packed| format!("{stem}{dot}idx{axes}-ubyte{packed}"))).concat();
    let paths = names.iter().map(|name| dir.join(name));
    paths.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        let error = Error::new(ErrorKind::NotFound, format!("expected one of the files {}", names.join(", ")));
        error.at_path(dir).help("download the set and unpack it, or leave it gzipped, in this folder")
    })
}

fn read(path: &Path, axes: usize) -> Result<ndarray::ArrayD<u8>> {
    let array = read_idx(path)?;
    if !matches!(array, Array::U8(_)) || array.shape().len() != axes {
        let message = format!("expected bytes with {axes} axes, given {} {:?}", array.dtype(), array.shape());
        return Err(Error::new(ErrorKind::Shape, message).at_path(path));
    }
    array.try_into().map_err(|error: Error| error.at_path(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, shape: &[u32]) {
        let mut bytes = vec![0, 0, 8, shape.len() as u8];
        shape.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
        bytes.extend((0..shape.iter().product()).map(|n: u32| n as u8));
        std::fs::write(dir.join(name), bytes).unwrap();
    }

    #[test]
    fn both_spellings_are_found() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "train-images-idx3-ubyte", &[3, 2, 2]);
        write(dir.path(), "train-labels.idx1-ubyte", &[3]);
        write(dir.path(), "t10k-images.idx3-ubyte", &[2, 2, 2]);
        let error = mnist(dir.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("t10k-labels-idx1-ubyte.gz"), "{error}");
        write(dir.path(), "t10k-labels-idx1-ubyte", &[2]);
        let (train, test) = mnist(dir.path()).unwrap();
        assert_eq!((train.x.shape(), test.x.shape()), (&[3, 2, 2][..], &[2, 2, 2][..]));
        assert_eq!(train.y, Some(vec![0_u8, 1, 2].into()));
    }

    #[test]
    fn counts_and_axes_must_fit() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "train-images-idx3-ubyte", &[3, 2, 2]);
        write(dir.path(), "train-labels-idx1-ubyte", &[4]);
        let error = mnist(dir.path()).unwrap_err();
        assert!(error.to_string().contains("4 labels for the 3 images"), "{error}");
        write(dir.path(), "train-images-idx3-ubyte", &[3, 4]);
        let error = mnist(dir.path()).unwrap_err();
        assert!(error.to_string().contains("expected bytes with 3 axes, given uint8 [3, 4]"), "{error}");
    }
}
