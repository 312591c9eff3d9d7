//! The idx format of MNIST: a magic number that names element type and number of axes, the length of each axis, the values; all big-endian,
//! plain or gzipped.

use crate::{Array, Element, Error, ErrorKind, Result};
use flate2::read::MultiGzDecoder;
use ndarray::{ArrayD, IxDyn};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Content beyond this many bytes is refused.
const MAX_BYTES: u64 = 1 << 32;
/// A deflate stream holds at most this many bytes for each of its own.
const MAX_INFLATION: u64 = 1032;

/// Reads an idx file; gzip is told by content.
///
/// Unsigned bytes, 32-bit integers and floats keep their type, signed bytes and 16-bit integers become int32.
///
/// ```
/// let path = std::env::temp_dir().join("crisol-data-doc-example.idx");
/// std::fs::write(&path, [0, 0, 0x08, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9]).unwrap();   // bytes, 2 axes: 1 x 3
/// assert_eq!(crisol_data::read_idx(&path)?.shape(), [1, 3]);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), crisol_data::Error>(())
/// ```
///
/// # Errors
/// A file that cannot be read, is no idx file, ends too early, or goes on after its values. Sizes are checked before memory is
/// taken.
pub fn read_idx(path: impl AsRef<Path>) -> Result<Array> {
    let path = path.as_ref();
    read(path).map_err(|error| error.at_path(path))
}

fn read(path: &Path) -> Result<Array> {
    let io = |error| Error::io(path, error);
    let mut file = BufReader::new(File::open(path).map_err(io)?);
    let size = file.get_ref().metadata().map_err(io)?.len();
    let packed = std::io::BufRead::fill_buf(&mut file).map_err(io)?.starts_with(&[0x1f, 0x8b]);
    if packed {
        parse(&mut MultiGzDecoder::new(file), size.saturating_mul(MAX_INFLATION), &io)
    } else {
        parse(&mut file, size, &io)
    }
}

/// `room` is the most bytes that can come; a header that promises more is wrong.
fn parse(content: &mut dyn Read, room: u64, io: &dyn Fn(std::io::Error) -> Error) -> Result<Array> {
    let mut magic = [0; 4];
    content.read_exact(&mut magic).map_err(io)?;
    let [0, 0, kind, axes] = magic else {
        let head: Vec<String> = magic.iter().map(|byte| format!("{byte:02x}")).collect();
        let message = format!("expected an idx file, which begins with 00 00, given {}", head.join(" "));
        return Err(Error::new(ErrorKind::Format, message).at_byte(0));
    };
    let width = match kind {
        0x08 | 0x09 => 1,
        0x0b => 2,
        0x0c | 0x0d => 4,
        0x0e => 8,
        _ => {
            let message = format!("expected an idx element type 08, 09, 0b, 0c, 0d or 0e, given {kind:02x}");
            return Err(Error::new(ErrorKind::Format, message).at_byte(2));
        }
    };
    let mut shape = Vec::with_capacity(usize::from(axes));
    for _ in 0..axes {
        let mut length = [0; 4];
        content.read_exact(&mut length).map_err(io)?;
        shape.push(u32::from_be_bytes(length) as usize);
    }
    let header = 4 + 4 * u64::from(axes);
    let bytes = shape.iter().try_fold(width, |bytes: u64, &length| bytes.checked_mul(length as u64));
    let bytes = bytes.filter(|&bytes| bytes <= MAX_BYTES).ok_or_else(|| {
        Error::new(ErrorKind::Limit, format!("the header says {shape:?}, at most {MAX_BYTES} bytes are read"))
            .at_byte(4)
    })?;
    // ndarray wants the product of the axes that are not 0 to be countable.
    let countable = shape.iter().filter(|&&length| length > 0).try_fold(8_usize, |n, &length| n.checked_mul(length));
    if countable.is_none_or(|n| isize::try_from(n).is_err()) {
        return Err(Error::new(ErrorKind::Limit, format!("the header says {shape:?}, which is not a shape")).at_byte(4));
    }
    if bytes > room.saturating_sub(header) {
        let message = format!(
            "the header says {shape:?}, so {bytes} bytes of values; the file cannot hold more than {}",
            room.saturating_sub(header)
        );
        return Err(Error::new(ErrorKind::Truncated, message).at_byte(4));
    }
    let mut values = Vec::new();
    // One byte more than expected shows what trails, and makes gzip check its sum.
    content.take(bytes + 1).read_to_end(&mut values).map_err(io)?;
    let given = values.len() as u64;
    if given < bytes {
        let message = format!("the header says {shape:?}, so {bytes} bytes of values; the file ends after {given}");
        return Err(Error::new(ErrorKind::Truncated, message).at_byte(header + given));
    }
    if given > bytes {
        let message = format!("bytes follow the {bytes} that the header's {shape:?} says");
        return Err(Error::new(ErrorKind::Format, message).at_byte(header + bytes));
    }
    match kind {
        0x08 => array(&shape, values),
        0x09 => array(&shape, values.iter().map(|&v| i32::from(v as i8)).collect()),
        0x0b => array(&shape, numbers(&values, |v| i32::from(i16::from_be_bytes(v)))),
        0x0c => array(&shape, numbers(&values, i32::from_be_bytes)),
        0x0d => array(&shape, numbers(&values, f32::from_be_bytes)),
        _ => array(&shape, numbers(&values, f64::from_be_bytes)),
    }
}

