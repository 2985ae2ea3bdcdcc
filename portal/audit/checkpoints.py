"""Checkpoints: the end of the chain, signed with a key that the database does not know.

Whoever owns the database could rebuild the whole chain, or cut its end off, and it would verify. A checkpoint
says "at this place the chain had this hash", in the database, in a file and in the log; without
PORTAL_AUDIT_KEY nobody can write one that fits a chain of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection

logger = logging.getLogger("portal.audit.checkpoints")

INTERVAL_SECONDS = 60
INTERVAL_EVENTS = 100
_POLL_SECONDS = 2
_PURPOSE = "portal-audit-checkpoint-v1"


class CheckpointError(Exception):
    """A checkpoint cannot be made or read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The place `seq` of a chain and its hash, with a keyed mac over the three."""

    at: str  # ISO 8601; when it was made. Informative: not part of the mac
    chain: int
    seq: int
    hash: str  # hexadecimal
    mac: str
    key_id: str

    @classmethod
    def from_line(cls, line: str) -> Checkpoint:
        """Read a line of the checkpoint file. Raises CheckpointError."""
        try:
            values = json.loads(line)
            return cls(
                at=str(values["at"]),
                chain=int(values["chain"]),
                seq=int(values["seq"]),
                hash=str(values["hash"]),
                mac=str(values["mac"]),
                key_id=str(values["key_id"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise CheckpointError("A line of the checkpoint file is no checkpoint.") from error

    def to_line(self) -> str:
        """Return the line for the checkpoint file, without its end."""
        return json.dumps(asdict(self))


def checkpoint_file() -> Path:
    """Return where checkpoints are kept beside the database. Copy it elsewhere, or send the log there."""
    return Path(settings.PORTAL_DATA_DIR) / "audit-checkpoints.jsonl"


def make_checkpoint() -> Checkpoint | None:
    """Sign the end of the chain and write it to database, file and log; None for a chain without events.

    Raises CheckpointError when the last checkpoint of the file is not in the chain any more: signing a chain
    that was rewritten would make it look sound.
    """
    file = checkpoint_file()
    last = _last_line(file)
    if last is not None:
        fault = _chain_fault(Checkpoint.from_line(last))
        if fault:
            raise CheckpointError(f"The chain does not agree with its last checkpoint: {fault}.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT chain, seq, hash FROM audit.head WHERE chain = 0 AND seq > 0")
        row = cursor.fetchone()
        if row is None:
            return None
        chain, seq, digest = row[0], row[1], bytes(row[2]).hex()
        key = _keys()[0]
        cursor.execute(
            "INSERT INTO audit.checkpoint (chain, seq, hash, mac, key_id)"
            " VALUES (%s, %s, decode(%s, 'hex'), %s, %s)"
            " RETURNING to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
            [chain, seq, digest, _mac(key, chain, seq, digest), _key_id(key)],
        )
        (at,) = cursor.fetchone()
    checkpoint = Checkpoint(at, chain, seq, digest, _mac(key, chain, seq, digest), _key_id(key))
    with file.open("a", encoding="utf-8") as lines:
        lines.write(checkpoint.to_line() + "\n")
    logger.info("checkpoint %s", checkpoint.to_line())
    return checkpoint


def stored_checkpoints() -> list[Checkpoint]:
    """Return the checkpoints in the database, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at::text, chain, seq, encode(hash, 'hex'), mac, key_id FROM audit.checkpoint ORDER BY id"
        )
        return [Checkpoint(*row) for row in cursor.fetchall()]


def read_checkpoints(file: Path) -> Iterator[Checkpoint]:
    """Yield the checkpoints of a file. Raises CheckpointError."""
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                if line.strip():
                    yield Checkpoint.from_line(line)
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{file} cannot be read.") from error


def check(checkpoints: Iterable[Checkpoint]) -> Iterator[str]:
    """Yield a sentence for every checkpoint that the chain does not agree with."""
    for checkpoint in checkpoints:
        fault = _fault(checkpoint)
        if fault:
            yield f"checkpoint of {checkpoint.at} at seq {checkpoint.seq}: {fault}"


def run_forever(
    stop: threading.Event, *, seconds: float = INTERVAL_SECONDS, events: int = INTERVAL_EVENTS
) -> None:
    """Make a checkpoint every 60 s if anything happened, or after 100 events, until `stop` is set.

    Runs in a thread of its own. A database that is away, or a chain that was tampered with, is logged and
    tried again.
    """
    done_seq, done_at = 0, time.monotonic()
    while not stop.wait(min(_POLL_SECONDS, seconds)):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT seq FROM audit.head WHERE chain = 0")
                row = cursor.fetchone()
            waiting = (row[0] if row else 0) - done_seq
            late = time.monotonic() - done_at >= seconds
            if waiting >= events or (waiting and late):
                checkpoint = make_checkpoint()
                done_seq = checkpoint.seq if checkpoint else 0
                done_at = time.monotonic()
        except CheckpointError:
            logger.critical("The audit chain does not agree with its checkpoints: run manage.py audit verify")
            done_at = time.monotonic()
        except (DatabaseError, OSError) as error:
            logger.error("No checkpoint could be made: %s", type(error).__name__)
        finally:
            connection.close()


def _fault(checkpoint: Checkpoint) -> str:
    """Return what is wrong with a checkpoint, or an empty text."""
    key = next((key for key in _keys() if _key_id(key) == checkpoint.key_id), None)
    if key is None:
        return "signed with a key that is not in PORTAL_AUDIT_KEY"
    expected = _mac(key, checkpoint.chain, checkpoint.seq, checkpoint.hash)
    if not hmac.compare_digest(expected.encode(), checkpoint.mac.encode()):
        return "its own signature does not fit: forged, or changed"
    return _chain_fault(checkpoint)


def _chain_fault(checkpoint: Checkpoint) -> str:
    """Return how the chain differs from what a checkpoint says, or an empty text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(hash, 'hex') FROM audit.seal WHERE chain = %s AND seq = %s",
            [checkpoint.chain, checkpoint.seq],
        )
        row = cursor.fetchone()
    if row is None:
        return "the chain does not reach it: its end was cut off"
    return "" if row[0] == checkpoint.hash else "the chain has another hash there: it was rebuilt"


def _last_line(file: Path) -> str | None:
    """Return the last whole line of a file that may be long."""
    if not file.exists():
        return None
    with file.open("rb") as raw:
        raw.seek(0, 2)
        raw.seek(max(0, raw.tell() - 4096))
        lines = [line for line in raw.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else None


def _keys() -> list[bytes]:
    """Return the key that signs, then older ones, which PORTAL_AUDIT_KEY lists after commas."""
    return [key.strip().encode() for key in str(settings.PORTAL_AUDIT_KEY).split(",")]


def _key_id(key: bytes) -> str:
    """Return a name for a key that does not give it away."""
    return hmac.new(key, b"portal-audit-key-id", hashlib.sha256).hexdigest()[:12]


def _mac(key: bytes, chain: int, seq: int, digest: str) -> str:
    message = f"{_PURPOSE};{chain};{seq};{digest}".encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
