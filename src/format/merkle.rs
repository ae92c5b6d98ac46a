//! The Merkle tree of RFC 6962, section 2.1: SHA-256, leaves hashed behind a byte 0x00, inner nodes behind 0x01; and its
//! proofs of inclusion and consistency.

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

/// A tree that leaves are appended to. It keeps the roots of its complete subtrees only, one for each bit that is set in
/// the number of leaves, and of the nodes that are followed the way to the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// Roots of the complete subtrees, the largest first.
    roots: Vec<Node>,
    /// The way of each node that is followed, as far as it is known.
    ways: Vec<Way>,
}

/// The way of a node that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Way {
    nodes: Vec<Digest>,
    /// How large the tree was, when it was the tree itself that was to be followed.
    since: Option<u64>,
}

/// The root of a complete subtree.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    hash: Digest,
    /// Which of the nodes that are followed lie below it.
    followed: Vec<usize>,
}

/// A node that a tree follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followed(usize);

impl Tree {
    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf by its hash ([`leaf_hash`]).
    pub fn push(&mut self, leaf: Digest) {
        self.append(Node { hash: leaf, followed: Vec::new() });
    }

    /// Appends a leaf and follows it: [`Tree::ways`] has its inclusion proof.
    pub fn push_followed(&mut self, leaf: Digest) -> Followed {
        let followed = self.follow(Way { nodes: Vec::new(), since: None });
        self.append(Node { hash: leaf, followed: vec![followed.0] });
        followed
    }

    /// Follows the tree as it is now: [`Tree::ways`] has the proof that later ones continue it.
    pub fn follow_size(&mut self) -> Followed {
        // The proof is the way of the smallest complete subtree at the end; when that is not the whole tree, from its own
        // hash on (RFC 9162, section 2.1.4.1).
        let begins = match self.roots.as_slice() {
            [_, .., last] => vec![last.hash],
            _ => Vec::new(),
        };
        let followed = self.follow(Way { nodes: begins, since: Some(self.size) });
        if let Some(last) = self.roots.last_mut() {
            last.followed.push(followed.0);
        }
        followed
    }

    fn follow(&mut self, way: Way) -> Followed {
        self.ways.push(way);
        Followed(self.ways.len() - 1)
    }

    fn append(&mut self, mut node: Node) {
        let mut size = self.size;
        while size & 1 == 1 {
            let Some(left) = self.roots.pop() else { break };
            node = join(left, node, &mut self.ways);
            size >>= 1;
        }
        self.roots.push(node);
        self.size += 1;
    }

    /// The Merkle tree hash of all leaves; of none, the SHA-256 of nothing.
    pub fn root(&self) -> Digest {
        let mut roots = self.roots.iter().rev().map(|node| node.hash);
        let Some(last) = roots.next() else { return hash(&[]) };
        roots.fold(last, |right, left| node_hash(left, right))
    }

    /// The way of every node that is followed to the root of the tree as it is now: inclusion and consistency proofs.
    pub fn ways(mut self) -> Ways {
        while let (Some(right), Some(left)) = (self.roots.pop(), self.roots.pop()) {
            let node = join(left, right, &mut self.ways);
            self.roots.push(node);
        }
        // A tree continues itself without any proof.
        let size = self.size;
        let nodes = |way: Way| if way.since == Some(size) { Vec::new() } else { way.nodes };
        Ways(self.ways.into_iter().map(nodes).collect())
    }
}

/// Two subtrees under a common node.
fn join(mut left: Node, right: Node, ways: &mut [Way]) -> Node {
    for (below, beside) in [(&left.followed, right.hash), (&right.followed, left.hash)] {
        for at in below {
            ways[*at].nodes.push(beside);
        }
    }
    left.followed.extend(right.followed);
    Node { hash: node_hash(left.hash, right.hash), followed: left.followed }
}

/// The ways of all nodes that a tree followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ways(Vec<Vec<Digest>>);

impl Ways {
    /// The proof of one of them.
    pub fn proof(&self, followed: Followed) -> &[Digest] {
        self.0.get(followed.0).map_or(&[], Vec::as_slice)
    }
}

/// The root of a tree of `size` leaves to which an inclusion proof leads from the leaf at `index`; `None` when the proof
/// has another length than such a tree demands (RFC 9162, section 2.1.3.2).
pub fn root_of_inclusion(leaf: Digest, index: u64, size: u64, proof: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    let (mut at, mut last, mut node) = (index, size - 1, leaf);
    for beside in proof {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            node = node_hash(*beside, node);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            node = node_hash(node, *beside);
        }
        at >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(node)
}

/// A tree by its number of leaves and its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// Root hash.
    pub root: Digest,
}

