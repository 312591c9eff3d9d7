//! From the bytes of a file to pixels: JPEG, PNG and BMP, told by content whatever the file is called.
//!
//! The size is known and checked before any pixel is allocated. A file cut anywhere is refused: JPEG is decoded in strict mode (the usual
//! lenient one paints the missing part grey), and as the codecs do not ask for it, a JPEG must reach its EOI marker and a PNG its IEND
//! chunk. Bytes after that are allowed. Damage inside that still decodes cannot be told in a JPEG, which has no checksum.
//! Orientation tags are ignored, as Keras does.

use image::{ImageDecoder, ImageFormat};
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

/// Pixels, row by row, channels innermost.
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<u8>,
}

/// Decodes to 3 channels (RGB) or 1 (grey). The error says what the file is, or what is wrong with it.
pub(crate) fn decode(bytes: &[u8], channels: usize, max_pixels: usize) -> Result<Pixels, String> {
    let format = sniff(bytes)?;
    // Codecs meet hostile bytes here; a panic of theirs is one bad file, not the end of the caller.
    let decoded = catch_unwind(AssertUnwindSafe(|| match format {
        ImageFormat::Jpeg if !reaches_eoi(bytes) => Err("is a truncated JPEG".to_string()),
        ImageFormat::Jpeg => jpeg(bytes, channels, max_pixels),
        ImageFormat::Png if !reaches_iend(bytes) => Err("is a truncated PNG".to_string()),
        other => lossless(bytes, other, channels, max_pixels),
    }));
    decoded.unwrap_or_else(|_| Err("is an image that the decoder cannot stand".to_string()))
}

/// The format, from the first bytes; the error names formats that are recognised and not decoded.
fn sniff(bytes: &[u8]) -> Result<ImageFormat, String> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    let at = |offset: usize, magic: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let what = match bytes {
        [] => "is empty",
        _ if starts(&[0xff, 0xd8, 0xff]) => return Ok(ImageFormat::Jpeg),
        _ if starts(b"\x89PNG\r\n\x1a\n") => return Ok(ImageFormat::Png),
        // "BM" alone is two letters; the reserved fields that follow the size are zero.
        _ if starts(b"BM") && at(6, &[0; 4]) => return Ok(ImageFormat::Bmp),
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

fn jpeg(bytes: &[u8], channels: usize, max_pixels: usize) -> Result<Pixels, String> {
    let broken = |error| format!("is a broken or truncated JPEG ({error:?})");
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().ok_or("is a JPEG without a size")?;
    check_size(width, height, max_pixels)?;
    // Grey is the luma plane as stored, where there is one.
    let luma = matches!(decoder.input_colorspace(), Some(ColorSpace::YCbCr | ColorSpace::Luma));
    let out = if channels == 1 && luma { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(out));
    let values = decoder.decode().map_err(broken)?;
    let given = values.len() / (width * height);
    let values = match (given, channels) {
        _ if values.len() != width * height * given => return Err("is a JPEG of the wrong length".to_string()),
        (3, 1) => values.chunks_exact(3).map(|p| grey([p[0], p[1], p[2]])).collect(),
        (1, 3) => values.iter().flat_map(|&v| [v; 3]).collect(),
        (given, wanted) if given == wanted => values,
        (given, _) => return Err(format!("is a JPEG with {given} channels")),
    };
    Ok(Pixels { width, height, values })
}

/// ITU-R BT.601 luma, the weights of JPEG.
fn grey([r, g, b]: [u8; 3]) -> u8 {
    let sum = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
    ((sum + 500) / 1000) as u8
}

/// PNG and BMP; an alpha channel is dropped, 16-bit samples are rounded to 8.
fn lossless(bytes: &[u8], format: ImageFormat, channels: usize, max_pixels: usize) -> Result<Pixels, String> {
    let name = if format == ImageFormat::Png { "PNG" } else { "BMP" };
    let broken = |error: image::ImageError| format!("is a broken or truncated {name} ({error})");
    let mut reader = image::ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    // Up to 8 bytes a pixel, and as much again for the codec.
    limits.max_alloc = Some((max_pixels as u64).saturating_mul(16));
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    check_size(width, height, max_pixels)?;
    let decoded = image::DynamicImage::from_decoder(decoder).map_err(broken)?.into_rgb8().into_raw();
    let values =
        if channels == 1 { decoded.chunks_exact(3).map(|p| grey([p[0], p[1], p[2]])).collect() } else { decoded };
    Ok(Pixels { width, height, values })
}

/// Follows the markers of a JPEG: segments carry their length, the coded data after a start of scan lasts until a byte 0xff that is neither
/// stuffed (0x00 follows) nor a restart marker. So the end of a thumbnail inside a segment is not taken for that of the file.
fn reaches_eoi(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[first, marker]) = bytes.get(at..at + 2) {
        at += match (first, marker) {
            (0xff, 0xd9) => return true,
            // Coded data, fill bytes, and markers without a segment.
            (0xff, 0x00 | 0x01 | 0xd0..=0xd8) => 2,
            (0xff, 0xff) => 1,
            (0xff, _) => match bytes.get(at + 2..at + 4) {
                Some(&[high, low]) => 2 + usize::from(u16::from_be_bytes([high, low])),
                _ => return false,
            },
            _ => 1,
        };
    }
    false
}

/// Follows the chunks of a PNG: length (4 bytes), name (4), content, checksum (4).
fn reaches_iend(bytes: &[u8]) -> bool {
    let mut rest = &bytes[8.min(bytes.len())..];
    while let Some((&length, after)) = rest.split_first_chunk::<4>() {
        let end = (u32::from_be_bytes(length) as usize).saturating_add(8);
        if after.len() < end {
            return false;
        }
        if after.starts_with(b"IEND") {
            return true;
        }
        rest = &after[end..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{DynamicImage, RgbImage};

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
            assert_eq!(rgb.values, image.to_rgb8().into_raw(), "{kind}");
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
