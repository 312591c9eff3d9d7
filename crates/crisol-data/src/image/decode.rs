//! From the bytes of a file to pixels: JPEG, PNG and BMP, told by content whatever the file is called.
//!
//! The size is known and checked before any pixel is allocated, and a file cut anywhere is refused; each codec says beside it what that
//! takes. Bytes after the end of the image are allowed. Orientation tags are ignored, as Keras does.

mod bmp;
mod jpeg;
mod png;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Pixels, row by row, channels innermost.
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<u8>,
}

/// A codec: the bytes of a file, the channels wanted (1 or 3) and the most pixels allowed.
type Decode = fn(&[u8], usize, usize) -> Result<Pixels, String>;

/// Decodes to 3 channels (RGB) or 1 (grey). The error says what the file is, or what is wrong with it.
pub(crate) fn decode(bytes: &[u8], channels: usize, max_pixels: usize) -> Result<Pixels, String> {
    let decode = sniff(bytes)?;
    // Codecs meet hostile bytes here; a panic of theirs is one bad file, not the end of the caller.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(bytes, channels, max_pixels)));
    decoded.unwrap_or_else(|_| Err("is an image that the decoder cannot stand".to_string()))
}

/// The codec, from the first bytes; the error names formats that are recognised and not decoded.
fn sniff(bytes: &[u8]) -> Result<Decode, String> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let at = |offset: usize, magic: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let what = match bytes {
        [] => "is empty",
        _ if starts(&[0xff, 0xd8, 0xff]) => return Ok(jpeg::decode),
        _ if starts(b"\x89PNG\r\n\x1a\n") => return Ok(png::decode),
        // "BM" alone is two letters; the reserved fields that follow the size are zero.
        _ if starts(b"BM") && at(6, &[0; 4]) => return Ok(bmp::decode),
        _ if starts(b"GIF8") => "is a GIF, which is not supported",
        _ if starts(b"RIFF") && at(8, b"WEBP") => "is a WebP, which is not supported",
        _ if starts(b"II*\0") || starts(b"MM\0*") => "is a TIFF, which is not supported",
        _ if at(4, b"ftyp") => "is a HEIC, AVIF or MP4, which is not supported",
        _ if starts(b"%PDF") => "is a PDF, not an image",
        _ if bytes.iter().all(|&byte| byte == 0) => "holds nothing but zeros",
        _ => return Err(text(bytes).unwrap_or_else(|| unknown(bytes))),
    };
    Err(what.to_string())
}

fn text(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(512)];
    let printable = |&byte: &u8| byte >= 0x20 && byte != 0x7f || matches!(byte, b'\t' | b'\n' | b'\r');
    if !head.iter().all(printable) {
        return None;
    }
    // A character cut by the end of `head` is no objection.
    match std::str::from_utf8(head) {
        Err(error) if error.error_len().is_some() => return None,
        _ => {}
    }
    let first = head.trim_ascii_start().first();
    Some(if first == Some(&b'<') { "is HTML or XML, not an image" } else { "is text, not an image" }.to_string())
}

fn unknown(bytes: &[u8]) -> String {
    let head: Vec<String> = bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("is in no known image format (it begins with {})", head.join(" "))
}

fn check_size(width: usize, height: usize, max_pixels: usize) -> Result<(), String> {
    if width == 0 || height == 0 {
        return Err(format!("has no pixels ({width} x {height})"));
    }
    match width.checked_mul(height) {
        Some(pixels) if pixels <= max_pixels => Ok(()),
        _ => Err(format!("is too large: {width} x {height}, at most {max_pixels} pixels are decoded")),
    }
}

/// From `given` channels (grey or RGB, an alpha after either is dropped) to 1 or 3.
fn into_channels(values: Vec<u8>, given: usize, wanted: usize) -> Vec<u8> {
    let pixels = values.chunks_exact(given);
    match (given, wanted) {
        (1, 1) | (3, 3) => values,
        (2, 1) => pixels.map(|p| p[0]).collect(),
        (1 | 2, _) => pixels.flat_map(|p| [p[0]; 3]).collect(),
        (_, 1) => pixels.map(|p| grey([p[0], p[1], p[2]])).collect(),
        _ => pixels.flat_map(|p| [p[0], p[1], p[2]]).collect(),
    }
}

