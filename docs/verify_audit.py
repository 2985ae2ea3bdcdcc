# ruff: noqa: T201 - a script that says what it found
"""Verify an export of the audit trail: python3 verify_audit.py EXPORT.jsonl. Needs Python alone."""

import hashlib
import json
import sys
from collections.abc import Iterator


def framed(value: str | None) -> str:
    """Return a field of an event as its hash sees it."""
    return "-;" if value is None else f"{len(value.encode())}:{value};"


def verify(lines: Iterator[str]) -> int:
    """Return the number of events. Raises ValueError for the first line that is not as it was written."""
    header = json.loads(next(lines))
    events, seq, chained, end = 0, None, None, None
    for number, line in enumerate(lines, 2):
        link = json.loads(line)
        if end is not None:
            raise ValueError(f"line {number}: there is more after the end")
        if link.get("end"):
            end = link
            continue
        if "event" in link:
            events += 1
            canonical = "v1;" + "".join(framed(link["event"][name]) for name in header["fields"])
            if hashlib.sha256(canonical.encode()).hexdigest() != link["content_hash"]:
                raise ValueError(f"line {number}: the event was changed")
            follows = seq is None or (link["seq"], link["prev_hash"]) == (seq + 1, chained)
            if header["linked"] and not follows:
                raise ValueError(f"line {number}: does not follow the line before it")
        seq, before = link["seq"], link.get("prev_hash", chained)
        hashed = bytes.fromhex(before) + bytes.fromhex(link["content_hash"]) + seq.to_bytes(8, "big")
        chained = hashlib.sha256(hashed).hexdigest()
        if link.get("hash", chained) != chained:
            raise ValueError(f"line {number}: the hash does not fit")
    if end is None or (end["events"], end["seq"], end["hash"]) != (events, seq, chained):
        raise ValueError("the end is missing, or does not fit")
    return events


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as export:
        try:
            print(f"{verify(iter(export))} events, every one as it was written")
        except ValueError as error:
            sys.exit(f"NOT as it was written: {error}")
