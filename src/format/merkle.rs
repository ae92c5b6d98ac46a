//! The Merkle tree of RFC 6962, section 2.1: SHA-256, leaves hashed behind a byte 0x00, inner nodes behind 0x01.

use ring::digest::{Context, SHA256};

use super::mac::Digest;

const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// The hash of a leaf: `SHA-256(0x00 ‖ data)`.
pub fn leaf_hash(data: &[u8]) -> Digest {
    hash(&[&LEAF, data])
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)`.
fn node_hash(left: Digest, right: Digest) -> Digest {
    hash(&[&NODE, &left.0, &right.0])
}

/// SHA-256 of parts, one after the other.
pub fn hash(parts: &[&[u8]]) -> Digest {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    Digest(bytes)
}

/// A tree that leaves are appended to. It keeps the roots of its complete subtrees only: one for each bit that is set
/// in the number of leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// Roots of the complete subtrees, the largest first.
    roots: Vec<Digest>,
}

impl Tree {
    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash ([`leaf_hash`]).
    pub fn push(&mut self, leaf: Digest) {
        let mut node = leaf;
        let mut size = self.size;
        while size & 1 == 1 {
            let Some(left) = self.roots.pop() else { break };
            node = node_hash(left, node);
            size >>= 1;
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// The Merkle tree hash of all leaves; of none, the SHA-256 of nothing.
    pub fn root(&self) -> Digest {
        let mut roots = self.roots.iter().rev().copied();
        let Some(last) = roots.next() else { return hash(&[]) };
        roots.fold(last, |right, left| node_hash(left, right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962, section 2.1, word for word.
    fn by_definition(leaves: &[&[u8]]) -> Digest {
        match leaves {
            [] => hash(&[]),
            [leaf] => leaf_hash(leaf),
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                node_hash(by_definition(&leaves[..k]), by_definition(&leaves[k..]))
            }
        }
    }

    /// The leaves and roots that the implementations of Certificate Transparency test each other with.
    #[test]
    fn the_vectors_of_certificate_transparency() {
        let leaves: [&[u8]; 8] = [
            b"",
            b"\x00",
            b"\x10",
            b"\x20\x21",
            b"\x30\x31",
            b"\x40\x41\x42\x43",
            b"\x50\x51\x52\x53\x54\x55\x56\x57",
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Tree::default();
        for (size, root) in roots.iter().enumerate() {
            assert_eq!(tree.root().to_string(), *root, "{size} leaves");
            if let Some(leaf) = leaves.get(size) {
                tree.push(leaf_hash(leaf));
            }
        }
        assert_eq!(tree.size(), 8);
    }

    #[test]
    fn every_size_agrees_with_the_definition() {
        let data: Vec<[u8; 2]> = (0..70_u16).map(u16::to_be_bytes).collect();
        let leaves: Vec<&[u8]> = data.iter().map(<[u8; 2]>::as_slice).collect();
        let mut tree = Tree::default();
        for size in 0..leaves.len() {
            assert_eq!(tree.root(), by_definition(&leaves[..size]), "{size} leaves");
            tree.push(leaf_hash(leaves[size]));
        }
    }
}
