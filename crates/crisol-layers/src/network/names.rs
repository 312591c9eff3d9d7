//! Names of layers: given ones, and Keras' counters for the rest.

use crisol_tensor::{Error, ErrorKind, Result};
use std::collections::{HashMap, HashSet};

/// A name for each layer, from the name it was given, if any, and its type.
///
/// # Errors
/// A name given twice, or one that cannot be part of a path.
pub(crate) fn assign(layers: &[(Option<&str>, &str)]) -> Result<Vec<String>> {
    let mut taken: HashMap<&str, &str> = HashMap::new();
    for &(given, type_name) in layers {
        let Some(name) = given else { continue };
        if name.is_empty() || name.contains('/') {
            let text = format!("{name:?} cannot name a layer: expected at least one letter and no '/'");
            return Err(Error::new(ErrorKind::Name, text));
        }
        if let Some(other) = taken.insert(name, type_name) {
            let text = format!("two layers are named {name:?}, a {other} and a {type_name}");
            return Err(Error::new(ErrorKind::Name, text).help("names of layers are unique within a model"));
        }
    }
    let mut counters: HashMap<String, usize> = HashMap::new();
    let mut names = Vec::with_capacity(layers.len());
    let mut automatic = HashSet::new();
    for &(given, type_name) in layers {
        if let Some(name) = given {
            names.push(name.to_string());
            continue;
        }
        let base = snake_case(type_name);
        let counter = counters.entry(base.clone()).or_insert(0);
        let name = loop {
            let name = if *counter == 0 { base.clone() } else { format!("{base}_{counter}") };
            *counter += 1;
            if !taken.contains_key(name.as_str()) && automatic.insert(name.clone()) {
                break name;
            }
        };
        names.push(name);
    }
    Ok(names)
}

/// A type's name as Keras writes it in the names of layers: `MaxPooling2D` becomes `max_pooling2d`.
pub(crate) fn snake_case(type_name: &str) -> String {
    let letters: Vec<char> = type_name.chars().filter(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    let mut name = String::with_capacity(letters.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let begins_word = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase() || letters.get(at + 1).is_some_and(|after| after.is_lowercase())
            });
        if begins_word && before != Some('_') {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_keras_does() {
        for (type_name, expected) in [
            ("Dense", "dense"),
            ("Conv2D", "conv2d"),
            ("Conv2DTranspose", "conv2d_transpose"),
            ("MaxPooling2D", "max_pooling2d"),
            ("GlobalAveragePooling2D", "global_average_pooling2d"),
            ("InputLayer", "input_layer"),
            ("LSTM", "lstm"),
            ("RMSNormalization", "rms_normalization"),
            ("LeakyReLU", "leaky_re_lu"),
            ("Lineal_v1", "lineal_v1"),
        ] {
            assert_eq!(snake_case(type_name), expected);
        }
    }

    #[test]
    fn counters_count_each_type_and_step_over_given_names() {
        let layers = [(None, "Dense"), (Some("dense_1"), "Conv2D"), (None, "Dense"), (None, "Conv2D")];
        assert_eq!(assign(&layers).unwrap(), ["dense", "dense_1", "dense_2", "conv2d"]);
    }

    #[test]
    fn a_name_given_twice_is_refused() {
        let error = assign(&[(Some("digits"), "Dense"), (Some("digits"), "Conv2D")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "two layers are named \"digits\", a Dense and a Conv2D (names of layers are unique within a model)"
        );
        let error = assign(&[(Some("a/b"), "Dense")]).unwrap_err();
        assert_eq!(error.to_string(), "\"a/b\" cannot name a layer: expected at least one letter and no '/'");
    }
}
