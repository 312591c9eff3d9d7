//! Types from the settings that files hold of them.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value, map};
use std::slice;

/// A type from its settings: what stands under `"settings"` or `"config"` in a model's file.
///
/// It reads what `serde_json::from_value` reads, but for two things. A setting that the type does not have is an error: what a file asks
/// for is not passed over. And so is a structure that is written as a list: as such, as a field, in a list, or as what a variant holds. Reading
/// these would be compiled for each of the two hundred types that can stand in a model's file. What stands in maps is read by `serde_json`.
///
/// # Errors
/// A setting that is missing, of another type, or unknown; the error offers the nearest that there is.
///
/// ```
/// use crisol_params::{RandomNormal, read_settings};
/// let settings = serde_json::json!({ "mean": 1.0, "standard_deviation": 0.5 });
/// let normal: RandomNormal = read_settings(&settings)?;
/// assert_eq!((normal.mean, normal.standard_deviation), (1.0, 0.5));
/// assert!(read_settings::<RandomNormal>(&serde_json::json!([1.0, 0.5])).is_err());
/// let error = read_settings::<RandomNormal>(&serde_json::json!({ "mean": 1.0, "deviation": 0.5 })).unwrap_err();
/// assert!(error.to_string().contains("no setting of RandomNormal is named \"deviation\""), "{error}");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn read_settings<T: DeserializeOwned>(settings: &Value) -> serde_json::Result<T> {
    T::deserialize(Stored(settings))
}

/// A value that is read as [`read_settings`] tells. Its functions stay functions, one for each type of a setting: LLVM would repeat them for
/// each setting of each type that has some.
struct Stored<'a>(&'a Value);

impl<'de> Deserializer<'de> for Stored<'de> {
    type Error = serde_json::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        visitor.visit_map(Fields::new(known(name, fields, self.0)?))
    }

    #[inline(never)]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        self.0.deserialize_any(visitor)
    }

    #[inline(never)]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    #[inline(never)]
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> serde_json::Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    #[inline(never)]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        match self.0 {
            Value::String(variant) => visitor.visit_enum(BorrowedStrDeserializer::new(variant)),
            Value::Object(map) if map.len() == 1 => visitor.visit_enum(Fields::new(map)),
            other => Err(no_variant(name, other)),
        }
    }

    #[inline(never)]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
        let Value::Array(elements) = self.0 else { return Err(unexpected("a list", self.0)) };
        let mut rest = Elements(elements.iter());
        let read = visitor.visit_seq(&mut rest)?;
        match rest.0.len() {
            0 => Ok(read),
            more => Err(too_long(elements.len(), more)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> serde_json::Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct map identifier ignored_any
    }
}

/// The elements of a list.
struct Elements<'a>(slice::Iter<'a, Value>);

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = serde_json::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> serde_json::Result<Option<T::Value>> {
        self.0.next().map(|element| seed.deserialize(Stored(element))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The fields of a structure, or the only variant of an enumeration.
struct Fields<'a> {
    rest: map::Iter<'a>,
    /// Of the field whose name was read last.
    value: &'a Value,
}

impl<'de> Fields<'de> {
    fn new(map: &'de Map<String, Value>) -> Fields<'de> {
        Fields { rest: map.iter(), value: &Value::Null }
    }

    #[inline(never)]
    fn next_name(&mut self) -> Option<&'de str> {
        let (name, value) = self.rest.next()?;
        self.value = value;
        Some(name)
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> serde_json::Result<Option<K::Value>> {
        self.next_name().map(|name| seed.deserialize(BorrowedStrDeserializer::new(name))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> serde_json::Result<V::Value> {
        seed.deserialize(Stored(self.value))
    }
}

impl<'de> EnumAccess<'de> for Fields<'de> {
    type Error = serde_json::Error;
    type Variant = Stored<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(mut self, seed: V) -> serde_json::Result<(V::Value, Stored<'de>)> {
        let name = self.next_name().unwrap_or_default();
        Ok((seed.deserialize(BorrowedStrDeserializer::<serde_json::Error>::new(name))?, Stored(self.value)))
    }
}

impl<'de> VariantAccess<'de> for Stored<'de> {
    type Error = serde_json::Error;

    fn unit_variant(self) -> serde_json::Result<()> {
        <()>::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> serde_json::Result<T::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> serde_json::Result<V::Value> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.deserialize_struct("a variant", fields, visitor)
    }
}

fn too_long(length: usize, more: usize) -> serde_json::Error {
    serde_json::Error::custom(format!("expected a list of {}, found one of {length}", length - more))
}

/// The settings by name, if the type has all of them.
fn known<'a>(name: &str, fields: &[&str], settings: &'a Value) -> serde_json::Result<&'a Map<String, Value>> {
    let Value::Object(map) = settings else {
        return Err(unexpected(&format!("the settings of {name} by name"), settings));
    };
    match map.keys().find(|key| !fields.contains(&key.as_str())) {
        None => Ok(map),
        Some(key) => {
            let what = format!("setting of {name}");
            Err(Error::custom(crisol_tensor::Error::unknown_name(&what, key, fields.iter().copied())))
        }
    }
}

fn no_variant(name: &str, given: &Value) -> serde_json::Error {
    unexpected(&format!("a variant of {name}, by name or as an object with this name alone"), given)
}

