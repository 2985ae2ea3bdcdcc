"""Kinds of fields: how a value stands in a row and in the scenario document, and the way between.

Both directions of a field are written together, so that they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models

Rows = dict[str, dict[Any, models.Model]]  # list name -> key -> row, for references inside a version


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row: its name in the document and how it is written and read."""

    name: str
    write: Callable[[Any], Any]  # row -> document value
    read: Callable[[Any, Rows], dict[str, Any]]  # document value, rows so far -> model attributes
    optional: bool = False  # stands in the document only when it says something


def plain(name: str) -> Field:
    """A field whose value is the same in the row and in the document."""
    return Field(name, lambda row: getattr(row, name), lambda value, rows: {name: value})


def or_null(name: str) -> Field:
    """A text that is empty in the row and null in the document."""
    return Field(
        name,
        lambda row: getattr(row, name) or None,
        lambda value, rows: {name: value or ""},
    )


def optional(field: Field) -> Field:
    """A field that the document lacks where the row says nothing, as documents did before it was known."""
    return replace(field, optional=True)


def as_document(fields: Sequence[Field], row: models.Model) -> dict[str, Any]:
    """Return the fields of a row as the document has them."""
    written = {field.name: field.write(row) for field in fields}
    return {
        field.name: written[field.name]
        for field in fields
        if not field.optional or written[field.name] is not None
    }


def number(name: str) -> Field:
    """A decimal of the row as the plainest number of the document."""
    return Field(
        name,
        lambda row: as_number(getattr(row, name)),
        lambda value, rows: {name: None if value is None else Decimal(str(value))},
    )


def day(name: str) -> Field:
    """A date as YYYY-MM-DD, or null."""
    return Field(
        name,
        lambda row: getattr(row, name).isoformat() if getattr(row, name) else None,
        lambda value, rows: {name: date.fromisoformat(value) if value else None},
    )


def lines(name: str) -> Field:
    """A list of texts, held one a line."""
    return Field(
        name,
        lambda row: as_lines(getattr(row, name)),
        lambda value, rows: {name: "\n".join(value)},
    )


def reference(name: str, target: str, key: str) -> Field:
    """A row of the same version, named by its key, or null."""

    def write(row: models.Model) -> Any:
        found = getattr(row, name)
        return None if found is None else getattr(found, key)

    def read(value: Any, rows: Rows) -> dict[str, Any]:
        return {name: None if value is None else rows[target][value]}

    return Field(name, write, read)


def band(name: str, prefix: str) -> Field:
    """A dose band {"min", "max"} in mSv, or null where it is not recorded."""
    low, high = f"{prefix}_min_msv", f"{prefix}_max_msv"

    def write(row: models.Model) -> Any:
        if getattr(row, low) is None or getattr(row, high) is None:
            return None
        return {
            "min": as_number(getattr(row, low)),
            "max": as_number(getattr(row, high)),
        }

    def read(value: Any, rows: Rows) -> dict[str, Any]:
        if value is None:
            return {low: None, high: None}
        return {low: Decimal(str(value["min"])), high: Decimal(str(value["max"]))}

    return Field(name, write, read)


def as_number(value: Decimal | None) -> int | float | None:
    """The plainest JSON number for a decimal: 10 rather than 10.0."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def as_lines(text: str) -> list[str]:
    """The lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]
