//! Initializers: the first values of weights, by type and by Keras' names.

mod constant;
mod glorot_normal;
mod glorot_uniform;
mod he_normal;
mod he_uniform;
mod identity;
mod lecun_normal;
mod lecun_uniform;
mod ones;
mod orthogonal;
mod random_normal;
mod random_uniform;
mod truncated_normal;
mod variance_scaling;
mod zeros;

pub use constant::Constant;
pub use glorot_normal::GlorotNormal;
pub use glorot_uniform::GlorotUniform;
pub use he_normal::HeNormal;
pub use he_uniform::HeUniform;
pub use identity::Identity;
pub use lecun_normal::LecunNormal;
pub use lecun_uniform::LecunUniform;
pub use ones::Ones;
pub use orthogonal::Orthogonal;
pub use random_normal::RandomNormal;
pub use random_uniform::RandomUniform;
pub use truncated_normal::TruncatedNormal;
pub use variance_scaling::{Distribution, Mode, VarianceScaling};
pub use zeros::Zeros;

use crate::named::{self, Config, Entry, entry};
use crisol_tensor::random::Key;
use crisol_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor};
use serde::{Deserializer, Serialize, Serializer};
use std::fmt::Debug;
use std::sync::Arc;

/// Makes the first value of a weight.
///
/// A name is an initializer too, so that `"he_normal"` stands wherever an initializer does; an unknown one is an error
/// when the weight is made.
///
/// ```
/// use crisol_params::{HeNormal, Initializer};
/// use crisol_tensor::{DType, Shape, random::Key};
/// let shape = Shape::new(&[128, 64])?;
/// let by_type = HeNormal.initialize(shape, DType::F32, Key::new(1))?;
/// let by_name = "he_normal".initialize(shape, DType::F32, Key::new(1))?;
/// assert_eq!(by_type.to_vec::<f32>()?, by_name.to_vec::<f32>()?);
/// # Ok::<(), crisol_tensor::Error>(())
/// ```
pub trait Initializer: Debug + Send + Sync {
    /// A tensor of the given type and shape; the same key gives the same numbers.
    ///
    /// # Errors
    /// Settings out of range, or an element type that the initializer does not make.
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor>;

    /// What a file says of it; `None` if it cannot be read back from a name.
    fn config(&self) -> Option<Config> {
        None
    }
}

/// Every initializer by its name in Keras.
const INITIALIZERS: &[Entry<dyn Initializer>] = &[
    entry!("zeros", Zeros),
    entry!("ones", Ones),
    entry!("constant", Constant),
    entry!("random_normal", RandomNormal),
    entry!("random_uniform", RandomUniform),
    entry!("truncated_normal", TruncatedNormal),
    entry!("variance_scaling", VarianceScaling),
    entry!("glorot_uniform", GlorotUniform),
    entry!("glorot_normal", GlorotNormal),
    entry!("he_uniform", HeUniform),
    entry!("he_normal", HeNormal),
    entry!("lecun_uniform", LecunUniform),
    entry!("lecun_normal", LecunNormal),
    entry!("orthogonal", Orthogonal),
    entry!("identity", Identity),
];

/// The initializer with the given name in Keras, with its default settings.
///
/// # Errors
/// No such name; the error offers the nearest.
///
/// ```
/// let error = crisol_params::initializer_by_name("glorot_unifrom").unwrap_err();
/// assert!(error.to_string().contains("did you mean \"glorot_uniform\""));
/// ```
pub fn initializer_by_name(name: &str) -> Result<Arc<dyn Initializer>> {
    Ok((named::find("initializer", INITIALIZERS, name)?.make)())
}

/// The names of all initializers.
pub fn initializer_names() -> impl Iterator<Item = &'static str> {
    INITIALIZERS.iter().map(|entry| entry.name)
}

impl Initializer for &'static str {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        initializer_by_name(self)?.initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        initializer_by_name(self).ok()?.config()
    }
}

