"""Keyset pages: each starts where the last one ended, whatever was added in between.

A cursor is opaque and signed. It holds the sort values of the row at the edge, and which way the page goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import BooleanField, F, Func, QuerySet, Value
from rest_framework.request import Request

DEFAULT_LIMIT, MAX_LIMIT = 50, 200
OLDER, NEWER = "o", "n"
_SIGNER = signing.Signer(salt="ordering.api.paging")


class BadCursor(ValueError):
    """The cursor was not made here."""


class RowIsBefore(Func):
    """`(a, b) < (x, y)`: one range of an index, where `a < x OR (a = x AND b < y)` would read them all."""

    operator = "<"
    output_field = BooleanField()
    conditional = True

    def as_sql(self, compiler, connection, **kwargs):  # type: ignore[no-untyped-def, override]  # noqa: ANN001, ANN003, ANN201
        """Return the comparison of the first half of the expressions with the second."""
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        texts = [text for text, _ in parts]
        half = len(texts) // 2
        left, right = ", ".join(texts[:half]), ", ".join(texts[half:])
        return f"({left}) {self.operator} ({right})", [value for _, values in parts for value in values]


class RowIsAfter(RowIsBefore):
    """`(a, b) > (x, y)`."""

    operator = ">"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The edge of a page: which way to go on from it, and its sort values."""

    direction: str
    edge: tuple[Any, ...]

    def to_text(self) -> str:
        """Return the opaque text of the cursor."""
        values = [value.isoformat() if isinstance(value, datetime) else str(value) for value in self.edge]
        return signing.b64_encode(_SIGNER.sign(" ".join([self.direction, *values])).encode()).decode()

    @classmethod
    def from_text(cls, text: str, readers: tuple[Callable[[str], Any], ...]) -> Cursor:
        """Return the cursor; `readers` turn texts back into sort values. Raises BadCursor."""
        try:
            direction, *values = _SIGNER.unsign(signing.b64_decode(text.encode()).decode()).split(" ")
            edge = tuple(reader(value) for reader, value in zip(readers, values, strict=True))
        except (signing.BadSignature, ValueError) as error:
            raise BadCursor from error
        return cls(direction, edge)


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page and the cursors to the pages beside it."""

    rows: list[dict[str, Any]]
    older: Cursor | None
    newer: Cursor | None

    def body(self, request: Request, results: list[Any]) -> dict[str, Any]:
        """Return the answer: absolute links, and the rows as the caller sees them."""
        return {
            "next": _link(request, self.older),
            "previous": _link(request, self.newer),
            "results": results,
        }


BY_PLACED_AT = (("placed_at", datetime.fromisoformat), ("id", UUID))
BY_CHAIN = (("seq", int),)


def page_of(
    queryset: QuerySet[Any, Any],
    *,
    by: tuple[tuple[str, Callable[[str], Any]], ...],
    cursor: Cursor | None,
    limit: int,
    fields: list[str],
) -> Page:
    """Return one page of rows, newest first; one query. `by`: columns of an index, the last one unique."""
    names = [name for name, _ in by]
    backwards = cursor is not None and cursor.direction == NEWER
    if cursor is not None:
        comparison = RowIsAfter if backwards else RowIsBefore
        queryset = queryset.filter(
            comparison(*(F(name) for name in names), *(Value(value) for value in cursor.edge))
        )
    queryset = queryset.order_by(*(name if backwards else f"-{name}" for name in names))
    rows = list(queryset.values(*dict.fromkeys([*fields, *names]))[: limit + 1])
    more = len(rows) > limit
    rows = rows[:limit]
    if backwards:
        rows.reverse()

    def edge(row: dict[str, Any], direction: str) -> Cursor:
        return Cursor(direction, tuple(row[name] for name in names))

    if not rows:
        return Page([], older=None, newer=None)
    return Page(
        rows,
        older=edge(rows[-1], OLDER) if more or backwards else None,
        newer=edge(rows[0], NEWER) if (more if backwards else cursor is not None) else None,
    )


def _link(request: Request, cursor: Cursor | None) -> str | None:
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor.to_text()
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
