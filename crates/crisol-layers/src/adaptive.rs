//! Pooling to a given size: windows that follow from it, and what lies under them along one axis.

use crisol_tensor::{DType, Error, ErrorKind, Result, Tensor};

/// The first element under each window and the one behind the last, as in Keras and PyTorch: from `floor(i n / count)` to
/// `ceil((i + 1) n / count)`. Windows may share elements.
fn windows(size: usize, count: usize) -> Vec<(usize, usize)> {
    (0..count).map(|at| (at * size / count, ((at + 1) * size).div_ceil(count))).collect()
}

/// The size of an axis, and the count of its windows, which are at least one.
fn sizes(operation: &str, x: &Tensor, axis: usize, count: usize) -> Result<usize> {
    let size = x.shape()?[axis];
    if count == 0 || size == 0 {
        let text =
            format!("expected an output size of at least 1 and an input with elements, found {count} and {size}");
        return Err(Error::new(ErrorKind::Value, text).operation(operation.to_string()));
    }
    Ok(size)
}

/// The mean under each of `count` windows along an axis.
pub(crate) fn average(operation: &str, x: &Tensor, axis: usize, count: usize) -> Result<Tensor> {
    let size = sizes(operation, x, axis, count)?;
    let mut shares = vec![0.0f64; count * size];
    for ((start, end), row) in windows(size, count).into_iter().zip(shares.chunks_mut(size)) {
        row[start..end].fill(1.0 / (end - start) as f64);
    }
    let shares = Tensor::from_slice(&shares, [count, size]).cast(x.dtype()?);
    // [before, size, behind], whose middle axis becomes that of the windows.
    let shape = x.shape()?;
    let (before, behind) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
    let y = shares.matmul(&x.reshape([before, size, behind]));
    Ok(y.reshape(&with(shape.sizes(), axis, &[count])))
}

/// The largest under each of `count` windows along an axis.
pub(crate) fn largest(operation: &str, x: &Tensor, axis: usize, count: usize) -> Result<Tensor> {
    let size = sizes(operation, x, axis, count)?;
    let windows = windows(size, count);
    let most = windows.iter().map(|(start, end)| end - start).max().unwrap_or(1);
    let places = |at: &(usize, usize)| (at.0..at.0 + most).collect::<Vec<_>>();
    let numbers: Vec<i64> = windows.iter().flat_map(places).map(|place| place.min(size - 1) as i64).collect();
    let inside = windows.iter().flat_map(|at| places(at).into_iter().map(move |place| u8::from(place < at.1)));
    let inside: Vec<u8> = inside.collect();
    let shape = x.shape()?;
    let chosen = x.take(&Tensor::from_slice(&numbers, [count * most]), axis as isize);
    let chosen = chosen.reshape(&with(shape.sizes(), axis, &[count, most]));
    let mut sides = vec![1; chosen.rank()?];
    (sides[axis], sides[axis + 1]) = (count, most);
    let inside = Tensor::from_slice(&inside, [count * most]).cast(DType::Bool).reshape(&sides);
    let inside = inside.broadcast_to(chosen.shape()?);
    Ok(inside.select(chosen, f64::NEG_INFINITY).max(axis as isize + 1))
}

/// Sizes with others in place of that of an axis.
fn with(sizes: &[usize], axis: usize, others: &[usize]) -> Vec<usize> {
    [&sizes[..axis], others, &sizes[axis + 1..]].concat()
}

/// A layer that pools to a size: its name, what it is given, and how it pools along one axis.
macro_rules! adaptive_layer {
    ($(#[$docs:meta])* pub struct $layer:ident, $name:literal, $size:ty, $given:ty, $checked:ident, $axes:expr, $pool:ident) => {
        $(#[$docs])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        pub struct $layer {
            output_size: $size,
        }

        impl $layer {
            /// To the given size.
            pub fn new(output_size: $given) -> $layer {
                $layer { output_size: output_size.into() }
            }
        }

        impl crate::layer::Layer for $layer {
            fn call(&self, _cx: &mut crate::scope::Scope, x: &crisol_tensor::Tensor) -> crisol_tensor::Result<crisol_tensor::Tensor> {
                crate::window::$checked($name, x)?;
                let counts: Vec<usize> = $axes(&self.output_size);
                let mut y = x.clone();
                for (at, count) in counts.into_iter().enumerate() {
                    y = crate::adaptive::$pool($name, &y, at + 1, count)?;
                }
                Ok(y)
            }

            fn config(&self) -> crisol_tensor::Result<serde_json::Value> {
                crate::config::of(self)
            }
        }
    };
}
pub(crate) use adaptive_layer;
