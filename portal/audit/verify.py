"""Proving the trail: every link of the chain, and every checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from portal.audit import checkpoints

_MEANING = {
    "seq_gap": "links before this one are missing",
    "link_broken": "it does not follow the one before it",
    "hash_wrong": "its hash does not fit its content",
    "event_missing": "its event is gone",
    "content_changed": "its event was changed",
    "event_unsealed": "an event that no transaction sealed",
    "head_mismatch": "the chain does not end where its head says",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A link that is not as it was written."""

    problem: str  # a key of _MEANING
    chain: int
    seq: int | None
    event_id: int | None

    def __str__(self) -> str:
        place = f"chain {self.chain}"
        place += f", seq {self.seq}" if self.seq is not None else ""
        place += f", event {self.event_id}" if self.event_id is not None else ""
        return f"{place}: {self.problem}, {_MEANING[self.problem]}"


def chain_faults(limit: int = 100) -> list[Fault]:
    """Return what is wrong with the chain, the first broken link first; empty when all is well.

    Reads the whole trail in one statement, so that it sees one moment of it: about 10 s for a million events.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")  # it may take longer than a page may wait
        cursor.execute("SELECT problem, chain, seq, event_id FROM audit.verify() LIMIT %s", [limit])
        return [Fault(*row) for row in cursor.fetchall()]


def checkpoint_faults(file: Path | None = None) -> Iterator[str]:
    """Yield a sentence for every checkpoint, of database and file, that the chain does not agree with."""
    yield from checkpoints.check(checkpoints.stored_checkpoints())
    if file is not None:
        yield from checkpoints.check(checkpoints.read_checkpoints(file))


def length() -> int:
    """Return the number of links in the chain."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(seq), 0) FROM audit.head")
        return int(cursor.fetchone()[0])
