//! The digest over frozen history: all rows from before 1.8, in chain order (audit chain, section 5.4).

use ring::digest::{Context, SHA256};

use super::mac::Digest;

const DOMAIN: &[u8] = b"z4j/audit-chain/frozen-snapshot/v1\0";

/// Takes the canonical snapshots in order and yields the digest that the chain state signs.
#[derive(Clone)]
pub struct FrozenDigest {
    context: Context,
    rows: u64,
}

impl Default for FrozenDigest {
    fn default() -> Self {
        let mut context = Context::new(&SHA256);
        context.update(DOMAIN);
        Self { context, rows: 0 }
    }
}

impl FrozenDigest {
    /// Adds the snapshot of the next row, as [`super::row::write_snapshot`] writes it.
    pub fn add(&mut self, snapshot: &[u8]) {
        let length = u64::try_from(snapshot.len()).unwrap_or(u64::MAX);
        self.context.update(&length.to_be_bytes());
        self.context.update(snapshot);
        self.rows += 1;
    }

    /// How many rows were added.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The digest.
    pub fn finish(self) -> Digest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.context.finish().as_ref());
        Digest(bytes)
    }
}
