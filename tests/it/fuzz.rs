//! The checks of the fuzz targets over their seeds and over mutations of them: fuzzing for machines without
//! libFuzzer, the same every time.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{environment, repository};

#[path = "../../fuzz/checks/canonical_json.rs"]
mod canonical_json;

const MUTATIONS: usize = 10_000;

/// Pieces of JSON that a change of single bytes would hardly ever hit upon.
const PIECES: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud83d\\ude00",
    b"\\ud800",
    b"\\u0000",
    b"NaN",
    b"-Infinity",
    b"1e400",
    b"-0",
    b"-0.0",
    b"5e-324",
    b"1e16",
    b"123456789012345678901234567890",
    b"\xc3\xa9",
    b"\xff",
    b"\xf0\x9f",
    b"true",
];

/// Name and text of each seed, from the vectors that the real z4j judged.
fn seeds() -> BTreeMap<String, Vec<u8>> {
    let text =
        fs::read(repository().join("fixtures/vectors/audit/canonical-json.json")).expect("read the vectors");
    let vectors: Value = serde_json::from_slice(&text).expect("vectors are JSON");
    let cases = vectors["cases"].as_array().expect("a list of cases");
    cases
        .iter()
        .map(|case| {
            let field =
                |name: &str| case[name].as_str().unwrap_or_else(|| panic!("no {name}: {case}")).to_owned();
            (
                field("name").replace(|character: char| !character.is_ascii_alphanumeric(), "-"),
                field("stored_metadata_text").into(),
            )
        })
        .collect()
}

#[test]
fn the_seeds_are_those_of_the_vectors() {
    let directory = repository().join("fuzz/seeds/canonical_json");
    if environment("Z4JCTL_UPDATE").is_some() {
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory).expect("create a directory");
        for (name, text) in seeds() {
            fs::write(directory.join(name), text).expect("write a seed");
        }
    }
    let found: BTreeMap<String, Vec<u8>> = fs::read_dir(&directory)
        .expect("read the seeds")
        .map(|entry| {
            let entry = entry.expect("read a directory entry");
            (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("read a seed"))
        })
        .collect();
    assert!(found == seeds(), "regenerate: Z4JCTL_UPDATE=1 cargo test --test it fuzz::");
}

/// xorshift64*: the same numbers on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).expect("31 bits") % below.max(1)
    }

    fn mutate(&mut self, text: &mut Vec<u8>, other: &[u8]) {
        let at = self.next(text.len() + 1);
        match self.next(6) {
            0 => text.truncate(at),
            1 => drop(text.drain(at..(at + 1 + self.next(4)).min(text.len()).max(at))),
            2 => text.insert(at, u8::try_from(self.next(256)).expect("a byte")),
            3 => drop(text.splice(at..at, PIECES[self.next(PIECES.len())].iter().copied())),
            4 => drop(text.splice(at..at, other[self.next(other.len())..].iter().copied())),
            _ => {
                if let Some(byte) = text.get_mut(at) {
                    *byte ^= 1 << self.next(8);
                }
            }
        }
    }
}

#[test]
fn canonical_json_holds_over_seeds_and_mutations() {
    let seeds: Vec<Vec<u8>> = seeds().into_values().collect();
    for seed in &seeds {
        canonical_json::check(seed);
    }
    let mut numbers = Numbers(0x7a34_6a63_746c);
    for _ in 0..MUTATIONS {
        let mut text = seeds[numbers.next(seeds.len())].clone();
        for _ in 0..=numbers.next(4) {
            let other = numbers.next(seeds.len());
            numbers.mutate(&mut text, &seeds[other]);
        }
        let shown = String::from_utf8_lossy(&text).into_owned();
        let result = std::panic::catch_unwind(|| canonical_json::check(&text));
        assert!(result.is_ok(), "fails for {shown:?}");
    }
}
