//! Logs: named numbers in the order they are shown.

use std::fmt;

/// The numbers of a step or an epoch: the loss first, then metrics, then both again for validation.
///
/// ```
/// use crisol_callbacks::Logs;
/// let mut logs = Logs::new();
/// logs.set("loss", 0.25);
/// logs.set("accuracy", 0.5);
/// assert_eq!(logs.get("accuracy"), Some(0.5));
/// assert_eq!(logs.to_string(), "loss: 0.2500 - accuracy: 0.5000");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logs(Vec<(String, f64)>);

impl Logs {
    /// No numbers.
    pub fn new() -> Logs {
        Logs::default()
    }

    /// Sets a number; a new name goes to the end.
    pub fn set(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((name, value)),
        }
    }

    /// The number of a name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    /// Names and numbers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Whether there is no number.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the numbers of `other` under names with a prefix: `val_loss`.
    pub fn extend_prefixed(&mut self, prefix: &str, other: &Logs) {
        for (name, value) in other.iter() {
            self.set(format!("{prefix}{name}"), value);
        }
    }
}

/// As Keras' progress line: four decimals, or an exponent up to 0.001.
impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.iter().enumerate() {
            let dash = if index == 0 { "" } else { " - " };
            if value.is_nan() {
                write!(f, "{dash}{name}: nan")?;
            } else if value.abs() > 1e-3 {
                write!(f, "{dash}{name}: {value:.4}")?;
            } else {
                write!(f, "{dash}{name}: {}", scientific(value, 4))?;
            }
        }
        Ok(())
    }
}

/// Decimals and an exponent of two digits, as Python: `3.1416e-05`.
pub(crate) fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let (sign, digits) = match exponent.strip_prefix('-') {
                Some(digits) => ('-', digits),
                None => ('+', exponent),
            };
            format!("{mantissa}e{sign}{digits:0>2}")
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_keras_does() {
        let mut logs = Logs::new();
        logs.set("loss", 0.000_031_415_93);
        logs.set("accuracy", 0.0);
        logs.set("big", 1_234.567_89);
        logs.set("odd", f64::NAN);
        assert_eq!(logs.to_string(), "loss: 3.1416e-05 - accuracy: 0.0000e+00 - big: 1234.5679 - odd: nan");
    }
}
