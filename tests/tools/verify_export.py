#!/usr/bin/env python3
"""Verifies a CSV export of `z4jctl audit export`, by its description in README.md, with the standard library alone.

usage: verify_export.py FILE.csv      with the brain's secrets in the environment, as z4j takes them; exit code 0 or 1
"""
import hashlib, hmac, ipaddress, json, os, re, sys

FIELD = re.compile(r'("(?:[^"]|"")*"|[^",\r\n]*)([,\n])')
SIGNED = "id action target_type target_id result outcome event_id user_id project_id source_ip user_agent metadata occurred_at".split()
MARKERS = "row_hmac legacy_frozen hmac_version hmac_key_id legacy_integrity_class legacy_origin chain_generation".split()


def fail(what):
    sys.exit(f"FAIL: {what}")


def records(text):
    row, at = [], 0
    while at < len(text):
        found = FIELD.match(text, at) or fail(f"not CSV at character {at}")
        field, end = found.groups()
        row.append(field[1:-1].replace('""', '"') if field.startswith('"') else field or None)
        at = found.end()
        if end == "\n":
            yield row
            row = []


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def secrets(name, previous):
    listed = [os.environ.get(name, "")] + [text.strip() for text in os.environ.get(previous, "").split(",")]
    return [text.encode() for text in listed if text]


def addresses(text, normal):
    """An IPv4-mapped address was signed in one of two forms, by the Python that wrote the row."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return [text]
    mapped = getattr(address, "ipv4_mapped", None)
    forms = [f"::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}", f"::ffff:{mapped}"] if mapped else [str(address)]
    return forms if normal else [text] + forms


def payloads(row, family):
    """What could be under the MAC of a row: domain and canonical JSON."""
    version = 2 if family == "active" else 1
    for address in [None] if row["source_ip"] is None else addresses(row["source_ip"], family == "active"):
        signed = {name: row[name] for name in SIGNED} | {"source_ip": address, "prev_row_hmac": row["prev_row_hmac"]}
        if family == "active":
            names = ("api_key_id", "hmac_key_id", "chain_generation")
            yield b"z4j/audit-chain/row/v2\0" + canonical(signed | {name: row[name] for name in names} | {"version": 2})
        elif family == "baseline":
            yield canonical(signed | {"api_key_id": row["api_key_id"], "version": version})
        else:
            yield canonical(signed | {"version": 3})
            if signed.pop("prev_row_hmac") is None:
                yield canonical(signed | {"version": 2})
                yield canonical({name: signed[name] for name in signed if name != "id"} | {"version": 1})


def main(path):
    manifest = json.load(open(path + ".manifest.json", encoding="utf-8"))
    digest = manifest.pop("manifest_digest")
    if hashlib.sha256(b"z4jctl.audit.export/1\0" + canonical(manifest)).hexdigest() != digest:
        fail("the manifest was changed")
    data = open(path, "rb").read()
    if hashlib.sha256(data).hexdigest() != manifest["data"]["sha256"] or not data.endswith(b"\n"):
        fail("the file is not the one of the manifest")
    header, *rows = records(data.decode())
    masters, audits = secrets("Z4J_SECRET", "Z4J_PREVIOUS_SECRETS"), secrets("Z4J_AUDIT_CHAIN_SECRET", "Z4J_AUDIT_CHAIN_PREVIOUS_SECRETS")
    by_id = {mac(key, b"z4j/audit-chain/key-id/v1\0"): key for key in masters + audits}
    family, whole = manifest["source"]["family"], manifest["contiguous"] and not (manifest["filter"]["from"] or manifest["filter"]["to"])
    if header != manifest["columns"] or len(rows) != manifest["rows"]["total"]:
        fail("columns or number of rows are not those of the manifest")
    previous, frozen, live = {}, hashlib.sha256(b"z4j/audit-chain/frozen-snapshot/v1\0"), []
    for number, fields in enumerate(rows, 1):
        row = dict(zip(header, fields, strict=True)) | {"metadata": None}
        row["metadata"] = json.loads(fields[header.index("metadata")] or "null")
        is_frozen = row.get("legacy_frozen") == "true"
        if is_frozen:
            stored = {name: row[name] for name in SIGNED + ["api_key_id", "prev_row_hmac"] + MARKERS} | {"legacy_frozen": True}
            snapshot = canonical(stored | {"hmac_version": row["hmac_version"] and int(row["hmac_version"])})
            frozen.update(len(snapshot).to_bytes(8, "big") + snapshot)
        else:
            live.append(row)
        keys = masters if family != "active" else [by_id[row["hmac_key_id"]]] if row["hmac_key_id"] in by_id else []
        form = "baseline" if is_frozen else family
        if not any(mac(key, message) == row["row_hmac"] for message in payloads(row, form) for key in keys):
            fail(f"row {number} is not what was signed")
        last = previous.get(is_frozen)
        if manifest["contiguous"] and last and row["prev_row_hmac"] not in ([last["row_hmac"]] if form != "early" else [last["row_hmac"], None]):
            fail(f"row {number} does not link to the row before it")
        if last and (last["occurred_at"], last["id"]) >= (row["occurred_at"], row["id"]):
            fail(f"row {number} is not in chain order")
        previous[is_frozen] = row
    for name, row in (("first", rows[:1]), ("last", rows[-1:])):
        if manifest[name] != (dict(zip(manifest[name], (row[0][header.index(key)] for key in manifest[name]))) if row else None):
            fail(f"the {name} row is not that of the manifest")
    if family == "active":
        state = manifest["chain_state"][0]
        said = json.loads(state["canonical"])
        if mac(by_id[said["state_key_id"]], b"z4j/audit-chain/state/v1\0" + state["canonical"].encode()) != state["state_mac"]:
            fail("the chain state is not authentic")
        if whole and (len(live), len(rows) - len(live)) != (said["active_row_count"], said["frozen_row_count"]):
            fail("rows are missing or were added, by the signed counts")
        if whole and live and (live[0]["prev_row_hmac"], live[-1]["row_hmac"]) != (said["prune_row_hmac"], said["head_row_hmac"]):
            fail("the log does not begin or end where the chain state says")
        if whole and said["frozen_row_count"] and frozen.hexdigest() != said["frozen_snapshot_digest"]:
            fail("frozen history is not what was signed")
    print(f"OK: {len(rows)} rows")


if __name__ == "__main__":
    main(sys.argv[1])
