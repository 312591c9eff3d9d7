//! PNG. As the codec does not ask for it, the file must reach its IEND chunk.

use super::{Pixels, check_size, into_channels};
use png::{BitDepth, Decoder, DecodingError, Limits, Transformations};
use std::io::Cursor;

/// Palettes become colours, and fewer than 8 bits are spread to 8, exactly. Of 16 bits the high byte is taken: so does libpng's
/// `png_set_strip_16`, with which TensorFlow's `decode_png` gives uint8. An alpha channel is dropped.
pub(super) fn decode(bytes: &[u8], channels: usize, max_pixels: usize) -> Result<Pixels, String> {
    let broken = |error: DecodingError| format!("is a broken or truncated PNG ({error})");
    if !reaches_iend(bytes) {
        return Err("is a truncated PNG".to_string());
    }
    // What the codec itself may take, rows and the chunks before them: up to 8 bytes a pixel, and as much again.
    // For a palette there is room in any case.
    let limits = Limits { bytes: max_pixels.saturating_mul(16).max(1 << 16) };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    // Nobody asks for them, and they may be long once inflated.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(broken)?;
    let (width, height) = (header.width as usize, header.height as usize);
    check_size(width, height, max_pixels)?;
    let mut reader = decoder.read_info().map_err(broken)?;
    let mut values = vec![0; reader.output_buffer_size().ok_or("is a PNG too large for this machine")?];
    let frame = reader.next_frame(&mut values).map_err(broken)?;
    // The first frame of an animated PNG could be smaller than the picture.
    if (frame.width as usize, frame.height as usize, frame.bit_depth) != (width, height, BitDepth::Eight) {
        return Err("is a PNG whose picture does not fill it".to_string());
    }
    Ok(Pixels { width, height, values: into_channels(values, frame.color_type.samples(), channels) })
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
    use std::io::Write;

    const GREY: u8 = 0;
    const RGB: u8 = 2;
    const PALETTE: u8 = 3;
    const GREY_ALPHA: u8 = 4;
    const RGB_ALPHA: u8 = 6;

    fn colour(index: u16) -> [u8; 3] {
        [index as u8, 255 - index as u8, (7 * index) as u8]
    }

    /// Any sample, of as many bits.
    fn sample(x: usize, y: usize, channel: usize, bits: u8) -> u16 {
        let noise = (x * 7919 + y * 104_729 + channel * 1_299_709 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (noise >> 40) as u16 & (u16::MAX >> (16 - bits))
    }

    fn chunk(out: &mut Vec<u8>, name: &[u8; 4], content: &[u8]) {
        let mut crc = flate2::Crc::new();
        crc.update(name);
        crc.update(content);
        out.extend((content.len() as u32).to_be_bytes());
        out.extend(name);
        out.extend(content);
        out.extend(crc.sum().to_be_bytes());
    }

    /// A PNG of `sample`s, written by the book, without filters.
    fn file((width, height): (usize, usize), kind: u8, bits: u8, interlaced: bool, transparency: bool) -> Vec<u8> {
        let samples = samples(kind);
        // First column, first row, and the steps of Adam7's passes.
        let passes: &[[usize; 4]] = match interlaced {
            false => &[[0, 0, 1, 1]],
            true => &[[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]],
        };
        let mut packed = Vec::new();
        for &[left, top, right, down] in passes.iter().filter(|pass| pass[0] < width) {
            for y in (top..height).step_by(down) {
                let row = (left..width).step_by(right).flat_map(|x| (0..samples).map(move |c| sample(x, y, c, bits)));
                let bits: Vec<bool> = row.flat_map(|v| (0..bits).rev().map(move |bit| v >> bit & 1 == 1)).collect();
                packed.push(0);
                packed.extend(
                    bits.chunks(8)
                        .map(|byte| byte.iter().zip(0..).fold(0, |sum, (&on, at)| sum | u8::from(on) << (7 - at))),
                );
            }
        }
        let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
        let mut header = [width as u32, height as u32].map(u32::to_be_bytes).concat();
        header.extend([bits, kind, 0, 0, u8::from(interlaced)]);
        chunk(&mut out, b"IHDR", &header);
        if kind == PALETTE {
            chunk(&mut out, b"PLTE", &(0..1 << bits).map(colour).collect::<Vec<_>>().concat());
        }
        if transparency {
            // The alpha of the first two colours, or the one colour that is transparent.
            chunk(&mut out, b"tRNS", if kind == PALETTE { &[0, 128] } else { &[0, 1, 0, 1, 0, 1][..2 * samples] });
        }
        let mut deflate = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        deflate.write_all(&packed).unwrap();
        // In pieces, as real files have it.
        deflate.finish().unwrap().chunks(50).for_each(|piece| chunk(&mut out, b"IDAT", piece));
        chunk(&mut out, b"IEND", &[]);
        out
    }

    fn samples(kind: u8) -> usize {
        match kind {
            GREY | PALETTE => 1,
            GREY_ALPHA => 2,
            RGB => 3,
            _ => 4,
        }
    }

    fn expected((width, height): (usize, usize), kind: u8, bits: u8) -> Vec<u8> {
        let level = |v: u16| if bits == 16 { (v >> 8) as u8 } else { (v * 255 / (u16::MAX >> (16 - bits))) as u8 };
        let pixel = |x, y| match kind {
            PALETTE => colour(sample(x, y, 0, bits)),
            GREY | GREY_ALPHA => [level(sample(x, y, 0, bits)); 3],
            _ => [0, 1, 2].map(|c| level(sample(x, y, c, bits))),
        };
        (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect()
    }

    #[test]
    fn every_kind_of_png_is_read() {
        let mut kinds = vec![(RGB, 8), (RGB, 16), (GREY_ALPHA, 8), (GREY_ALPHA, 16), (RGB_ALPHA, 8), (RGB_ALPHA, 16)];
        kinds.extend([1, 2, 4, 8, 16].map(|bits| (GREY, bits)));
        kinds.extend([1, 2, 4, 8].map(|bits| (PALETTE, bits)));
        for (kind, bits) in kinds {
            for size in [(1, 1), (3, 7), (8, 8), (33, 19)] {
                for (interlaced, transparency) in [(false, false), (true, false), (false, true), (true, true)] {
                    // A channel of alpha and a transparent colour exclude each other.
                    let transparency = transparency && kind < GREY_ALPHA;
                    let bytes = file(size, kind, bits, interlaced, transparency);
                    let what = format!("kind {kind}, {bits} bits, {size:?}, interlaced {interlaced}, {transparency}");
                    let pixels = decode(&bytes, 3, 33 * 19).unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!((pixels.width, pixels.height), size, "{what}");
                    assert!(pixels.values == expected(size, kind, bits), "{what}");
                    if bits < 16 {
                        // The files are what they should be.
                        let other = image::load_from_memory(&bytes).unwrap().into_rgb8().into_raw();
                        assert!(pixels.values == other, "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_one_channel_of_a_grey_png_is_as_stored() {
        for (kind, bits) in [(GREY, 2), (GREY, 16), (GREY_ALPHA, 8)] {
            let one = decode(&file((9, 5), kind, bits, false, false), 1, 45).unwrap();
            let three = expected((9, 5), kind, bits);
            assert!(one.values.iter().eq(three.iter().step_by(3)));
        }
    }
}
