//! JPEG. Decoded in strict mode: the usual lenient one paints what is missing grey. As the codec does not ask for it, the file must reach
//! its EOI marker. Damage inside that still decodes cannot be told, for there is no checksum.

use super::{Pixels, check_size, into_channels};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

pub(super) fn decode(bytes: &[u8], channels: usize, max_pixels: usize) -> Result<Pixels, String> {
    let broken = |error| format!("is a broken or truncated JPEG ({error:?})");
    if !reaches_eoi(bytes) {
        return Err("is a truncated JPEG".to_string());
    }
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().ok_or("is a JPEG without a size")?;
    check_size(width, height, max_pixels)?;
    // Grey is the luma plane as stored, where there is one.
    let luma = matches!(decoder.input_colorspace(), Some(ColorSpace::YCbCr | ColorSpace::Luma));
    let out = if channels == 1 && luma { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(out));
    let values = decoder.decode().map_err(broken)?;
    let given = values.len() / (width * height);
    match given {
        1 | 3 if values.len() == width * height * given => {}
        _ => return Err(format!("is a JPEG with {given} channels")),
    }
    Ok(Pixels { width, height, values: into_channels(values, given, channels) })
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
