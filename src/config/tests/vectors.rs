//! The file syntaxes as z4j 1.13.0 reads them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::config::files::{Document, SECRET_ENV_KEYS, parse_secret_env};
use crate::config::{dotenv, keys};
use crate::error::Result;

#[derive(Deserialize)]
struct Vectors {
    secret_env_1_13: Vec<Case>,
    config_env_1_13: Vec<Case>,
    comma_lists: Vec<List>,
}

#[derive(Deserialize)]
struct Case {
    document: String,
    values: Option<BTreeMap<String, String>>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct List {
    raw: String,
    parsed: Vec<String>,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../fixtures/vectors/identity/config-files.json")).unwrap()
}

fn check(case: &Case, parsed: Result<Document>) {
    match (&case.values, parsed) {
        (Some(values), Ok(document)) => {
            let found: BTreeMap<String, String> = document
                .iter()
                .map(|(name, assignment)| (name.to_owned(), assignment.value.to_string()))
                .collect();
            assert_eq!(&found, values, "{:?}", case.document);
        }
        (None, Err(error)) => {
            // Wherever z4j names a line, so do we, and the same one.
            let line = case
                .error
                .as_deref()
                .unwrap()
                .split_once("line ")
                .map_or("line ", |(_, rest)| rest.split(' ').next().unwrap_or_default());
            assert!(error.message().contains(line), "{error} / {:?}", case.error);
        }
        (expected, found) => panic!("{:?}: expected {expected:?}, found {found:?}", case.document),
    }
}

#[test]
fn secret_env() {
    let cases = vectors().secret_env_1_13;
    assert_eq!(cases.len(), 15);
    for case in cases {
        check(&case, parse_secret_env(&case.document, &SECRET_ENV_KEYS, "secret.env"));
    }
}

#[test]
fn config_env() {
    let cases = vectors().config_env_1_13;
    assert_eq!(cases.len(), 15);
    for case in cases {
        check(&case, dotenv::parse(&case.document, "config.env"));
    }
}

#[test]
fn comma_lists() {
    let cases = vectors().comma_lists;
    assert_eq!(cases.len(), 5);
    for case in cases {
        assert_eq!(keys::split_list(&case.raw), case.parsed, "{:?}", case.raw);
    }
}