/// ITU-R BT.601 luma, the weights of JPEG.
fn grey([r, g, b]: [u8; 3]) -> u8 {
    let sum = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
    ((sum + 500) / 1000) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, ImageFormat, RgbImage};
    use std::io::Cursor;

    const MAX: usize = 1 << 26;

    fn picture() -> DynamicImage {
        RgbImage::from_fn(37, 23, |x, y| image::Rgb([(x * 6) as u8, (y * 11) as u8, ((x * y) % 256) as u8])).into()
    }

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        picture().write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    fn reason(bytes: &[u8]) -> String {
        decode(bytes, 3, MAX).err().expect("this is not an image")
    }

    #[test]
    fn lossless_formats_come_back_exactly() {
        for format in [ImageFormat::Png, ImageFormat::Bmp] {
            let pixels = decode(&encoded(format), 3, MAX).unwrap();
            assert_eq!((pixels.width, pixels.height), (37, 23));
            assert_eq!(pixels.values, picture().into_rgb8().into_raw());
        }
    }

    #[test]
    fn every_kind_of_samples_is_read() {
        let kinds: [(&str, DynamicImage); 6] = [
            ("grey", picture().into_luma8().into()),
            ("grey and alpha", picture().into_luma_alpha8().into()),
            ("alpha", picture().into_rgba8().into()),
            ("16 bits", picture().into_rgb16().into()),
            ("16 bits, grey", picture().into_luma16().into()),
            ("16 bits, alpha", picture().into_rgba16().into()),
        ];
        for (kind, image) in kinds {
            let mut out = Cursor::new(Vec::new());
            image.write_to(&mut out, ImageFormat::Png).unwrap();
            let rgb = decode(out.get_ref(), 3, MAX).unwrap_or_else(|error| panic!("{kind}: {error}"));
            // Of 16 bits the high byte.
            let expected: Vec<u8> = match image.color().bytes_per_pixel() / image.color().channel_count() {
                1 => image.to_rgb8().into_raw(),
                _ => image.to_rgb16().iter().map(|&sample| (sample >> 8) as u8).collect(),
            };
            assert_eq!(rgb.values, expected, "{kind}");
            let one = decode(out.get_ref(), 1, MAX).unwrap();
            let expected: Vec<u8> = rgb.values.chunks_exact(3).map(|p| grey([p[0], p[1], p[2]])).collect();
            assert_eq!(one.values, expected, "{kind}");
        }
    }

    #[test]
    fn jpeg_comes_back_nearly_in_both_color_modes() {
        let bytes = encoded(ImageFormat::Jpeg);
        let original = picture().into_rgb8().into_raw();
        let rgb = decode(&bytes, 3, MAX).unwrap().values;
        let error: f64 = rgb.iter().zip(&original).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum();
        assert!(error / (rgb.len() as f64) < 12.0);
        let luma = decode(&bytes, 1, MAX).unwrap().values;
        assert_eq!(luma.len(), 37 * 23);
        for (grey_value, pixel) in luma.iter().zip(rgb.chunks_exact(3)) {
            // Clipping of saturated colours keeps the two from agreeing exactly.
            assert!(grey_value.abs_diff(grey([pixel[0], pixel[1], pixel[2]])) <= 12);
        }
    }

    #[test]
    fn a_grey_jpeg_gives_three_equal_channels() {
        let mut out = Cursor::new(Vec::new());
        DynamicImage::from(picture().into_luma8()).write_to(&mut out, ImageFormat::Jpeg).unwrap();
        let rgb = decode(out.get_ref(), 3, MAX).unwrap().values;
        let luma = decode(out.get_ref(), 1, MAX).unwrap().values;
        assert!(rgb.chunks_exact(3).zip(&luma).all(|(pixel, &v)| pixel == [v; 3]));
        assert_eq!(luma.len(), 37 * 23);
    }

    #[test]
    fn a_file_cut_anywhere_is_refused() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Bmp] {
            let bytes = encoded(format);
            for end in 0..bytes.len() {
                assert!(decode(&bytes[..end], 3, MAX).is_err(), "{format:?} cut to {end} of {}", bytes.len());
            }
        }
    }

    #[test]
    fn strangers_are_named() {
        assert_eq!(reason(b""), "is empty");
        assert_eq!(reason(b"<!DOCTYPE html><html></html>"), "is HTML or XML, not an image");
        assert_eq!(reason("sin imagen: ñandú".as_bytes()), "is text, not an image");
        assert_eq!(reason(b"BMW, a car"), "is text, not an image");
        assert_eq!(reason(&[0; 64]), "holds nothing but zeros");
        assert!(reason(&encoded(ImageFormat::Gif)).starts_with("is a GIF"));
        assert!(reason(&[1, 2, 3]).contains("begins with 01 02 03"));
    }

    #[test]
    fn a_bomb_is_refused_by_its_header() {
        assert!(decode(&encoded(ImageFormat::Jpeg), 3, 37 * 23).is_ok());
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Bmp] {
            let error = decode(&encoded(format), 3, 37 * 23 - 1).err().unwrap();
            assert!(error.contains("37 x 23"), "{error}");
        }
        // A PNG that claims 60,000 x 60,000 pixels in its header (the checksum belongs to the claim).
        let mut bomb = encoded(ImageFormat::Png);
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert!(reason(&bomb).contains("60000 x 60000"), "{}", reason(&bomb));
    }

    #[test]
    fn damaged_bytes_never_panic() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Bmp] {
            let bytes = encoded(format);
            for place in 0..bytes.len() {
                for value in [0, 0xff, bytes[place] ^ 0x55] {
                    let mut damaged = bytes.clone();
                    damaged[place] = value;
                    if let Ok(pixels) = decode(&damaged, 3, 1 << 16) {
                        assert_eq!(pixels.values.len(), pixels.width * pixels.height * 3);
                    }
                }
            }
        }
    }
}
