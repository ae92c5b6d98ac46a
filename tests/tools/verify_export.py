#!/usr/bin/env python3
"""Verifies a CSV export of `z4jctl audit export`, by its description in README.md, with the standard library alone.
usage: verify_export.py FILE.csv      with the brain's secrets in the environment, as z4j takes them; exit code 0 or 1"""
import hashlib, hmac, ipaddress, json, os, re, sys

FIELD = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)([,\n])')
SIGNED = "id action target_type target_id result outcome event_id user_id project_id source_ip user_agent metadata occurred_at prev_row_hmac".split()
MARKERS = "api_key_id row_hmac hmac_version hmac_key_id legacy_integrity_class legacy_origin chain_generation".split()

def need(holds, what):
    holds or sys.exit(f"FAIL: {what}")

def records(text):
    row, end = [], 0
    while end < len(text):
        found = FIELD.match(text, end) or sys.exit(f"FAIL: not CSV at character {end}")
        row.append(found[1][1:-1].replace('""', '"') if found[1].startswith('"') else found[1] or None)
        end = found.end()
        if found[2] == "\n":
            yield row
            row = []

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def mac(key, domain, message):
    return hmac.new(key, domain + message, hashlib.sha256).hexdigest()

def secrets(name, previous):
    return [key.strip().encode() for key in [os.environ.get(name, ""), *os.environ.get(previous, "").split(",")] if key.strip()]

def addresses(text, normal):
    """What may have been signed: an IPv4-mapped address has two normal forms, by the Python that wrote the row."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # NULL, or no address
        return [text]
    mapped = getattr(address, "ipv4_mapped", None)
    forms = [f"::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}", f"::ffff:{mapped}"] if mapped else [str(address)]
    return forms if normal else [text, *forms]

def messages(row, family):
    """What may be under the MAC of a row: domain and canonical JSON."""
    for address in addresses(row["source_ip"], family == "active"):
        signed = {name: row[name] for name in SIGNED} | {"source_ip": address}
        if family == "active":
            more = {name: row[name] for name in ("api_key_id", "hmac_key_id", "chain_generation")}
            yield b"z4j/audit-chain/row/v2\0", canonical(signed | more | {"version": 2})
        elif family == "baseline":
            yield b"", canonical(signed | {"api_key_id": row["api_key_id"], "version": 1})
        else:
            yield b"", canonical(signed | {"version": 3})
            if signed.pop("prev_row_hmac") is None:
                yield b"", canonical(signed | {"version": 2})
                yield b"", canonical({name: signed[name] for name in signed if name != "id"} | {"version": 1})

def main(path):
    with open(path + ".manifest.json", encoding="utf-8") as file, open(path, "rb") as export:
        manifest, data = json.load(file), export.read()
    digest = manifest.pop("manifest_digest")
    need(hashlib.sha256(b"z4jctl.audit.export/1\0" + canonical(manifest)).hexdigest() == digest, "the manifest was changed")
    need(hashlib.sha256(data).hexdigest() == manifest["data"]["sha256"], "the file is not the one of the manifest")
    header, *lines = records(data.decode())
    need((header, len(lines)) == (manifest["columns"], manifest["rows"]["total"]), "columns or number of rows are others")
    masters, audits = secrets("Z4J_SECRET", "Z4J_PREVIOUS_SECRETS"), secrets("Z4J_AUDIT_CHAIN_SECRET", "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS")
    by_id = {mac(key, b"z4j/audit-chain/key-id/v1\0", b""): key for key in masters + audits}
    family, contiguous = manifest["source"]["family"], manifest["contiguous"]
    rows = {True: [], False: []}  # frozen history and the others are two chains
    snapshot = hashlib.sha256(b"z4j/audit-chain/frozen-snapshot/v1\0")
    for number, line in enumerate(lines, 1):
        row = dict(zip(header, line, strict=True))
        row["metadata"] = json.loads(row["metadata"] or "null")
        frozen = row.get("legacy_frozen") == "true"
        if frozen:
            version = row["hmac_version"] and int(row["hmac_version"])
            stored = canonical({name: row[name] for name in SIGNED + MARKERS} | {"legacy_frozen": True, "hmac_version": version})
            snapshot.update(len(stored).to_bytes(8, "big") + stored)
        keys = masters if family != "active" else [by_id[row["hmac_key_id"]]] if row["hmac_key_id"] in by_id else []
        signed = messages(row, "baseline" if frozen else family)
        need(row["row_hmac"] in [mac(key, *message) for message in signed for key in keys], f"row {number} is not what was signed")
        if rows[frozen]:
            last = rows[frozen][-1]
            links = [last["row_hmac"], None] if family == "early" else [last["row_hmac"]]
            need(not contiguous or row["prev_row_hmac"] in links, f"row {number} does not link to the row before it")
            need((last["occurred_at"], last["id"]) < (row["occurred_at"], row["id"]), f"row {number} is not in chain order")
        rows[frozen].append(row)
    for edge, line in (("first", lines[:1]), ("last", lines[-1:])):
        found = {name: line[0][header.index(name)] for name in manifest[edge]} if line else None
        need(manifest[edge] == found, f"the {edge} row is not that of the manifest")
    if family == "active":
        state, live = manifest["chain_state"][0], rows[False]
        said = json.loads(state["canonical"])
        authentic = mac(by_id[said["state_key_id"]], b"z4j/audit-chain/state/v1\0", state["canonical"].encode())
        need(authentic == state["state_mac"], "the chain state is not authentic")
        if contiguous and not (manifest["filter"]["from"] or manifest["filter"]["to"]):
            counts = said["active_row_count"], said["frozen_row_count"]
            need((len(live), len(rows[True])) == counts, "rows are missing or were added, by the signed counts")
            ends = said["prune_row_hmac"], said["head_row_hmac"]
            need(not live or (live[0]["prev_row_hmac"], live[-1]["row_hmac"]) == ends, "the log begins or ends elsewhere")
            need(not rows[True] or snapshot.hexdigest() == said["frozen_snapshot_digest"], "frozen history is not what was signed")
    print(f"OK: {len(lines)} rows")

if __name__ == "__main__":
    main(sys.argv[1])
