#!/usr/bin/env python3
"""Verifies a CSV export of `z4jctl audit export` by its description in README.md, with the standard library alone.
usage: verify_export.py FILE.csv      with the brain's secrets in the environment, as z4j takes them; exit code 0 or 1"""
import hashlib, hmac, ipaddress, json, os, pathlib, re, sys

SIGNED = "id action target_type target_id result outcome event_id user_id project_id source_ip user_agent metadata occurred_at prev_row_hmac"
MORE = {"early": "", "baseline": " api_key_id", "active": " api_key_id hmac_key_id chain_generation"}
VERSION = {"early": 3, "baseline": 1, "active": 2}

def need(holds, what):
    holds or sys.exit(f"FAIL: {what}")

def records(text):
    fields, row = re.findall(r'("(?:[^"]|"")*"|[^",\r\n]*)([,\n])', text), []
    need(sum(len(field) + 1 for field, _ in fields) == len(text), "not CSV")
    for field, end in fields:
        row.append(field[1:-1].replace('""', '"') if field.startswith('"') else field or None)
        if end == "\n":
            yield row
            row = []

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).hexdigest()

def secrets(name):
    texts = [os.environ.get(name, ""), *os.environ.get(name.replace("_SECRET", "_PREVIOUS_SECRETS"), "").split(",")]
    return [text.strip().encode() for text in texts if text.strip()]

def messages(row, family):
    """What may be under the MAC of a row: an IPv4-mapped address has two normal forms, by the Python that wrote it."""
    try:
        address = ipaddress.ip_address(row["source_ip"])
        mapped = getattr(address, "ipv4_mapped", None)
        forms = [f"::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}", f"::ffff:{mapped}"] if mapped else [str(address)]
    except ValueError:  # NULL, or no address
        forms = [row["source_ip"]]
    for address in forms if family == "active" else [row["source_ip"], *forms]:
        names = (SIGNED + MORE[family]).split()
        signed = {name: row[name] for name in names} | {"source_ip": address, "version": VERSION[family]}
        yield (b"z4j/audit-chain/row/v2\0" if family == "active" else b"") + canonical(signed)
        if family == "early" and signed.pop("prev_row_hmac") is None:
            yield canonical(signed | {"version": 2})
            yield canonical({name: signed[name] for name in signed if name != "id"} | {"version": 1})

def main(path):
    data, manifest = pathlib.Path(path).read_bytes(), json.loads(pathlib.Path(path + ".manifest.json").read_bytes())
    digest, family, contiguous = manifest.pop("manifest_digest"), manifest["source"]["family"], manifest["contiguous"]
    need(hashlib.sha256(b"z4jctl.audit.export/1\0" + canonical(manifest)).hexdigest() == digest, "the manifest was changed")
    need(hashlib.sha256(data).hexdigest() == manifest["data"]["sha256"], "the file is not the one of the manifest")
    header, *lines = records(data.decode())
    need((header, len(lines)) == (manifest["columns"], manifest["rows"]["total"]), "columns or number of rows are others")
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    edges = [{name: row[name] for name in manifest["first"]} for row in rows[:1] + rows[-1:]] or [None, None]
    need(edges == [manifest["first"], manifest["last"]], "the first or last row is not that of the manifest")
    keys = {mac(key, b"z4j/audit-chain/key-id/v1\0"): key for key in secrets("Z4J_SECRET") + secrets("Z4J_AUDIT_CHAIN_SECRET")}
    frozen, live = [], []  # two chains
    for number, row in enumerate(rows, 1):
        row |= {name: json.loads(row[name] or "null") for name in ("metadata", "legacy_frozen", "hmac_version") if name in row}
        chain = frozen if row.get("legacy_frozen") else live
        own = [key for name, key in keys.items() if family != "active" or name == row["hmac_key_id"]]
        signed = messages(row, "baseline" if chain is frozen else family)
        need(row["row_hmac"] in [mac(key, message) for message in signed for key in own], f"row {number} is not what was signed")
        for last in chain[-1:]:
            links = [last["row_hmac"], None] if family == "early" else [last["row_hmac"]]
            need(not contiguous or row["prev_row_hmac"] in links, f"row {number} does not link to the row before it")
            need((last["occurred_at"], last["id"]) < (row["occurred_at"], row["id"]), f"row {number} is not in chain order")
        chain.append(row)
    if family == "active":
        state = manifest["chain_state"][0]
        said = json.loads(state["canonical"])
        signed = mac(keys[said["state_key_id"]], b"z4j/audit-chain/state/v1\0" + state["canonical"].encode())
        need(signed == state["state_mac"], "the chain state is not authentic")
        stored = [canonical({name: row[name] for name in header[:-1] if not name.endswith("_safe")}) for row in frozen]
        snapshot = b"z4j/audit-chain/frozen-snapshot/v1\0" + b"".join(len(text).to_bytes(8, "big") + text for text in stored)
        if contiguous and not (manifest["filter"]["from"] or manifest["filter"]["to"]):
            found = [len(live), len(frozen)] + (live and [live[0]["prev_row_hmac"], live[-1]["row_hmac"]])
            names = ["active_row_count", "frozen_row_count", "prune_row_hmac", "head_row_hmac"]
            need(found == [said[name] for name in names][:len(found)], "the log begins or ends elsewhere, or rows were added or removed")
            need(not frozen or hashlib.sha256(snapshot).hexdigest() == said["frozen_snapshot_digest"], "frozen history was changed")
    print(f"OK: {len(lines)} rows")

if __name__ == "__main__":
    main(sys.argv[1])
