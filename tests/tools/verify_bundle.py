#!/usr/bin/env python3
"""Verifies a bundle of `z4jctl audit bundle`, by its description in README.md, with the standard library and ssh-keygen.

usage: verify_bundle.py BUNDLE ALLOWED-SIGNERS IDENTITY      exit code 0 or 1
"""
import base64, hashlib, json, subprocess, sys, tempfile


def fail(what):
    sys.exit(f"FAIL: {what}")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def named(text):
    return len(text.encode()).to_bytes(4, "big") + text.encode()


def commitment(field):
    """What a field that is shown was committed to; of one that is redacted, what it says itself."""
    stated = bytes.fromhex(field["commitment"])
    if "salt" not in field:
        if "value" in field or "members" in field:
            fail(f"{field['name']} has a value and no salt")
        return stated
    salt, value = bytes.fromhex(field["salt"]), field.get("value")
    if "members" in field:
        opened = sha256(b"z4jctl/bundle/object/v1\0", salt, *(named(one["name"]) + commitment(one) for one in field["members"]))
    else:
        opened = sha256(b"z4jctl/bundle/field/v1\0", salt, b"\0" if value is None else b"\1" + value.encode())
    if opened != stated:
        fail(f"{field['name']} is not what was committed to")
    return stated


def root(leaf, index, size, proof):
    """RFC 9162, section 2.1.3.2."""
    node, at, last = sha256(b"\0", leaf), index, size - 1
    for beside in map(bytes.fromhex, proof):
        if last == 0:
            fail("a proof is too long")
        if at & 1 or at == last:
            node = sha256(b"\1", beside, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = sha256(b"\1", node, beside)
        at, last = at >> 1, last >> 1
    return node if last == 0 and index < size else None


def main(path, signers, identity):
    bundle = json.load(open(path, encoding="utf-8"))
    with tempfile.NamedTemporaryFile("w") as signature:
        signature.write(bundle["signature"])
        signature.flush()
        command = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", identity, "-n", "z4jctl-bundle", "-s", signature.name]
        if subprocess.run(command, input=bundle["statement"].encode(), stdout=subprocess.DEVNULL).returncode:
            fail("the signature is not good")
    origin, size, log, *lines = bundle["statement"].splitlines()
    said = dict(line.removeprefix("z4jctl/1 ").split(" ", 1) for line in lines)
    if said["bundle"] != bundle["schema"] or int(said["rows"]) != len(bundle["rows"]):
        fail("another number of rows than was signed")
    for at, row in enumerate(bundle["rows"]):
        if [field["name"] for field in row["fields"]] != said["columns"].split(","):
            fail(f"row {row['index']} has other columns")
        digest = sha256(
            b"z4jctl/bundle/row/v1\0",
            row["index"].to_bytes(8, "big"),
            named(row["verdict"]),
            *(named(field["name"]) + commitment(field) for field in row["fields"]),
        )
        if root(digest, at, len(bundle["rows"]), row["membership"]) != bytes.fromhex(said["commitments"]):
            fail(f"row {row['index']} is not what was signed")
        mac = next(field.get("value") for field in row["fields"] if field["name"] == "row_hmac")
        if root(bytes.fromhex(mac or ""), row["index"], int(size), row["inclusion"]) != base64.b64decode(log):
            fail(f"row {row['index']} is not in the log")
    print(f"OK: {len(bundle['rows'])} rows of {size}, {origin}")


if __name__ == "__main__":
    main(*sys.argv[1:])
