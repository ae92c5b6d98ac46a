//! Fuzzes the canonical form of JSON.
#![no_main]

#[path = "../checks/canonical_json.rs"]
mod canonical_json;

libfuzzer_sys::fuzz_target!(|text: &[u8]| canonical_json::check(text));
