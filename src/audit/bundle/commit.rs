//! What binds the content of a row to a signature without showing it: salted SHA-256, each kind behind a domain of its own.
//!
//! | what | SHA-256 of |
//! |---|---|
//! | a value | `z4jctl/bundle/field/v1`, a zero byte, the salt (32 bytes), then a byte 0 for NULL or a byte 1 and the text |
//! | an object | `z4jctl/bundle/object/v1`, a zero byte, the salt, then each member: its name, its commitment |
//! | a row | `z4jctl/bundle/row/v1`, a zero byte, its index (8 bytes, big-endian), its verdict, then each column: its name, its commitment |
//!
//! Names and verdicts are preceded by their length in bytes (4 bytes, big-endian).

use crate::format::Digest;
use crate::format::merkle::hash;

const FIELD: &[u8] = b"z4jctl/bundle/field/v1\0";
const OBJECT: &[u8] = b"z4jctl/bundle/object/v1\0";
const ROW: &[u8] = b"z4jctl/bundle/row/v1\0";

/// 32 random bytes, one for each commitment; written as a digest is.
pub type Salt = Digest;

/// The commitment to a value; `None` is NULL.
pub fn value(salt: Salt, value: Option<&str>) -> Digest {
    match value {
        None => hash(&[FIELD, &salt.0, &[0]]),
        Some(text) => hash(&[FIELD, &salt.0, &[1], text.as_bytes()]),
    }
}

/// The commitment to an object, by the commitments to its members.
pub fn object<'n>(salt: Salt, members: impl Iterator<Item = (&'n str, Digest)>) -> Digest {
    let mut bytes = salt.0.to_vec();
    append(members, &mut bytes);
    hash(&[OBJECT, &bytes])
}

/// The digest of a row, by the commitments to its columns.
pub fn row<'n>(index: u64, verdict: &str, columns: impl Iterator<Item = (&'n str, Digest)>) -> Digest {
    let mut bytes = index.to_be_bytes().to_vec();
    text(verdict, &mut bytes);
    append(columns, &mut bytes);
    hash(&[ROW, &bytes])
}

fn append<'n>(commitments: impl Iterator<Item = (&'n str, Digest)>, out: &mut Vec<u8>) {
    for (name, commitment) in commitments {
        text(name, out);
        out.extend_from_slice(&commitment.0);
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn null_is_no_text() {
        let salt = Digest([7; 32]);
        let all = [None, Some(""), Some("\0"), Some("\u{1}")].map(|text| value(salt, text));
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|other| other != one), "{at}");
        }
    }

    proptest! {
        /// Where one name ends and the next begins is part of what is committed to.
        #[test]
        fn other_columns_are_another_row(
            one in proptest::collection::vec(("[ab]{0,3}", any::<[u8; 32]>()), 0..4),
            other in proptest::collection::vec(("[ab]{0,3}", any::<[u8; 32]>()), 0..4),
        ) {
            let of = |columns: &[(String, [u8; 32])]| {
                row(1, "verified", columns.iter().map(|(name, bytes)| (name.as_str(), Digest(*bytes))))
            };
            prop_assert_eq!(of(&one) == of(&other), one == other);
        }
    }
}
