"""Tells the database who acts: sets portal.actor and its companions before they are needed.

PostgreSQL keeps these settings per session, and takes them back when the transaction, or the savepoint, in
which they were set is rolled back. A wrapper around every statement compares what the server has with who
acts now and sends one `SELECT set_config(...)` when they differ: an actor neither gets lost in a rollback nor
reaches the next user of a pooled connection.
"""

from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

from portal.audit.context import Actor, current_actor

_NAMES = ("actor", "role", "via", "request_id", "ip", "reason")
_APPLY = "SELECT " + ", ".join(f"set_config('portal.{name}', %s, %s)" for name in _NAMES)
_NOBODY = ("",) * len(_NAMES)
_MAX_LENGTH = 1000  # characters of one setting; a reason is the longest
# statements after which the server may have other settings than it was sent
_UNSETTING = ("ROLLBACK", "ABORT", "COMMIT", "END", "RESET", "DISCARD")

_Values = tuple[str, ...]
_Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


def follow_actor(**_: Any) -> None:
    """Have every connection of the application follow the actor. Called once, when the apps are ready."""
    connection_created.connect(_watch_connection, dispatch_uid="portal.audit.session")


def apply_actor(connection: BaseDatabaseWrapper) -> None:
    """Send the actor now. Needed only before a statement that passes Django by, such as `cursor.copy()`."""
    connection.ensure_connection()
    for wrapper in connection.execute_wrappers:
        if isinstance(wrapper, _ActorOnConnection):
            wrapper.apply(connection)


def _watch_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.alias != DEFAULT_DB_ALIAS:  # the owner migrates; its changes are its own
        return
    for wrapper in connection.execute_wrappers:
        if isinstance(wrapper, _ActorOnConnection):
            wrapper.forget()  # the server's session is another one
            return
    # first, because `connection.execute_wrapper()` removes the last one when its block ends
    connection.execute_wrappers.insert(0, _ActorOnConnection())


class _ActorOnConnection:
    """What one connection's server session was told; None where that is unknown."""

    def __init__(self) -> None:
        self._outside: _Values | None = None  # outside a transaction: survives its rollback
        self._now: _Values | None = None

    def forget(self) -> None:
        """Assume nothing about the server's session."""
        self._outside = self._now = None

    def __call__(self, execute: _Execute, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """Run a statement for who acts now."""
        self.apply(context["connection"])
        try:
            return execute(sql, params, many, context)
        finally:
            if isinstance(sql, str) and sql.lstrip()[:8].upper().startswith(_UNSETTING):
                self.forget()

    def apply(self, connection: BaseDatabaseWrapper) -> None:
        """Send who acts now, unless the server has it or cannot take it."""
        raw = connection.connection
        status = raw.info.transaction_status
        if status == TransactionStatus.INERROR:
            return  # only a rollback is accepted here
        if status == TransactionStatus.IDLE:
            self._now = self._outside
        wanted = _values(current_actor())
        if wanted == self._now:
            return
        in_transaction = status != TransactionStatus.IDLE or not raw.autocommit
        self._now = None
        if not in_transaction:
            self._outside = None
        parameters = [item for value in wanted for item in (value, in_transaction)]
        # the driver's own cursor: this is no query of the page that is being counted
        with connection.wrap_database_errors, raw.cursor() as cursor:
            cursor.execute(_APPLY, parameters)
        self._now = wanted
        if not in_transaction:
            self._outside = wanted


def _values(actor: Actor | None) -> _Values:
    if actor is None:
        return _NOBODY
    return tuple(_sendable(getattr(actor, "id" if name == "actor" else name)) for name in _NAMES)


def _sendable(text: str) -> str:
    """Return what PostgreSQL takes: no NUL, no lone surrogates. Names and reasons come from outside."""
    return text[:_MAX_LENGTH].replace("\x00", "").encode("utf-8", "replace").decode()