fn numbers<const N: usize, T>(bytes: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|&chunk| number(chunk)).collect()
}

fn array<T: Element>(shape: &[usize], values: Vec<T>) -> Result<Array> {
    let array = ArrayD::from_shape_vec(IxDyn(shape), values);
    array.map(T::wrap).map_err(|error| Error::new(ErrorKind::Shape, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;
    use std::io::Write;

    fn file(kind: u8, shape: &[u32], values: &[u8]) -> Vec<u8> {
        let mut out = vec![0, 0, kind, shape.len() as u8];
        shape.iter().for_each(|n| out.extend(n.to_be_bytes()));
        out.extend(values);
        out
    }

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn read_bytes(bytes: &[u8]) -> Result<Array> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read_idx(file.path())
    }

    #[test]
    fn every_type_plain_and_gzipped() {
        let cases = [
            (file(0x08, &[1, 2], &[1, 255]), Array::from(arr2(&[[1_u8, 255]]))),
            (file(0x09, &[1, 2], &[1, 255]), Array::from(arr2(&[[1_i32, -1]]))),
            (file(0x0b, &[1, 2], &[1, 0, 255, 254]), Array::from(arr2(&[[256_i32, -2]]))),
            (file(0x0c, &[1, 1], &[0, 0, 1, 0]), Array::from(arr2(&[[256_i32]]))),
            (file(0x0d, &[1, 1], &1.5_f32.to_be_bytes()), Array::from(arr2(&[[1.5_f32]]))),
            (file(0x0e, &[1, 1], &(-2.5_f64).to_be_bytes()), Array::from(arr2(&[[-2.5_f64]]))),
            (file(0x08, &[0, 28, 28], &[]), Array::from(ndarray::Array3::<u8>::zeros((0, 28, 28)))),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read_bytes(&bytes).unwrap(), expected);
            assert_eq!(read_bytes(&zipped(&bytes)).unwrap(), expected);
        }
    }

    #[test]
    fn cut_at_any_byte_it_is_an_error() {
        let plain = file(0x08, &[5, 4], &[9; 20]);
        for bytes in [plain.clone(), zipped(&plain)] {
            for end in 0..bytes.len() {
                let error = read_bytes(&bytes[..end]).unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Truncated), "{end} of {}: {error}", bytes.len());
            }
        }
    }

    #[test]
    fn what_trails_and_what_is_damaged_is_an_error() {
        let plain = file(0x08, &[2, 2], &[1, 2, 3, 4]);
        let mut trailing = plain.clone();
        trailing.push(0);
        for bytes in [trailing.clone(), zipped(&trailing)] {
            let error = read_bytes(&bytes).unwrap_err();
            assert_eq!((error.kind(), error.place().byte), (ErrorKind::Format, Some(16)));
        }
        let mut after = zipped(&plain);
        after.extend(b"more");
        assert!(read_bytes(&after).is_err());
        let mut sum = zipped(&plain);
        let place = sum.len() - 8;
        sum[place] ^= 1;
        assert!(read_bytes(&sum).is_err());
        assert_eq!(read_bytes(b"P6 image").unwrap_err().place().byte, Some(0));
        assert_eq!(read_bytes(&file(0x07, &[1], &[1])).unwrap_err().place().byte, Some(2));
    }

    #[test]
    fn promises_of_memory_are_checked_first() {
        for shape in [&[u32::MAX, u32::MAX, u32::MAX][..], &[1 << 31, 4], &[u32::MAX; 200], &[1 << 30]] {
            for bytes in [file(0x08, shape, &[1]), zipped(&file(0x08, shape, &[1]))] {
                let error = read_bytes(&bytes).unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Limit | ErrorKind::Truncated), "{error}");
            }
        }
        // A zero among huge axes has no values, and still no shape.
        let error = read_bytes(&file(0x08, &[0, u32::MAX, u32::MAX, u32::MAX], &[])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
    }
}