/// The error of a value of another kind.
pub(crate) fn unexpected(expected: &str, given: &Value) -> serde_json::Error {
    let given = match given {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    serde_json::Error::custom(format!("expected {expected}, found {given}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        rate: f64,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    enum Choice {
        Plain,
        With(u8),
        Pair(u8, u8),
        Of(Inner),
        Named { rate: f64 },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        name: String,
        #[serde(default)]
        inner: Option<Inner>,
        choices: Vec<Choice>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(Inner);

    #[derive(Debug, PartialEq, Deserialize)]
    struct Unit;

    /// Reads in both ways, which must agree.
    fn read<T: DeserializeOwned + PartialEq + std::fmt::Debug>(settings: Value) -> Option<T> {
        let read = read_settings::<T>(&settings).ok();
        assert_eq!(read, serde_json::from_value::<T>(settings).ok());
        read
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        let full = json!({ "name": "a", "inner": { "rate": 0.5 }, "choices": ["Plain", { "With": 3 }] });
        let expected = Outer {
            name: "a".to_string(),
            inner: Some(Inner { rate: 0.5 }),
            choices: vec![Choice::Plain, Choice::With(3)],
        };
        assert_eq!(read::<Outer>(full), Some(expected));
        assert!(read::<Outer>(json!({ "name": "a", "choices": [] })).is_some());
        assert!(read::<Outer>(json!({ "name": "a", "inner": null, "choices": [] })).is_some());
        assert_eq!(read::<Outer>(json!({ "name": "a" })), None);
        assert_eq!(read::<Outer>(json!({ "name": 3, "choices": [] })), None);
        assert_eq!(read::<Wrapped>(json!({ "rate": 2 })), Some(Wrapped(Inner { rate: 2.0 })));
        assert_eq!(read::<Unit>(json!(null)), Some(Unit));
        assert_eq!(read::<Choice>(json!({ "With": 300 })), None);
        assert_eq!(read::<Option<Inner>>(json!(null)), Some(None));
        assert_eq!(read::<Choice>(json!({ "Pair": [1, 2] })), Some(Choice::Pair(1, 2)));
        assert_eq!(read::<Choice>(json!({ "Of": { "rate": 2.0 } })), Some(Choice::Of(Inner { rate: 2.0 })));
        assert_eq!(read::<Choice>(json!({ "Named": { "rate": 2.0 } })), Some(Choice::Named { rate: 2.0 }));
        assert_eq!(read::<Choice>(json!({ "Plain": null })), Some(Choice::Plain));
        for wrong in [
            json!({}),
            json!({ "Plain": 1 }),
            json!({ "Plain": null, "With": 1 }),
            json!("With"),
            json!("Other"),
            json!(3),
        ] {
            assert_eq!(read::<Choice>(wrong), None);
        }
        assert_eq!(read::<Choice>(json!({ "Pair": [1] })), None);
        assert_eq!(read::<Choice>(json!({ "Pair": [1, 2, 3] })), None);
        assert_eq!(read::<(u8, Option<bool>)>(json!([1, null])), Some((1, None)));
        assert_eq!(read::<[u8; 2]>(json!([1, 2])), Some([1, 2]));
        for wrong in [json!([1]), json!([1, 2, 3]), json!({ "0": 1 }), json!(1)] {
            assert_eq!(read::<[u8; 2]>(wrong), None);
        }
        let error = read_settings::<[u8; 2]>(&json!([1, 2, 3])).unwrap_err().to_string();
        assert_eq!(error, "expected a list of 2, found one of 3");
    }

    #[test]
    fn a_list_is_no_structure() {
        let error = read_settings::<Inner>(&json!([0.5])).unwrap_err().to_string();
        assert!(error.contains("expected the settings of Inner by name, found a list"), "{error}");
        for nested in [json!({ "name": "a", "inner": [0.5], "choices": [] }), json!(["a", null, []])] {
            assert!(read_settings::<Outer>(&nested).is_err(), "{nested}");
        }
        assert!(read_settings::<Wrapped>(&json!([0.5])).is_err());
        assert!(read_settings::<Vec<Inner>>(&json!([[0.5]])).is_err());
        assert_eq!(read::<Vec<Inner>>(json!([{ "rate": 0.5 }])), Some(vec![Inner { rate: 0.5 }]));
        assert!(read_settings::<Choice>(&json!({ "Of": [0.5] })).is_err());
        assert!(read_settings::<Choice>(&json!({ "Named": [0.5] })).is_err());
    }

    #[test]
    fn a_setting_that_a_type_does_not_have_is_refused() {
        let outer = |inner: Value, choice: Value| json!({ "name": "a", "inner": inner, "choices": [choice] });
        assert!(read_settings::<Outer>(&outer(json!({ "rate": 0.5 }), json!({ "Named": { "rate": 2.0 } }))).is_ok());
        for (settings, what) in [
            (outer(json!({ "rate": 0.5, "rat": 1 }), json!("Plain")), "no setting of Inner is named \"rat\""),
            (outer(json!(null), json!({ "Of": { "rate": 0.5, "x": 1 } })), "no setting of Inner is named \"x\""),
            (outer(json!(null), json!({ "Named": { "rate": 0.5, "x": 1 } })), "no setting of a variant is named \"x\""),
            (json!({ "name": "a", "choices": [], "inner_": null }), "no setting of Outer is named \"inner_\""),
        ] {
            let error = read_settings::<Outer>(&settings).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