impl Initializer for String {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        initializer_by_name(self)?.initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        initializer_by_name(self).ok()?.config()
    }
}

impl<I: Initializer + ?Sized> Initializer for Arc<I> {
    fn initialize(&self, shape: Shape, dtype: DType, key: Key) -> Result<Tensor> {
        (**self).initialize(shape, dtype, key)
    }

    fn config(&self) -> Option<Config> {
        (**self).config()
    }
}

impl Serialize for dyn Initializer {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        named::write(&self, self.config(), to)
    }
}

/// Reads an initializer that a layer holds; for `#[serde(deserialize_with)]`.
pub fn read_initializer<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Arc<dyn Initializer>, D::Error> {
    named::read("initializer", INITIALIZERS, from)
}

/// Random numbers are floating point ones.
fn expect_float(name: &str, dtype: DType) -> Result<()> {
    if dtype.is_float() {
        return Ok(());
    }
    let text = format!("expected a floating point type, found {dtype}");
    Err(Error::new(ErrorKind::DType, text).operation(name))
}

fn expect_deviation(name: &str, deviation: f64) -> Result<()> {
    if deviation >= 0.0 && deviation.is_finite() {
        return Ok(());
    }
    let text = format!("expected a standard deviation of at least 0, found {deviation}");
    Err(Error::new(ErrorKind::Value, text).operation(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(initializer: &dyn Initializer, key: u64) -> Vec<f32> {
        let shape = Shape::new(&[100, 50]).unwrap();
        initializer.initialize(shape, DType::F32, Key::new(key)).unwrap().to_vec().unwrap()
    }

    #[test]
    fn every_name_leads_to_an_initializer_and_depends_on_the_key_alone() {
        for Entry { name, make, .. } in INITIALIZERS {
            if *name == "identity" {
                continue; // needs no key, and no floats
            }
            let initializer = make();
            let first = draw(&initializer, 1);
            assert_eq!(first, draw(&initializer, 1), "{name}");
            let is_random = !["zeros", "ones", "constant"].contains(name);
            assert_eq!(first != draw(&initializer, 2), is_random, "{name}");
        }
    }

    #[test]
    fn numbers_stay_inside_their_bounds() {
        let limit = (6.0f32 / 150.0).sqrt();
        let x = draw(&GlorotUniform, 3);
        assert!(x.iter().all(|x| x.abs() <= limit));
        assert!(x.iter().any(|x| *x > 0.9 * limit) && x.iter().any(|x| *x < -0.9 * limit));
        let x = draw(&TruncatedNormal { mean: 1.0, standard_deviation: 0.5 }, 3);
        assert!(x.iter().all(|x| (0.0..=2.0).contains(x)));
        assert!(x.iter().any(|x| *x > 1.8) && x.iter().any(|x| *x < 0.2));
    }

    #[test]
    fn integers_are_filled_but_not_drawn() {
        let shape = Shape::new(&[2]).unwrap();
        let ones = Ones.initialize(shape, DType::I32, Key::new(0)).unwrap();
        assert_eq!(ones.to_vec::<i32>().unwrap(), [1, 1]);
        let error = HeNormal.initialize(shape, DType::I32, Key::new(0)).unwrap_err();
        assert_eq!(error.to_string(), "truncated_normal: expected a floating point type, found int32");
    }

    #[test]
    fn settings_out_of_range_are_refused() {
        let error = |initializer: &dyn Initializer| {
            initializer.initialize(Shape::SCALAR, DType::F32, Key::new(0)).unwrap_err().to_string()
        };
        let normal = RandomNormal { standard_deviation: -1.0, ..RandomNormal::default() };
        assert_eq!(error(&normal), "random_normal: expected a standard deviation of at least 0, found -1");
        let uniform = RandomUniform { low: 1.0, high: 0.0 };
        assert_eq!(error(&uniform), "random_uniform: expected low <= high, both finite, found 1 and 0");
    }
}
