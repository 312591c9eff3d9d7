//! Optimizers by the names Keras gives them.

use crate::*;
use crisol_ir::{Error, Result};

type Make = fn() -> Result<Optimizer>;

/// Every optimizer by Keras' name, which counts with any letter case.
const OPTIMIZERS: [(&str, Make); 12] = [
    ("sgd", || Sgd::default().build()),
    ("rmsprop", || RmsProp::default().build()),
    ("adam", || Adam::default().build()),
    ("adamw", || AdamW::default().build()),
    ("adagrad", || Adagrad::default().build()),
    ("adadelta", || Adadelta::default().build()),
    ("adamax", || Adamax::default().build()),
    ("nadam", || Nadam::default().build()),
    ("lion", || Lion::default().build()),
    ("lamb", || Lamb::default().build()),
    ("ftrl", || Ftrl::default().build()),
    ("adafactor", || Adafactor::default().build()),
];

/// The names of all optimizers.
pub fn names() -> impl Iterator<Item = &'static str> {
    OPTIMIZERS.iter().map(|(name, _)| *name)
}

/// The optimizer with the given name, with Keras' defaults.
///
/// # Errors
/// No such name; the error offers the nearest.
///
/// ```
/// assert_eq!(crisol_optim::by_name("adam")?.learning_rate(), 1e-3);
/// assert!(crisol_optim::by_name("adm").unwrap_err().to_string().contains("did you mean \"adam\""));
/// # Ok::<(), crisol_ir::Error>(())
/// ```
pub fn by_name(name: &str) -> Result<Optimizer> {
    match OPTIMIZERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        Some((_, make)) => make(),
        None => Err(Error::unknown_name("optimizer", name, names())),
    }
}

/// What may be given as an optimizer: a finished one, its description, or a name.
pub trait IntoOptimizer {
    /// The optimizer.
    ///
    /// # Errors
    /// No optimizer has the given name, or the description is wrong.
    fn into_optimizer(self) -> Result<Optimizer>;
}

impl IntoOptimizer for &str {
    fn into_optimizer(self) -> Result<Optimizer> {
        by_name(self)
    }
}

impl IntoOptimizer for Optimizer {
    fn into_optimizer(self) -> Result<Optimizer> {
        Ok(self)
    }
}
