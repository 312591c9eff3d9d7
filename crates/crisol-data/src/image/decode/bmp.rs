//! BMP of 8 (with a palette), 24 and 32 bits a pixel, not compressed: more than TensorFlow's `decode_bmp`, which as colours reads 24 bits.
//!
//! Read here, because the small crates that are maintained get some of these files wrong: zune-bmp refuses tiny ones, and takes the end of
//! a file for zeros; tinybmp does not see the masks that follow a short header.

use super::{Pixels, check_size, into_channels};

/// Bytes of the file's header; that of the picture follows.
const START: usize = 14;
/// Bytes of the picture's header that all later ones begin with; the older ones lay their fields out in another way.
const SHORT: usize = 40;
/// The values of "compression": none, and none with masks that tell where in a pixel the colours are.
const PLAIN: u32 = 0;
const MASKS: u32 = 3;

/// An alpha channel is dropped.
pub(super) fn decode(bytes: &[u8], channels: usize, max_pixels: usize) -> Result<Pixels, String> {
    let (pixels_at, header) = (number(bytes, 10)? as usize, number(bytes, START)? as usize);
    let (width, height) = (number(bytes, 18)? as i32, number(bytes, 22)? as i32);
    let (bits, compression) = (number(bytes, 28)? & 0xffff, number(bytes, 30)?);
    if header < SHORT {
        return Err(format!("is a BMP with a header of {header} bytes, which is not supported: {SHORT} and more are"));
    }
    match (bits, compression) {
        (8 | 24 | 32, PLAIN) | (32, MASKS) => {}
        (8 | 24 | 32, _) => return Err(format!("is a BMP of compression {compression}, which is not supported: 0 is")),
        _ => return Err(format!("is a BMP of {bits} bits a pixel, which is not supported: 8, 24 and 32 bits are")),
    }
    // Rows lie from bottom to top, unless the height is negative.
    let upwards = height > 0;
    let (width, height) = (usize::try_from(width).unwrap_or(0), height.unsigned_abs() as usize);
    check_size(width, height, max_pixels)?;
    let headers = header.saturating_add(START);
    if pixels_at < headers {
        return Err("is a BMP whose pixels lie inside of its header".to_string());
    }
    // A row is padded to 4 bytes.
    let step = bits as usize / 8;
    let row = width.checked_mul(step).and_then(|row| row.checked_next_multiple_of(4)).ok_or_else(truncated)?;
    let rows = bytes.get(pixels_at..).filter(|rows| rows.len() / row >= height).ok_or_else(truncated)?;
    let palette = bytes.get(headers..pixels_at).unwrap_or_default();
    if bits == 8 && palette.is_empty() {
        return Err("is a BMP without a palette".to_string());
    }
    // Where red, green and blue are among the bytes of a pixel, or of its entry in the palette.
    let places = if compression == MASKS { masks(bytes)? } else { [2, 1, 0] };
    let mut values = vec![0; width * height * 3];
    for (y, line) in values.chunks_exact_mut(width * 3).enumerate() {
        let y = if upwards { height - 1 - y } else { y };
        for (colours, pixel) in line.chunks_exact_mut(3).zip(rows[y * row..].chunks_exact(step)) {
            let entry = match *pixel {
                [index] => palette.get(4 * usize::from(index)..).unwrap_or_default(),
                _ => pixel,
            };
            for (colour, place) in colours.iter_mut().zip(places) {
                // What a palette does not have is black.
                *colour = entry.get(place).copied().unwrap_or_default();
            }
        }
    }
    Ok(Pixels { width, height, values: into_channels(values, 3, channels) })
}

/// Which byte of a pixel each mask means. They lie at the same place inside of a long header and after a short one.
fn masks(bytes: &[u8]) -> Result<[usize; 3], String> {
    let mut places = [0; 3];
    for (place, at) in places.iter_mut().zip([54, 58, 62]) {
        let mask = number(bytes, at)?;
        *place = (0..4)
            .find(|byte| mask == 0xff << (8 * byte))
            .ok_or("is a BMP with colours of more or less than 8 bits")?;
    }
    Ok(places)
}

fn number(bytes: &[u8], at: usize) -> Result<u32, String> {
    let field = bytes.get(at..).and_then(<[u8]>::first_chunk).ok_or_else(truncated)?;
    Ok(u32::from_le_bytes(*field))
}

