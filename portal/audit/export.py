"""The trail as JSON lines that anybody can verify without this code: docs/verify_audit.py is all it takes.

First a header, then one line per event in the order of the chain, at last an end line. Every field of an
event is the text that its hash was made of; `before` and `after` are JSON inside such a text. A filtered
export stays verifiable: an event left out between two others leaves a line with its content hash, which says
nothing about its content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

# in the order of audit.canonical()
FIELDS = (
    "id", "chain", "tx", "recorded_at", "actor", "actor_role", "via", "request_id", "client_ip", "db_user",
    "event_type", "action", "outcome", "entity", "entity_id", "organisation", "patient_ref", "reason",
    "before", "after",
)  # fmt: skip
_CHUNK = 500  # rows in memory at a time
_TIME = "to_char(e.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
_COLUMNS = ", ".join(_TIME if name == "recorded_at" else f"e.{name}::text" for name in FIELDS)
_HASHES = "encode(s.prev_hash, 'hex'), encode(s.content_hash, 'hex'), encode(s.hash, 'hex')"
_FROM = "FROM audit.seal s LEFT JOIN audit.event e ON e.id = s.event_id WHERE s.chain = 0"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events to export; everything when nothing is said. Times are aware, `until` is exclusive."""

    since: datetime | None = None
    until: datetime | None = None
    organisation: str = ""

    def condition(self) -> tuple[str, list[Any]]:
        """Return the selection as SQL over audit.event e."""
        terms: list[tuple[str, Any]] = [
            ("e.recorded_at >= %s", self.since),
            ("e.recorded_at < %s", self.until),
            ("e.organisation = %s", self.organisation or None),
        ]
        chosen = [(sql, value) for sql, value in terms if value is not None]
        return " AND ".join(["e.id IS NOT NULL", *(sql for sql, _ in chosen)]), [value for _, value in chosen]

    def to_dict(self) -> dict[str, str | None]:
        """Return the selection for the header."""
        return {
            "from": self.since.isoformat() if self.since else None,
            "to": self.until.isoformat() if self.until else None,
            "organisation": self.organisation or None,
        }


def chain_lines(selection: Selection) -> Iterator[str]:
    """Yield the export of a stretch of the chain, from the first event selected to the last, without gaps."""
    condition, values = selection.condition()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(s.seq), max(s.seq) {_FROM} AND {condition}", values)
        first, last = cursor.fetchone()
    query = (
        f"SELECT s.seq, {_HASHES}, ({condition}), {_COLUMNS} {_FROM}"
        " AND s.seq BETWEEN %s AND %s ORDER BY s.seq"
    )
    yield _header(linked=True, filter=selection.to_dict())
    yield from _body(query, [*values, first, last])


def event_lines(query: str, parameters: Sequence[Any]) -> Iterator[str]:
    """Yield the export of the events whose ids the SQL query selects, each verifiable by itself."""
    yield _header(linked=False, filter=None)
    yield from _body(
        f"SELECT s.seq, {_HASHES}, true, {_COLUMNS} {_FROM} AND s.event_id IN ({query}) ORDER BY s.seq",
        parameters,
    )


def _header(**more: Any) -> str:
    header = {"format": "portal-audit-export", "version": 1, "exported_at": timezone.now().isoformat()}
    return _line({**header, "fields": FIELDS, **more})


def _body(query: str, parameters: Sequence[Any]) -> Iterator[str]:
    events, seq, digest = 0, None, None
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(_CHUNK):
            for seq, before, content, digest, wanted, *fields in rows:
                link = {"seq": seq, "content_hash": content}
                if wanted:
                    events += 1
                    link |= {
                        "prev_hash": before,
                        "hash": digest,
                        "event": dict(zip(FIELDS, fields, strict=True)),
                    }
                yield _line(link)
    yield _line({"end": True, "events": events, "seq": seq, "hash": digest})


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"
