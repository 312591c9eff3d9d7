//! `orthogonal`: columns, or rows, of length 1 at right angles (Saxe, McClelland and Ganguli, 2014).

use super::{Initializer, expect_float};
use crate::named::Config;
use crisol_tensor::ndarray::{Array1, Array2};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Makes a random orthogonal matrix times `gain`, by default 1: its columns have length 1 and are orthogonal, or its rows if there are
/// fewer of them. Axes in front of the last count as one.
///
/// The numbers are those of the QR decomposition of a normally distributed matrix with a positive diagonal in R, so that every
/// orthogonal matrix is equally likely.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Orthogonal {
    /// The length of the columns.
    pub gain: f64,
}

impl Default for Orthogonal {
    fn default() -> Orthogonal {
        Orthogonal { gain: 1.0 }
    }
}

impl Initializer for Orthogonal {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        expect_float("orthogonal", dtype)?;
        let [rows @ .., columns] = shape.sizes() else { return Err(too_few(&shape)) };
        if rows.is_empty() {
            return Err(too_few(&shape));
        }
        let (rows, columns) = (rows.iter().product::<usize>(), *columns);
        let (long, short) = (rows.max(columns), rows.min(columns));
        let drawn = Tensor::random_normal([short, long], 0.0, 1.0, key).cast(DType::F64).to_array::<f64>()?;
        let drawn = drawn.into_dimensionality().map_err(|error| Error::new(ErrorKind::Internal, error.to_string()))?;
        let vectors = Tensor::from(orthonormal(drawn).into_dyn()) * self.gain;
        let vectors = if rows < columns { vectors } else { vectors.transpose() };
        Ok(vectors.reshape(shape).cast(dtype))
    }

    fn config(&self) -> Option<Config> {
        Config::of("orthogonal", self)
    }
}

/// The rows made orthonormal one after the other (Gram and Schmidt). Each is projected twice, which is as exact as reflections are.
fn orthonormal(mut vectors: Array2<f64>) -> Array2<f64> {
    for place in 0..vectors.nrows() {
        let (before, mut rest) = vectors.view_mut().split_at(crisol_tensor::ndarray::Axis(0), place);
        let mut vector = rest.row_mut(0);
        for _ in 0..2 {
            let shares: Array1<f64> = before.dot(&vector);
            vector -= &shares.dot(&before);
        }
        let length = vector.dot(&vector).sqrt();
        if length > 0.0 {
            vector /= length;
        }
    }
    vectors
}

fn too_few(shape: &Shape) -> Error {
    Error::new(ErrorKind::Shape, format!("expected at least two axes, found {shape}")).operation("orthogonal")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_length_one_and_right_angles() {
        for sizes in [&[7, 5][..], &[5, 7], &[4, 4], &[2, 3, 4]] {
            let shape = Shape::new(sizes).unwrap();
            let x = Orthogonal { gain: 2.0 }.initialize(shape, DType::F64, Key::new(3)).unwrap();
            let columns = sizes[sizes.len() - 1];
            let rows = shape.elements() / columns;
            let x = x.reshape([rows, columns]);
            let short = rows.min(columns);
            let product = if rows < columns { x.matmul(&x.transpose()) } else { x.transpose().matmul(&x) };
            let far = (product - Tensor::eye(short, short, 0).cast(DType::F64) * 4.0).abs().max_all().item().unwrap();
            assert!(far < 1e-12, "{sizes:?}: {far}");
        }
        let error = Orthogonal::default().initialize(Shape::new(&[3]).unwrap(), DType::F32, Key::new(0)).unwrap_err();
        assert_eq!(error.to_string(), "orthogonal: expected at least two axes, found [3]");
    }
}
