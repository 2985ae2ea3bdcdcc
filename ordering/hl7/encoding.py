"""How HL7 v2 writes things: segments, fields, components, and the escapes between them. Pure.

Plain text is escaped wherever it is put in; only what this module has put together itself is `Written` and
goes in as it is. So no text of a person can begin a field, a component or a segment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

FIELD, COMPONENT, REPETITION, ESCAPE, PART = "|", "^", "~", "\\", "&"
SEGMENT_END = "\r"
NO_VALUE = '""'  # HL7's explicit "there is none", where a field must say something

_ESCAPES = {ESCAPE: "\\E\\", FIELD: "\\F\\", COMPONENT: "\\S\\", PART: "\\T\\", REPETITION: "\\R\\"}
_LINE = re.compile(r"\r\n|\r|\n")
# delimiters; controls, and what some readers take for the end of a line or of a transmission
_SPECIAL = re.compile(r"[\\|^&~\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Written(str):
    """Text that is HL7 already."""

    __slots__ = ()


def escaped(text: str) -> Written:
    """Return plain text as a value of any type (ST, TX, CE's text): a line break becomes its code."""
    if isinstance(text, Written):
        return text
    if text == NO_VALUE:  # somebody's two quotation marks are no order to delete
        return Written("\\X2222\\")
    return Written(_SPECIAL.sub(_escape, text))


def formatted(text: str) -> Written:
    """Return plain text as formatted text (FT), where a line break is a command."""
    return Written("\\.br\\".join(escaped(line) for line in _LINE.split(text)))


def composite(*components: str) -> Written:
    """Return components of one value; empty ones at the end are left out."""
    return Written(COMPONENT.join(map(escaped, components)).rstrip(COMPONENT))


def parts(*subcomponents: str) -> Written:
    """Return subcomponents of one component; empty ones at the end are left out."""
    return Written(PART.join(map(escaped, subcomponents)).rstrip(PART))


def repeated(*values: str) -> Written:
    """Return the repetitions of a field."""
    return Written(REPETITION.join(map(escaped, values)))


def segment(name: str, fields: Mapping[int, str]) -> str:
    """Return a segment of its fields by number; empty ones at the end are left out."""
    last = max((number for number, value in fields.items() if value), default=0)
    values = [escaped(fields.get(number, "")) for number in range(1, last + 1)]
    return FIELD.join([name, *values]) + SEGMENT_END


def header(fields: Mapping[int, str]) -> str:
    """Return the MSH segment, whose first two fields are the delimiters themselves."""
    delimiters = Written(COMPONENT + REPETITION + ESCAPE + PART)
    # MSH-1 is the field separator after the name, so everything else moves up by one
    return segment("MSH", {1: delimiters} | {number - 1: value for number, value in fields.items()})


def moment(at: datetime | None) -> str:
    """Return a moment to the second, in UTC and saying so."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def day(on: date) -> str:
    """Return a day."""
    return f"{on.year:04d}{on.month:02d}{on.day:02d}"


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    return _ESCAPES.get(character) or f"\\X{character.encode().hex().upper()}\\"
