//! File names with places for numbers: `"{epoch:02d}-{val_loss:.2f}.crisol"`, as Python formats them.

use crisol_ir::{Error, ErrorKind, Result};

/// Fills the places of a template. `{name}`, `{name:02d}`, `{name:.3f}`, `{name:8.2e}`; two braces stand for one.
pub(crate) fn fill(template: &str, value: impl Fn(&str) -> Option<f64>, known: &str) -> Result<String> {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        let brace = &rest[at..=at];
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
            continue;
        }
        let end = rest.find('}').filter(|_| brace == "{");
        let end = end.ok_or_else(|| wrong(template, "a brace without its partner"))?;
        let (name, format) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
        let number = value(name).ok_or_else(|| wrong(template, &format!("no number is named {name:?}: {known}")))?;
        let shown = show(number, format).ok_or_else(|| wrong(template, &format!("no format is {format:?}")))?;
        text.push_str(&shown);
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    Ok(text)
}

/// A number in a format of Python's: width with or without zeros, decimals, and `d`, `f`, `e` or `g`-less nothing.
fn show(number: f64, format: &str) -> Option<String> {
    let kind = format.chars().last().filter(|last| last.is_ascii_alphabetic());
    let body = format.strip_suffix(|last: char| last.is_ascii_alphabetic()).unwrap_or(format);
    let (width, decimals) = match body.split_once('.') {
        Some((width, decimals)) => (width, Some(decimals.parse::<usize>().ok().filter(|&decimals| decimals < 40)?)),
        None => (body, None),
    };
    let zeros = width.starts_with('0');
    let width: usize = if width.is_empty() { 0 } else { width.parse().ok().filter(|&width| width < 40)? };
    let plain = match kind {
        None if decimals.is_none() => format!("{number}"),
        Some('d') if decimals.is_none() => format!("{number:.0}"),
        None | Some('f') => format!("{number:.*}", decimals.unwrap_or(6)),
        Some('e') => crate::logs::scientific(number, decimals.unwrap_or(6)),
        _ => return None,
    };
    Some(match (zeros, plain.strip_prefix('-')) {
        (true, Some(digits)) => format!("-{digits:0>0$}", width.saturating_sub(1)),
        (true, None) => format!("{plain:0>width$}"),
        (false, _) => format!("{plain:>width$}"),
    })
}

fn wrong(template: &str, what: &str) -> Error {
    Error::new(ErrorKind::Value, format!("{template:?}: {what}")).operation("file name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_python_does() {
        let value = |name: &str| match name {
            "epoch" => Some(3.0),
            "loss" => Some(-0.012345),
            _ => None,
        };
        let fill = |template: &str| fill(template, value, "epoch, loss").map_err(|error| error.to_string());
        // What Python 3 makes of the same templates.
        for (template, expected) in [
            ("{epoch:02d}.crisol", "03.crisol"),
            ("{epoch}-{loss:.3f}", "3--0.012"),
            ("{loss:08.2f}|{loss:8.2f}|{loss:.1e}", "-0000.01|   -0.01|-1.2e-02"),
            ("{{{epoch}}}", "{3}"),
        ] {
            assert_eq!(fill(template).as_deref(), Ok(expected));
        }
        assert!(fill("{mape}").unwrap_err().contains("no number is named \"mape\": epoch, loss"));
        assert!(fill("{epoch").unwrap_err().contains("a brace without its partner"));
        assert!(fill("{epoch:x}").unwrap_err().contains("no format is \"x\""));
    }
}
