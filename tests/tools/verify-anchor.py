#!/usr/bin/env python3
"""An independent judge of anchors, written by the texts of C2SP (signed-note, tlog-checkpoint) and RFC 6962.

    verify-anchor.py CHECKPOINT VERIFIER-KEY ROW-HMACS

ROW-HMACS is a file with one row_hmac a line, in chain order. Needs the package `cryptography` for Ed25519. Shares no
code with z4jctl. Prints origin and size; exits 1 with a traceback when something does not hold.
"""
import base64
import hashlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key


def sha256(data):
    return hashlib.sha256(data).digest()


def root(leaves):
    if len(leaves) == 0:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def key(text, name):
    if text.startswith("ssh-ed25519"):
        return load_ssh_public_key(text.encode()).public_bytes(Encoding.Raw, PublicFormat.Raw)
    own, digits, encoded = text.split("+", 2)
    typed = base64.b64decode(encoded, validate=True)
    assert own == name and typed[0] == 1 and len(typed) == 33, "the verifier key"
    assert sha256(own.encode() + b"\n" + typed)[:4].hex() == digits, "the id of the verifier key"
    return typed[1:]


note = open(sys.argv[1], "rb").read().decode("utf-8")
at = note.rindex("\n\n")
text, signatures = note[: at + 1], note[at + 2 :].splitlines()
assert len(signatures) == 1, "one signature"
dash, name, encoded = signatures[0].split(" ")
assert dash == "\u2014", "the em dash"
blob = base64.b64decode(encoded, validate=True)
public = key(sys.argv[2], name)
assert blob[:4] == sha256(name.encode() + b"\n\x01" + public)[:4], "the key id of the signature"
Ed25519PublicKey.from_public_bytes(public).verify(blob[4:], text.encode())

lines = text.splitlines()
assert all(lines), "no empty line"
origin, size = lines[0], int(lines[1])
assert str(size) == lines[1], "the size"
leaves = [bytes.fromhex(line) for line in open(sys.argv[3]).read().split()]
assert len(leaves) == size, f"{len(leaves)} rows, size {size}"
assert base64.b64encode(root(leaves)).decode() == lines[2], "the root"
print(origin, size)
