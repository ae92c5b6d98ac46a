//! UUIDs as z4j stores and signs them.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex;

/// A UUID. Signed in lower-case dashed form; SQLite stores 32 hexadecimal digits without dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

/// Where the groups of digits stand: without dashes, and with them.
const GROUPS: [(Range<usize>, Range<usize>); 5] =
    [(0..8, 0..8), (8..12, 9..13), (12..16, 14..18), (16..20, 19..23), (20..32, 24..36)];

impl Id {
    /// From the 16 bytes of PostgreSQL's binary form.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads 32 hexadecimal digits or the dashed form, in either case.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut digits = [0; 32];
        match text.len() {
            32 => digits.copy_from_slice(text),
            36 if [8, 13, 18, 23].iter().all(|at| text[*at] == b'-') => {
                for (simple, dashed) in GROUPS {
                    digits[simple].copy_from_slice(&text[dashed]);
                }
            }
            _ => return None,
        }
        hex::read_lower(&digits)
            .or_else(|| hex::read_lower(&digits.map(|digit| digit.to_ascii_lowercase())))
            .map(Self)
    }

    /// Appends the dashed form.
    pub fn write(self, out: &mut Vec<u8>) {
        let digits = hex::write_lower(&self.0);
        let mut text = [b'-'; 36];
        for (simple, dashed) in GROUPS {
            text[dashed].copy_from_slice(&digits[simple]);
        }
        out.extend_from_slice(&text);
    }

    /// The form that SQLite stores: 32 lower-case digits.
    pub fn simple(self) -> String {
        hex::text(&self.0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::with_capacity(36);
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(text.as_bytes()).ok_or_else(|| serde::de::Error::custom("not a UUID"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_forms_read_back(bytes: [u8; 16]) {
            let id = Id::from_bytes(bytes);
            prop_assert_eq!(Id::parse(id.to_string().as_bytes()), Some(id));
            prop_assert_eq!(Id::parse(id.simple().to_uppercase().as_bytes()), Some(id));
        }

        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Id::parse(&text);
        }
    }

    #[test]
    fn refuses_misplaced_dashes() {
        assert_eq!(Id::parse(b"754bb577-9ef24-832b-62e2-a0358401a69"), None);
        assert_eq!(Id::parse(b"754bb5779ef24832b62e2a0358401a6g"), None);
    }
}