/// Whether a consistency proof shows that one tree begins with all leaves of another (RFC 9162, section 2.1.4.2).
pub fn is_consistent(older: TreeHead, newer: TreeHead, proof: &[Digest]) -> bool {
    if older.size == newer.size {
        return proof.is_empty() && older.root == newer.root;
    }
    if older.size == 0 || older.size > newer.size {
        return false;
    }
    // The first node of the proof is the older tree itself when that is complete.
    let (first, rest) = match proof {
        rest if older.size.is_power_of_two() => (older.root, rest),
        [first, rest @ ..] => (*first, rest),
        [] => return false,
    };
    let (mut at, mut last) = (older.size - 1, newer.size - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut to_older, mut to_newer) = (first, first);
    for beside in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            to_older = node_hash(*beside, to_older);
            to_newer = node_hash(*beside, to_newer);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            to_newer = node_hash(to_newer, *beside);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && to_older == older.root && to_newer == newer.root
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    /// PATH and PROOF of RFC 6962, sections 2.1.1 and 2.1.2, word for word.
    fn path_by_definition(m: usize, leaves: &[&[u8]]) -> Vec<Digest> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let k = leaves.len().next_power_of_two() / 2;
        let (mut path, beside) = if m < k {
            (path_by_definition(m, &leaves[..k]), by_definition(&leaves[k..]))
        } else {
            (path_by_definition(m - k, &leaves[k..]), by_definition(&leaves[..k]))
        };
        path.push(beside);
        path
    }

    fn subproof_by_definition(m: usize, leaves: &[&[u8]], complete: bool) -> Vec<Digest> {
        if m == leaves.len() {
            return if complete { Vec::new() } else { vec![by_definition(leaves)] };
        }
        let k = leaves.len().next_power_of_two() / 2;
        let (mut proof, beside) = if m <= k {
            (subproof_by_definition(m, &leaves[..k], complete), by_definition(&leaves[k..]))
        } else {
            (subproof_by_definition(m - k, &leaves[k..], false), by_definition(&leaves[..k]))
        };
        proof.push(beside);
        proof
    }

    #[test]
    fn every_proof_agrees_with_the_definition_and_holds() {
        let data: Vec<[u8; 2]> = (0..40_u16).map(u16::to_be_bytes).collect();
        let leaves: Vec<&[u8]> = data.iter().map(<[u8; 2]>::as_slice).collect();
        for size in 1..leaves.len() {
            let leaves = &leaves[..size];
            let mut tree = Tree::default();
            let (mut included, mut older) = (Vec::new(), Vec::new());
            for leaf in leaves {
                included.push(tree.push_followed(leaf_hash(leaf)));
                older.push((tree.follow_size(), TreeHead { size: tree.size(), root: tree.root() }));
            }
            let head = TreeHead { size: tree.size(), root: tree.root() };
            assert_eq!(head.root, by_definition(leaves));
            let ways = tree.ways();
            for (index, followed) in included.into_iter().enumerate() {
                let proof = ways.proof(followed);
                assert_eq!(proof, path_by_definition(index, leaves), "{index} of {size}");
                let root = |index: usize, size: u64, proof: &[Digest]| {
                    root_of_inclusion(leaf_hash(leaves[index]), index as u64, size, proof)
                };
                assert_eq!(root(index, head.size, proof), Some(head.root));
                assert_ne!(root((index + 1) % size, head.size, proof), Some(head.root).filter(|_| size > 1));
                assert_eq!(root(index, 0, proof), None);
                assert_ne!(root(index, head.size, &[proof, &[head.root]].concat()), Some(head.root));
                if let Some(shorter) = proof.split_last() {
                    assert_ne!(root(index, head.size, shorter.1), Some(head.root));
                }
            }
            for (followed, before) in older {
                let proof = ways.proof(followed);
                let m = usize::try_from(before.size).unwrap();
                assert_eq!(proof, subproof_by_definition(m, leaves, true), "{m} of {size}");
                assert!(is_consistent(before, head, proof), "{m} of {size}");
                let other = TreeHead { root: leaf_hash(b"other"), ..before };
                assert!(!is_consistent(other, head, proof));
                assert!(!is_consistent(before, TreeHead { root: other.root, ..head }, proof));
                assert!(!is_consistent(before, head, &[proof, &[head.root]].concat()));
                if let Some(shorter) = proof.split_last() {
                    assert!(!is_consistent(before, head, shorter.1));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn arbitrary_proofs_never_panic(size: u64, index: u64, older: u64, proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70)) {
            let proof: Vec<Digest> = proof.into_iter().map(Digest).collect();
            let root = Digest([0; 32]);
            prop_assert_ne!(root_of_inclusion(root, index, size, &proof), Some(root));
            let (before, after) = (TreeHead { size: older, root }, TreeHead { size, root });
            prop_assert!(size == older || !is_consistent(before, after, &proof));
        }
    }
}
