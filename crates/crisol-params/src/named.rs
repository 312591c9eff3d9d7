//! Settings that have a name: how initializers, regularizers and constraints are found by name, written to a file and read back.

use crate::read_settings::unexpected;
use crisol_tensor::{Error, Result};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;
use std::sync::Arc;

/// What a file says of an initializer, a loss or anything else that has a name: the name alone, or with settings.
///
/// ```
/// use crisol_params::{Config, Initializer, RandomNormal};
/// let config = RandomNormal { mean: 1.0, standard_deviation: 0.5 }.config();
/// let text = serde_json::to_string(&config).expect("JSON");
/// assert_eq!(text, r#"{"name":"random_normal","settings":{"mean":1.0,"standard_deviation":0.5}}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Config {
    /// The default settings.
    Name(String),
    /// Others.
    Settings {
        /// The name.
        name: String,
        /// What the type with that name is made from.
        settings: Value,
    },
}

impl Config {
    /// The config of a value with a name; a value without settings is its name. Nothing, if JSON cannot hold the settings.
    pub fn of(name: &str, value: &impl Serialize) -> Option<Config> {
        Some(Config::with(name, serde_json::to_value(value).ok()?))
    }

    fn with(name: &str, settings: Value) -> Config {
        let name = name.to_string();
        match settings {
            Value::Null => Config::Name(name),
            settings => Config::Settings { name, settings },
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        let (Config::Name(name) | Config::Settings { name, .. }) = self;
        name
    }

    /// What the type with that name is made from, unless by default.
    pub fn settings(&self) -> Option<&Value> {
        match self {
            Config::Name(_) => None,
            Config::Settings { settings, .. } => Some(settings),
        }
    }
}

// By hand: what is derived for a choice without a tag is a second copy of all that reads JSON, in every crate that reads a config.
impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Config, D::Error> {
        of_json(Value::deserialize(from)?).map_err(de::Error::custom)
    }
}

fn of_json(json: Value) -> serde_json::Result<Config> {
    const EXPECTED: &str = "a name, or an object with \"name\" and \"settings\"";
    match json {
        Value::String(name) => Ok(Config::Name(name)),
        Value::Object(mut fields) => match (fields.remove("name"), fields.remove("settings")) {
            (Some(Value::String(name)), Some(settings)) => Ok(Config::Settings { name, settings }),
            (Some(Value::String(name)), None) => {
                Err(de::Error::custom(format!("expected {EXPECTED}, found {name:?} without \"settings\"")))
            }
            (Some(name), _) => Err(unexpected("a string for a \"name\"", &name)),
            (None, _) => Err(de::Error::custom(format!("expected {EXPECTED}, found an object without \"name\""))),
        },
        other => Err(unexpected(EXPECTED, &other)),
    }
}

/// How things of a kind are made by name. `K` is the trait that they share.
pub(crate) struct Entry<K: ?Sized + 'static> {
    pub(crate) name: &'static str,
    /// With default settings.
    pub(crate) make: fn() -> Arc<K>,
    pub(crate) read: fn(&Value) -> serde_json::Result<Arc<K>>,
}

/// The entry of a type.
macro_rules! entry {
    ($name:literal, $type:ty) => {
        $crate::named::Entry {
            name: $name,
            make: || std::sync::Arc::new(<$type>::default()),
            read: |settings| Ok(std::sync::Arc::new($crate::read_settings::<$type>(settings)?)),
        }
    };
}
pub(crate) use entry;

/// The entry with the given name; the error offers the nearest.
pub(crate) fn find<'a, K: ?Sized>(kind: &str, entries: &'a [Entry<K>], name: &str) -> Result<&'a Entry<K>> {
    let found = entries.iter().find(|entry| entry.name == name);
    found.ok_or_else(|| Error::unknown_name(kind, name, entries.iter().map(|entry| entry.name)))
}

/// What a config stands for.
pub(crate) fn read<'de, K: ?Sized, D>(
    kind: &str,
    entries: &[Entry<K>],
    from: D,
) -> std::result::Result<Arc<K>, D::Error>
where
    D: Deserializer<'de>,
{
    match Config::deserialize(from)? {
        Config::Name(name) => Ok((find(kind, entries, &name).map_err(de::Error::custom)?.make)()),
        Config::Settings { name, settings } => {
            let entry = find(kind, entries, &name).map_err(de::Error::custom)?;
            (entry.read)(&settings).map_err(|error| de::Error::custom(format!("{kind} {name:?}: {error}")))
        }
    }
}

/// Writes a config, or tells that there is none.
pub(crate) fn write<S: Serializer>(
    what: &dyn std::fmt::Debug,
    config: Option<Config>,
    to: S,
) -> std::result::Result<S::Ok, S::Error> {
    let config = config.ok_or_else(|| ser::Error::custom(format!("{what:?} has no config: it cannot be saved")))?;
    config.serialize(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn configs_are_names_or_objects_with_settings() {
        let read = |json: Value| serde_json::from_value::<Config>(json);
        for config in [Config::Name("relu".to_string()), Config::with("l2", json!({ "l2": 0.5 }))] {
            assert_eq!(read(serde_json::to_value(&config).unwrap()).unwrap(), config);
        }
        for (wrong, what) in [
            (json!(3), "expected a name, or an object with \"name\" and \"settings\", found a number"),
            (json!({ "name": "l2" }), "found \"l2\" without \"settings\""),
            (json!({ "settings": {} }), "found an object without \"name\""),
            (json!({ "name": 3, "settings": {} }), "expected a string for a \"name\", found a number"),
        ] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