fn truncated() -> String {
    "is a truncated BMP".to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How a BMP is laid out: bits a pixel, bytes of the header, and where in 32 bits red, green and blue are, if masks tell that.
    #[derive(Clone, Copy, Debug)]
    struct Kind {
        bits: u16,
        header: usize,
        shifts: Option<[u32; 3]>,
    }

    const KINDS: [Kind; 10] = [
        Kind { bits: 8, header: 40, shifts: None },
        Kind { bits: 24, header: 40, shifts: None },
        Kind { bits: 32, header: 40, shifts: None },
        Kind { bits: 8, header: 124, shifts: None },
        Kind { bits: 24, header: 108, shifts: None },
        Kind { bits: 32, header: 108, shifts: None },
        Kind { bits: 32, header: 40, shifts: Some([16, 8, 0]) },
        Kind { bits: 32, header: 108, shifts: Some([0, 8, 16]) },
        Kind { bits: 32, header: 124, shifts: Some([24, 16, 8]) },
        Kind { bits: 32, header: 124, shifts: Some([8, 24, 0]) },
    ];

    fn index(x: usize, y: usize) -> u8 {
        ((x * 37) ^ (y * 101) ^ (x * y)) as u8
    }

    fn colour(kind: Kind, x: usize, y: usize) -> [u8; 3] {
        let index = index(x, y);
        if kind.bits == 8 {
            return [index.wrapping_mul(3), 255 - index, index];
        }
        [index, index.wrapping_mul(5), index.wrapping_add(77)]
    }

    /// A BMP written by the book; a negative height for rows from top to bottom.
    fn file(kind: Kind, width: usize, height: i32) -> Vec<u8> {
        let mut out = b"BM\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        out.extend([(kind.header as u32).to_le_bytes(), (width as u32).to_le_bytes(), height.to_le_bytes()].concat());
        out.extend([1_u16.to_le_bytes(), kind.bits.to_le_bytes()].concat());
        out.extend(if kind.shifts.is_some() { MASKS } else { PLAIN }.to_le_bytes());
        out.resize(54, 0);
        let shifts = kind.shifts.unwrap_or([16, 8, 0]);
        let alpha = !shifts.iter().fold(0, |sum, shift| sum | 0xff_u32 << shift);
        if kind.shifts.is_some() {
            // Inside of a long header, after a short one.
            out.extend(shifts.map(|shift| (0xff_u32 << shift).to_le_bytes()).concat());
        }
        if kind.header > 40 {
            out.resize(66, 0);
            out.extend(alpha.to_le_bytes());
        }
        out.resize(out.len().max(14 + kind.header), 0);
        if kind.bits == 8 {
            out.extend((0..=255_u8).flat_map(|v| [v, 255 - v, v.wrapping_mul(3), 0]));
        }
        let pixels = out.len() as u32;
        out[10..14].copy_from_slice(&pixels.to_le_bytes());
        let rows = height.unsigned_abs() as usize;
        for row in 0..rows {
            let y = if height > 0 { rows - 1 - row } else { row };
            let mut line = Vec::new();
            for x in 0..width {
                let [r, g, b] = colour(kind, x, y);
                match kind.bits {
                    8 => line.push(index(x, y)),
                    24 => line.extend([b, g, r]),
                    _ => {
                        // The alpha is noise.
                        let start = (x as u32).wrapping_mul(0x9e37_79b9) & alpha;
                        let pixel = [r, g, b].iter().zip(shifts).fold(start, |sum, (&v, at)| sum | u32::from(v) << at);
                        line.extend(pixel.to_le_bytes());
                    }
                }
            }
            line.resize(line.len().next_multiple_of(4), 0xaa);
            out.extend(line);
        }
        out
    }

    #[test]
    fn every_kind_of_bmp_is_read() {
        for kind in KINDS {
            for (width, height) in [(1, 1_i32), (2, -3), (3, 4), (5, -5), (33, 19)] {
                let rows = height.unsigned_abs() as usize;
                let bytes = file(kind, width, height);
                let what = format!("{kind:?} {width} x {height}");
                let pixels = decode(&bytes, 3, 33 * 19).unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!((pixels.width, pixels.height), (width, rows), "{what}");
                let expected: Vec<u8> =
                    (0..rows).flat_map(|y| (0..width).flat_map(move |x| colour(kind, x, y))).collect();
                assert_eq!(pixels.values, expected, "{what}");
                // The files are what they should be.
                let other = image::load_from_memory(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(pixels.values, other.into_rgb8().into_raw(), "{what}");
                for end in 0..bytes.len() {
                    assert!(decode(&bytes[..end], 3, 33 * 19).is_err(), "{what} cut to {end} of {}", bytes.len());
                }
            }
        }
    }

    #[test]
    fn what_a_short_palette_does_not_have_is_black() {
        let mut bytes = file(KINDS[0], 2, 1);
        // Two colours are left, and the pixels follow them.
        bytes.drain(54 + 8..54 + 1024);
        bytes[10..14].copy_from_slice(&62_u32.to_le_bytes());
        bytes[62..64].copy_from_slice(&[1, 2]);
        assert_eq!(decode(&bytes, 3, 2).unwrap().values, [3, 254, 1, 0, 0, 0]);
    }

    #[test]
    fn other_kinds_are_named() {
        let reason = |at: usize, field: &[u8]| {
            // Large enough for any number of bits that is supported.
            let mut bytes = file(KINDS[0], 9, 9);
            bytes.resize(2000, 0);
            bytes[at..at + field.len()].copy_from_slice(field);
            decode(&bytes, 3, 100).err().unwrap()
        };
        for bits in [0, 1, 2, 4, 16, 64] {
            let expected = format!("is a BMP of {bits} bits a pixel, which is not supported: 8, 24 and 32 bits are");
            assert_eq!(reason(28, &[bits, 0]), expected);
        }
        for compression in [1, 3, 4, 5, 6, 255] {
            let expected = format!("is a BMP of compression {compression}, which is not supported: 0 is");
            assert_eq!(reason(30, &[compression, 0]), expected);
        }
        assert!(reason(14, &[12]).starts_with("is a BMP with a header of 12 bytes"));
        assert_eq!(reason(10, &[54, 0]), "is a BMP without a palette");
        assert_eq!(reason(10, &[53, 0]), "is a BMP whose pixels lie inside of its header");
        assert_eq!(reason(28, &[32, 0, 3]), "is a BMP with colours of more or less than 8 bits");
        assert!(reason(18, &(-3_i32).to_le_bytes()).starts_with("has no pixels"));
        assert!(reason(22, &i32::MIN.to_le_bytes()).starts_with("is too large: 9 x 2147483648"));
    }
}
