//! What must hold of the canonical form of any bytes. Shared by the fuzz target and by the tests of the main package.

use serde_json::Value;
use z4jctl::format::json::{Canonicalizer, JsonError, MAX_DEPTH, Numbers};

/// Panics when it does not hold.
pub(super) fn check(text: &[u8]) {
    let python = canonical(text, Numbers::Python);
    let finite = canonical(text, Numbers::Finite);
    match (&python, &finite) {
        (Ok(python), Ok(finite)) => assert_eq!(python, finite, "what both allow has one form"),
        (Ok(_), Err(error)) => assert_eq!(*error, JsonError::NotFinite, "all that Finite refuses more"),
        (Err(error), Ok(_)) => panic!("only Finite allows it: {error}"),
        (Err(_), Err(_)) => {}
    }
    if let Ok(form) = &python {
        assert_eq!(
            canonical(form.as_bytes(), Numbers::Python).as_ref(),
            Ok(form),
            "the form of a form is itself"
        );
    }
    agrees_with_serde(text, &finite);
}

fn canonical(text: &[u8], numbers: Numbers) -> Result<String, JsonError> {
    let mut out = b"before".to_vec();
    let result = Canonicalizer::new().write(text, numbers, &mut out);
    assert!(out.starts_with(b"before"), "what was there is gone");
    match result {
        Ok(_) => Ok(String::from_utf8(out.split_off(6)).expect("a canonical form is UTF-8")),
        Err(error) => {
            assert_eq!(out, b"before", "an error leaves something behind");
            Err(error)
        }
    }
}

/// An independent reader sees the same value before and after; where it has no numbers but integers, it also
/// prints the same bytes.
fn agrees_with_serde(text: &[u8], finite: &Result<String, JsonError>) {
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return };
    let form = finite.as_ref().unwrap_or_else(|error| panic!("serde_json reads it, and we say {error}"));
    let read: Value = serde_json::from_str(form).expect("serde_json reads the canonical form");
    assert!(is_same(&value, &read), "{value} became {read}");
    if has_integers_only(&value) {
        assert_eq!(*form, value.to_string());
    }
    // Its own limit of depth is far lower than ours.
    const { assert!(MAX_DEPTH > 128) };
}

/// Equal, where -0 is 0: the one is what `serde_json` makes of Python's integer `-0`.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, value)| other.get(key).is_some_and(|found| is_same(value, found)))
        }
        _ => one == other,
    }
}

fn has_integers_only(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_i64() || number.is_u64(),
        Value::Array(values) => values.iter().all(has_integers_only),
        Value::Object(members) => members.values().all(has_integers_only),
        _ => true,
    }
}
