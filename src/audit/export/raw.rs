//! The raw form of a value that is not what its column's type allows: exactly what the database holds, so that nothing is
//! dropped and the row can be judged from the export as it would be in the database.
//!
//! | form | what it is |
//! |---|---|
//! | `{"text":"…"}` | text, such as a malformed time, or metadata that is not JSON |
//! | `{"text_hex":"…"}` | text that is not UTF-8, its bytes in hexadecimal |
//! | `{"integer":7}` | SQLite INTEGER |
//! | `{"real":"1.5"}` | SQLite REAL |
//! | `{"blob":"…"}` | SQLite BLOB, hexadecimal |
//! | `{"binary":"…"}` | PostgreSQL's binary form, hexadecimal |

use serde::Deserialize;

use crate::format::hex;
use crate::format::json::write_string;
use crate::store::batch::{RowBatch, Storage};

/// A value in its raw form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Raw {
    /// UTF-8 text.
    Text(String),
    /// Text in another encoding, or broken.
    TextHex(String),
    /// An integer.
    Integer(i64),
    /// A floating-point number in decimal.
    Real(String),
    /// A blob.
    Blob(String),
    /// PostgreSQL's binary form.
    Binary(String),
}

/// Appends the raw form of a value; NULL has none, since every column can be NULL.
pub fn write(storage: Storage, bytes: &[u8], out: &mut Vec<u8>) {
    let hex = |name: &str, out: &mut Vec<u8>| {
        out.extend_from_slice(format!("{{\"{name}\":\"").as_bytes());
        out.extend_from_slice(hex::text(bytes).as_bytes());
        out.extend_from_slice(b"\"}");
    };
    let eight = <[u8; 8]>::try_from(bytes).unwrap_or_default();
    match storage {
        Storage::Null => out.extend_from_slice(b"null"),
        Storage::Integer => {
            out.extend_from_slice(format!("{{\"integer\":{}}}", i64::from_le_bytes(eight)).as_bytes());
        }
        Storage::Real => {
            out.extend_from_slice(format!("{{\"real\":\"{}\"}}", f64::from_le_bytes(eight)).as_bytes());
        }
        Storage::Text => match std::str::from_utf8(bytes) {
            Ok(text) => {
                out.extend_from_slice(b"{\"text\":");
                write_string(text, out);
                out.push(b'}');
            }
            Err(_) => hex("text_hex", out),
        },
        Storage::Blob => hex("blob", out),
        Storage::Binary => hex("binary", out),
    }
}

impl Raw {
    /// Adds the value to a batch as it was in the database; false when it is not one.
    #[must_use]
    pub fn push(&self, batch: &mut RowBatch) -> bool {
        let (storage, bytes) = match self {
            Self::Text(text) => (Storage::Text, Some(text.as_bytes().to_vec())),
            Self::TextHex(digits) => (Storage::Text, hex::parse(digits)),
            Self::Integer(value) => (Storage::Integer, Some(value.to_le_bytes().to_vec())),
            Self::Real(text) => {
                (Storage::Real, text.parse::<f64>().ok().map(|value| value.to_le_bytes().to_vec()))
            }
            Self::Blob(digits) => (Storage::Blob, hex::parse(digits)),
            Self::Binary(digits) => (Storage::Binary, hex::parse(digits)),
        };
        batch.push(storage, bytes.as_deref().unwrap_or_default());
        bytes.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::batch::Layout;

    #[test]
    fn every_storage_comes_back() {
        for (storage, bytes) in [
            (Storage::Text, b"not a time \"".to_vec()),
            (Storage::Text, vec![0xff, 0x00]),
            (Storage::Integer, (-7_i64).to_le_bytes().to_vec()),
            (Storage::Real, 0.1_f64.to_le_bytes().to_vec()),
            (Storage::Real, f64::INFINITY.to_le_bytes().to_vec()),
            (Storage::Blob, vec![]),
            (Storage::Binary, vec![1, 2, 255]),
        ] {
            let mut text = Vec::new();
            write(storage, &bytes, &mut text);
            let raw: Raw = serde_json::from_slice(&text).expect("JSON");
            let mut batch = RowBatch::new(Layout::links());
            assert!(raw.push(&mut batch));
            for _ in 0..3 {
                batch.push(Storage::Null, &[]);
            }
            let found = batch.row(0).field(crate::store::batch::Column::Id);
            assert_eq!(found, Some((storage, bytes.as_slice())));
        }
    }
}
