#!/usr/bin/env python3
"""Compares a Parquet export with the CSV export of the same rows: every value, and the types that DuckDB sees.

usage: compare_parquet.py FILE.parquet FILE.csv      exit code 0 when they hold the same, else 1
"""
import sys
from datetime import datetime, timedelta, timezone

import duckdb
from verify_export import records

TYPES = {"occurred_at": "TIMESTAMP WITH TIME ZONE", "legacy_frozen": "BOOLEAN", "hmac_version": "BIGINT"}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def as_csv(value):
    """The text of a value, as the CSV has it."""
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None else str(value)


def main(parquet, csv):
    connection = duckdb.connect()
    source = f"read_parquet('{parquet}')"
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    names = [row[0] for row in described]
    for name, kind, *_ in described:
        if kind != TYPES.get(name, "VARCHAR"):
            sys.exit(f"column {name} is {kind}")
    columns = ", ".join("epoch_us(occurred_at)" if name == "occurred_at" else f'"{name}"' for name in names)
    with open(csv, encoding="utf-8", newline="") as file:
        header, *expected = records(file.read())
    if header != names:
        sys.exit(f"columns {names} instead of {header}")
    time, found = names.index("occurred_at"), []
    for row in connection.execute(f"SELECT {columns} FROM {source}").fetchall():
        row = list(row)
        if row[time] is not None:
            row[time] = (EPOCH + timedelta(microseconds=row[time])).isoformat(timespec="microseconds")
        found.append([as_csv(value) for value in row])
    for number, (ours, theirs) in enumerate(zip(found, expected), 1):
        if ours != theirs:
            sys.exit(f"row {number} is {ours} instead of {theirs}")
    if len(found) != len(expected):
        sys.exit(f"{len(found)} rows instead of {len(expected)}")
    print(f"OK: {len(found)} rows, {len(names)} columns")


if __name__ == "__main__":
    main(*sys.argv[1:])
