//! Images for event files: numbers as PNG, and weights as images.

use crisol_ir::ndarray::{Array4, ArrayD, ArrayView4, Axis, Ix2, Ix3, Ix4};
use crisol_ir::{Error, ErrorKind, Result};

/// How many images of a batch are kept, as in `tf.summary.image`.
const KEPT: usize = 3;

/// The first images as PNG files. Numbers are cut to 0 to 1, and become bytes as TensorFlow makes them: `floor(255.5 x)`.
pub(super) fn pngs(images: ArrayView4<'_, f32>) -> Result<Vec<Vec<u8>>> {
    let (_, height, width, channels) = images.dim();
    let wrong = |text: String| Error::new(ErrorKind::Shape, text).operation("image");
    let color = match channels {
        1 => png::ColorType::Grayscale,
        2 => png::ColorType::GrayscaleAlpha,
        3 => png::ColorType::Rgb,
        4 => png::ColorType::Rgba,
        _ => {
            let text = format!("images have {channels} channels, expected 1, 2, 3 or 4");
            return Err(wrong(text).help("the axes are [image, row, column, channel]"));
        }
    };
    let mut files = Vec::new();
    for image in images.outer_iter().take(KEPT) {
        let bytes: Vec<u8> = image.iter().map(|&x| (x * 255.5).clamp(0.0, 255.0) as u8).collect();
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&bytes));
        written.map_err(|error| wrong(format!("images of {height} x {width} pixels: {error}")))?;
        files.push(file);
    }
    Ok(files)
}

/// A weight as images, as Keras shows it: axes of size 1 dropped, a bias as a column, a kernel lying, the last axis of three as images.
/// `None` if it cannot be one.
pub(super) fn of_weight(weight: &ArrayD<f32>) -> Option<Array4<f32>> {
    let mut weight = weight.view();
    for axis in (0..weight.ndim()).rev() {
        if weight.len_of(Axis(axis)) == 1 {
            weight = weight.index_axis_move(Axis(axis), 0);
        }
    }
    let images = match weight.ndim() {
        1 => weight.insert_axis(Axis(0)).insert_axis(Axis(2)).insert_axis(Axis(3)).into_dimensionality::<Ix4>(),
        2 => {
            let mut kernel = weight.into_dimensionality::<Ix2>().ok()?;
            if kernel.nrows() > kernel.ncols() {
                kernel = kernel.reversed_axes();
            }
            kernel.insert_axis(Axis(0)).insert_axis(Axis(3)).into_dimensionality()
        }
        3 => {
            let kernels = weight.into_dimensionality::<Ix3>().ok()?.permuted_axes([2, 0, 1]);
            kernels.insert_axis(Axis(3)).into_dimensionality()
        }
        4 => weight.into_dimensionality(),
        _ => return None,
    };
    let images = images.ok()?;
    (matches!(images.dim().3, 1 | 3 | 4) && !images.is_empty()).then(|| images.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(file: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        bytes.truncate(info.buffer_size());
        (info.width, info.height, bytes)
    }

    #[test]
    fn numbers_become_bytes_as_in_tensorflow() {
        let image = Array4::from_shape_vec((1, 1, 5, 1), vec![-0.5, 0.0, 0.5, 1.0, f32::NAN]).unwrap();
        let (width, height, bytes) = pixels(&pngs(image.view()).unwrap()[0]);
        assert_eq!((width, height, bytes), (5, 1, vec![0, 0, 127, 255, 0]));
        assert_eq!(pngs(Array4::zeros((7, 2, 2, 3)).view()).unwrap().len(), 3);
        let error = pngs(Array4::zeros((1, 2, 2, 5)).view()).unwrap_err().to_string();
        assert!(error.contains("images have 5 channels, expected 1, 2, 3 or 4"), "{error}");
        assert!(pngs(Array4::zeros((1, 0, 2, 3)).view()).is_err());
    }

    #[test]
    fn weights_become_images_as_in_keras() {
        let of = |sizes: &[usize]| of_weight(&ArrayD::zeros(sizes)).map(|images| images.dim());
        assert_eq!(of(&[5]), Some((1, 5, 1, 1)));
        assert_eq!(of(&[2, 5]), Some((1, 2, 5, 1)));
        assert_eq!(of(&[5, 2]), Some((1, 2, 5, 1)));
        assert_eq!(of(&[5, 1]), Some((1, 5, 1, 1)));
        assert_eq!(of(&[3, 3, 1, 8]), Some((8, 3, 3, 1)));
        assert_eq!(of(&[3, 3, 3, 4]), Some((3, 3, 3, 4)));
        assert_eq!(of(&[3, 3, 3, 8]), None);
        assert_eq!(of(&[]), None);
        let kernel = ArrayD::from_shape_vec(vec![3, 2], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(of_weight(&kernel).unwrap().into_iter().collect::<Vec<_>>(), [0.0, 2.0, 4.0, 1.0, 3.0, 5.0]);
    }
}
