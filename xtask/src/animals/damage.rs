//! Files as they are found in the wild: most are plain JPEG, a few are broken, or not what their name says.
//!
//! The kinds are those of the well-known cats-and-dogs set: files that no decoder can read, files that hold
//! something other than a JPEG, and files that a careless filter throws away although they are fine.

use std::io;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, RgbImage};

use super::random::Rng;

/// What a file named `.jpg` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A JPEG with its JFIF marker.
    Jpeg,
    /// A JPEG without the JFIF marker: fine.
    NoJfif,
    /// A PNG: fine for readers that look at the content.
    Png,
    /// A BMP: fine for readers that look at the content.
    Bmp,
    /// No byte at all.
    Empty,
    /// A JPEG cut in the middle of its picture.
    Truncated,
    /// A JPEG that ends before its picture starts.
    Stub,
    /// A JPEG whose first bytes were overwritten.
    BadHeader,
    /// A JPEG with garbage in its middle.
    Garbage,
    /// A page that says the picture was not found.
    Html,
    /// A GIF.
    Gif,
}

impl Kind {
    /// Every kind, the plain one first.
    #[cfg(test)]
    #[cfg(test)]
    pub(super) const ALL: [Kind; 11] = [
        Kind::Jpeg,
        Kind::NoJfif,
        Kind::Png,
        Kind::Bmp,
        Kind::Empty,
        Kind::Truncated,
        Kind::Stub,
        Kind::BadHeader,
        Kind::Garbage,
        Kind::Html,
        Kind::Gif,
    ];

    /// The order in which odd files are dealt out; kinds that are commoner in the wild come twice.
    pub(super) const DEAL: [Kind; 12] = [
        Kind::NoJfif,
        Kind::Truncated,
        Kind::Bmp,
        Kind::Empty,
        Kind::Garbage,
        Kind::Png,
        Kind::Html,
        Kind::NoJfif,
        Kind::BadHeader,
        Kind::Gif,
        Kind::Truncated,
        Kind::Stub,
    ];

    /// The name used in manifests and reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Jpeg => "jpeg",
            Kind::NoJfif => "jpeg-without-jfif",
            Kind::Png => "png-named-jpg",
            Kind::Empty => "empty",
            Kind::Truncated => "truncated",
            Kind::Stub => "stub",
            Kind::BadHeader => "header-overwritten",
            Kind::Garbage => "garbage-inside",
            Kind::Html => "html-named-jpg",
            Kind::Gif => "gif-named-jpg",
            Kind::Bmp => "bmp-named-jpg",
        }
    }

    /// Whether a strict reader of JPEG, PNG and BMP, told by content, gets the picture.
    pub fn is_readable(self) -> bool {
        matches!(self, Kind::Jpeg | Kind::NoJfif | Kind::Png | Kind::Bmp)
    }
}

/// The bytes of a file of the given kind that holds, or once held, the picture.
///
/// # Errors
/// When an encoder refuses the picture (a side of 0 or beyond 65,535 pixels).
pub fn encode(picture: &RgbImage, kind: Kind, rng: &mut Rng) -> io::Result<Vec<u8>> {
    let quality = 78 + rng.below(17) as u8;
    Ok(match kind {
        Kind::Jpeg => jpeg(picture, quality)?,
        Kind::NoJfif => without_jfif(jpeg(picture, quality)?),
        Kind::Png => written(picture, ImageFormat::Png)?,
        Kind::Empty => Vec::new(),
        Kind::Truncated => {
            // Many decoders repair such a file in silence and hand out a picture with a grey lower half.
            let mut bytes = jpeg(picture, quality)?;
            let (tables, length) = (scan_start(&bytes), bytes.len());
            bytes.truncate(tables + (length - tables) / 4 + rng.below((length - tables) / 2));
            bytes
        }
        Kind::Stub => {
            let mut bytes = jpeg(picture, quality)?;
            let tables = scan_start(&bytes);
            bytes.truncate(tables / 4 + rng.below(tables / 2));
            bytes
        }
        Kind::BadHeader => {
            let mut bytes = jpeg(picture, quality)?;
            let spoiled = bytes.len().min(64);
            overwrite(&mut bytes[..spoiled], rng);
            bytes[0] = 0;
            bytes
        }
        Kind::Garbage => {
            // From within the tables into the compressed data: the start and the end look right.
            let mut bytes = jpeg(picture, quality)?;
            let (start, end) = (24, bytes.len() * 2 / 3);
            overwrite(&mut bytes[start..end], rng);
            bytes
        }
        Kind::Html => HTML.as_bytes().to_vec(),
        Kind::Gif => gif(picture),
        Kind::Bmp => written(picture, ImageFormat::Bmp)?,
    })
}

const HTML: &str = "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n\
<body><h1>Not Found</h1><p>The requested picture was not found on this server.</p></body></html>\n";

fn jpeg(picture: &RgbImage, quality: u8) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).map_err(io::Error::other)?;
    Ok(bytes)
}

