//! What convolution and pooling layers share: pairs of sizes, padding by name, and checks of images.

use crisol_tensor::{Error, ErrorKind, Result, Shape, Tensor, same_padding};
use serde::{Deserialize, Serialize};

/// Height and width; one number stands for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair(pub [usize; 2]);

impl From<usize> for Pair {
    fn from(size: usize) -> Pair {
        Pair([size, size])
    }
}

impl From<[usize; 2]> for Pair {
    fn from(sizes: [usize; 2]) -> Pair {
        Pair(sizes)
    }
}

impl From<(usize, usize)> for Pair {
    fn from((height, width): (usize, usize)) -> Pair {
        Pair([height, width])
    }
}

/// Rows and columns at the sides of an image: `[[top, bottom], [left, right]]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Border(pub [[usize; 2]; 2]);

impl From<usize> for Border {
    fn from(all: usize) -> Border {
        Border([[all; 2]; 2])
    }
}

impl From<(usize, usize)> for Border {
    fn from((rows, columns): (usize, usize)) -> Border {
        Border([[rows; 2], [columns; 2]])
    }
}

impl From<((usize, usize), (usize, usize))> for Border {
    fn from(((top, bottom), (left, right)): ((usize, usize), (usize, usize))) -> Border {
        Border([[top, bottom], [left, right]])
    }
}

impl Pair {
    /// The sizes, which are at least 1.
    pub(crate) fn positive(self, what: &str) -> Result<[usize; 2]> {
        if self.0.contains(&0) {
            let text = format!("{what} {:?}: expected sizes of at least 1", self.0);
            return Err(Error::new(ErrorKind::Value, text));
        }
        Ok(self.0)
    }
}

/// What lies outside of an image, by Keras' names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Padding {
    /// Nothing: windows stay inside (`"valid"`).
    #[default]
    Valid,
    /// As much as is needed for one output a step (`"same"`); an odd row or column goes after.
    Same,
    /// Zeros before the first step alone, so that no output sees what comes after it (`"causal"`); for sequences.
    Causal,
    /// Another name: an error when the layer is built.
    Unknown(String),
}

impl From<&str> for Padding {
    fn from(name: &str) -> Padding {
        match name {
            "valid" => Padding::Valid,
            "same" => Padding::Same,
            "causal" => Padding::Causal,
            _ => Padding::Unknown(name.to_string()),
        }
    }
}

impl Padding {
    /// Rows and columns around an image: `[[top, bottom], [left, right]]`.
    pub(crate) fn widths(
        &self,
        image: &Shape,
        window: [usize; 2],
        strides: [usize; 2],
        dilation: [usize; 2],
    ) -> Result<[[usize; 2]; 2]> {
        match self {
            Padding::Valid => Ok([[0, 0]; 2]),
            Padding::Same => {
                Ok([0, 1].map(|axis| same_padding(image[axis + 1], window[axis], strides[axis], dilation[axis])))
            }
            Padding::Causal => {
                let text = "\"causal\" padding is for sequences, expected \"valid\" or \"same\"";
                Err(Error::new(ErrorKind::Value, text))
            }
            Padding::Unknown(name) => Err(Error::unknown_name("padding", name, ["valid", "same"])),
        }
    }
}

impl Padding {
    /// Steps before and after a sequence.
    pub(crate) fn around(&self, steps: usize, window: usize, stride: usize, dilation: usize) -> Result<[usize; 2]> {
        Ok(self.kind()?.around(steps, window, stride, dilation))
    }

    /// The padding that operations know.
    pub(crate) fn kind(&self) -> Result<crisol_tensor::Padding> {
        match self {
            Padding::Valid => Ok(crisol_tensor::Padding::Valid),
            Padding::Same => Ok(crisol_tensor::Padding::Same),
            Padding::Causal => Ok(crisol_tensor::Padding::Causal),
            Padding::Unknown(name) => Err(Error::unknown_name("padding", name, ["valid", "same", "causal"])),
        }
    }
}

/// The shape of a batch of sequences.
pub(crate) fn sequence_shape(operation: &str, x: &Tensor) -> Result<Shape> {
    expect_float(operation, x)?;
    let shape = x.shape()?;
    if shape.rank() != 3 {
        let text = format!("expected rank 3 [batch, steps, features], found {shape}");
        return Err(Error::new(ErrorKind::Shape, text).operation(operation));
    }
    Ok(shape)
}

/// The shape of a batch of images.
pub(crate) fn image_shape(operation: &str, x: &Tensor) -> Result<Shape> {
    expect_float(operation, x)?;
    let shape = x.shape()?;
    if shape.rank() != 4 {
        let text = format!("expected rank 4 [batch, height, width, channels], found {shape}");
        return Err(Error::new(ErrorKind::Shape, text).operation(operation));
    }
    Ok(shape)
}

/// Layers compute with floating point numbers.
pub(crate) fn expect_float(operation: &str, x: &Tensor) -> Result<()> {
    let dtype = x.dtype()?;
    if dtype.is_float() {
        return Ok(());
    }
    let text = format!("expected floating point numbers, found {dtype}");
    Err(Error::new(ErrorKind::DType, text).operation(operation).help("cast them to float32 first"))
}
