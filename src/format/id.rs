//! UUIDs as z4j stores and signs them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A UUID. Signed in lower-case dashed form; SQLite stores 32 hexadecimal digits without dashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 16]);

/// Where each byte stands in the dashed form.
const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

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
        let mut bytes = [0; 16];
        match text.len() {
            32 => {
                for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
                    *byte = super::mac::hex_pair(pair[0], pair[1])?;
                }
            }
            36 if [8, 13, 18, 23].iter().all(|at| text[*at] == b'-') => {
                for (byte, at) in bytes.iter_mut().zip(PLACES) {
                    *byte = super::mac::hex_pair(text[at], text[at + 1])?;
                }
            }
            _ => return None,
        }
        Some(Self(bytes))
    }

    /// Appends the dashed form.
    pub fn write(self, out: &mut Vec<u8>) {
        let mut text = [b'-'; 36];
        for (byte, at) in self.0.iter().zip(PLACES) {
            text[at..at + 2].copy_from_slice(&super::mac::hex_byte(*byte));
        }
        out.extend_from_slice(&text);
    }

    /// The form that SQLite stores: 32 lower-case digits.
    pub fn simple(self) -> String {
        self.0.iter().flat_map(|byte| super::mac::hex_byte(*byte)).map(char::from).collect()
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