fn written(picture: &RgbImage, format: ImageFormat) -> io::Result<Vec<u8>> {
    let mut bytes = io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

/// Removes the APP0 segment that follows the start marker.
fn without_jfif(bytes: Vec<u8>) -> Vec<u8> {
    match bytes[..] {
        [0xff, 0xd8, 0xff, 0xe0, high, low, ..] => {
            let next = (4 + usize::from(u16::from_be_bytes([high, low]))).min(bytes.len());
            [&bytes[..2], &bytes[next..]].concat()
        }
        _ => bytes,
    }
}

/// Where the start-of-scan marker stands (the end, if there is none).
fn scan_start(bytes: &[u8]) -> usize {
    bytes.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap_or(bytes.len())
}

fn overwrite(bytes: &mut [u8], rng: &mut Rng) {
    for byte in bytes {
        *byte = (rng.bits() >> 56) as u8;
    }
}

/// A GIF of 125 colours. With a code size of 7 bits and a clear code (128) at least every 126 pixels no code
/// ever grows beyond 8 bits, so every byte of the stream is a code.
fn gif(picture: &RgbImage) -> Vec<u8> {
    const LEVELS: u16 = 5;
    const CLEAR: u8 = 128;
    const END: u8 = 129;
    let level = |part: u8| (u16::from(part) * LEVELS / 256) as u8;
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    bytes.extend([0xf6, 0, 0]);
    for index in 0..128u8 {
        let color = [index / 25, index / 5 % 5, index % 5];
        bytes.extend(color.map(|part| part.min(4) * 63));
    }
    bytes.extend([0x2c, 0, 0, 0, 0]);
    bytes.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    bytes.extend([0, 7]);
    let pixels: Vec<u8> =
        picture.pixels().map(|pixel| 25 * level(pixel[0]) + 5 * level(pixel[1]) + level(pixel[2])).collect();
    let mut codes = Vec::new();
    for run in pixels.chunks(100) {
        codes.push(CLEAR);
        codes.extend_from_slice(run);
    }
    codes.push(END);
    for block in codes.chunks(255) {
        bytes.push(block.len() as u8);
        bytes.extend_from_slice(block);
    }
    bytes.extend([0, 0x3b]);
    bytes
}

#[cfg(test)]
pub(super) mod tests {
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::{bytestream::ZCursor, options::DecoderOptions};

    use super::super::picture;
    use super::super::species::Species;
    use super::*;

    fn file(kind: Kind, number: usize) -> Vec<u8> {
        let picture = picture::draw(5, Species::Cat, number, 128);
        encode(&picture, kind, &mut Rng::new(&[number as u64])).unwrap()
    }

    /// What a strict reader of JPEG, PNG and BMP does, whatever other formats `image` was built with.
    pub fn read(bytes: &[u8]) -> Result<RgbImage, String> {
        let format = image::guess_format(bytes).map_err(|error| error.to_string())?;
        if format == ImageFormat::Jpeg {
            let options = DecoderOptions::default().set_strict_mode(true);
            JpegDecoder::new_with_options(ZCursor::new(bytes), options)
                .decode()
                .map_err(|error| format!("{error:?}"))?;
        } else if !matches!(format, ImageFormat::Png | ImageFormat::Bmp) {
            return Err(format!("is a {format:?}"));
        }
        image::load_from_memory_with_format(bytes, format)
            .map(|image| image.to_rgb8())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn readable_kinds_decode_to_the_picture_and_the_others_fail() {
        for number in 0..12 {
            let picture = picture::draw(5, Species::Cat, number, 128);
            for kind in Kind::ALL {
                let decoded = read(&file(kind, number));
                let outcome = decoded.as_ref().err();
                assert_eq!(decoded.is_ok(), kind.is_readable(), "{kind:?} {number}: {outcome:?}");
                let Ok(decoded) = decoded else { continue };
                assert_eq!(decoded.dimensions(), picture.dimensions());
                let parts = decoded.iter().zip(picture.iter());
                let difference: u64 = parts.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
                assert!(difference < 12 * decoded.len() as u64, "{kind:?}: {difference}");
            }
        }
    }

    #[test]
    fn each_kind_is_damaged_in_its_own_way() {
        let jfif = |kind| file(kind, 1).get(6..10) == Some(b"JFIF");
        assert!(jfif(Kind::Jpeg) && jfif(Kind::Truncated) && jfif(Kind::Garbage));
        assert!(!jfif(Kind::NoJfif) && !jfif(Kind::BadHeader) && !jfif(Kind::Png));
        assert!(file(Kind::NoJfif, 1).starts_with(&[0xff, 0xd8, 0xff]));
        assert!(file(Kind::Garbage, 1).ends_with(&[0xff, 0xd9]));
        assert!(file(Kind::Empty, 1).is_empty());
        assert!(file(Kind::Html, 1).starts_with(b"<!DOCTYPE html>"));
        let scan = |kind| {
            let bytes = file(kind, 1);
            scan_start(&bytes) < bytes.len()
        };
        assert!(scan(Kind::Jpeg) && scan(Kind::Truncated) && !scan(Kind::Stub));
        assert!(file(Kind::Truncated, 1).len() < file(Kind::Jpeg, 1).len());
        let format = |kind| image::guess_format(&file(kind, 1)).ok();
        assert_eq!(format(Kind::Stub), Some(ImageFormat::Jpeg));
        assert_eq!(format(Kind::Png), Some(ImageFormat::Png));
        assert_eq!(format(Kind::Gif), Some(ImageFormat::Gif));
        assert_eq!(format(Kind::Bmp), Some(ImageFormat::Bmp));
        assert_eq!(format(Kind::BadHeader), None);
    }

    #[test]
    fn gif_holds_the_picture_in_few_colours() {
        let picture = picture::draw(5, Species::Cat, 1, 128);
        let decoded = image::load_from_memory_with_format(&gif(&picture), ImageFormat::Gif).unwrap().to_rgb8();
        assert_eq!(decoded.dimensions(), picture.dimensions());
        let parts = decoded.iter().zip(picture.iter());
        assert!(parts.into_iter().all(|(a, b)| a.abs_diff(*b) <= 52));
    }
}
