"""Small checks that say where a JSON value has the wrong shape.

A check takes a value, its JSON pointer and a `report(pointer, message)` to call for each fault; it goes on
after a fault, so that one run names them all.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeGuard

Report = Callable[[str, str], None]
Check = Callable[[object, str, Report], None]

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a JSON value is a finite number; true and false are not numbers."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def is_day(text: str) -> bool:
    """Return whether a text is a day of the calendar, written YYYY-MM-DD and not otherwise."""
    if not DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def child(pointer: str, name: str | int) -> str:
    """Return the pointer of a member of the value at `pointer` (RFC 6901)."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"


def anything(value: object, pointer: str, report: Report) -> None:
    """Accept every value; something else checks it."""


def text(value: object, pointer: str, report: Report) -> None:
    """Accept a text, also an empty one."""
    if not isinstance(value, str):
        report(pointer, "must be a text")
    elif "\0" in value:
        report(pointer, "must not contain the NUL character")


def filled(value: object, pointer: str, report: Report) -> None:
    """Accept a text that says something."""
    if isinstance(value, str) and not value.strip():
        report(pointer, "must not be empty")
    else:
        text(value, pointer, report)


def matching(pattern: re.Pattern[str], described: str) -> Check:
    """Return a check for a text that matches a pattern as a whole."""

    def check(value: object, pointer: str, report: Report) -> None:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            report(pointer, f"must be {described}")

    return check


key = matching(KEY, "a key: letters, digits, '-', '_' and '.', beginning with a letter or digit")
slug = matching(SLUG, "a slug: small letters, digits and single '-' between them")


def day(value: object, pointer: str, report: Report) -> None:
    """Accept a day written YYYY-MM-DD."""
    if not isinstance(value, str) or not is_day(value):
        report(pointer, "must be a day of the calendar, written YYYY-MM-DD")


def mapping(value: object, pointer: str, report: Report) -> None:
    """Accept an object; something else checks what it holds."""
    if not isinstance(value, dict):
        report(pointer, "must be an object")


def boolean(value: object, pointer: str, report: Report) -> None:
    """Accept true and false."""
    if not isinstance(value, bool):
        report(pointer, "must be true or false")


def number(value: object, pointer: str, report: Report) -> None:
    """Accept a finite number."""
    if not is_number(value):
        report(pointer, "must be a number")


def one_of(*values: str | int) -> Check:
    """Return a check for a value out of a closed list."""
    listed = ", ".join(str(value) or '""' for value in values)

    def check(value: object, pointer: str, report: Report) -> None:
        if type(value) not in (str, int) or value not in values:
            report(pointer, f"must be one of {listed}")

    return check


def nullable(check: Check) -> Check:
    """Return a check that also accepts null."""

    def or_null(value: object, pointer: str, report: Report) -> None:
        if value is not None:
            check(value, pointer, report)

    return or_null


def each(check: Check) -> Check:
    """Return a check for a list whose members all pass `check`."""

    def members(value: object, pointer: str, report: Report) -> None:
        if not isinstance(value, list):
            report(pointer, "must be a list")
            return
        for index, member in enumerate(value):
            check(member, child(pointer, index), report)

    return members


@dataclass(frozen=True, slots=True)
class Optional:
    """A check of a key that an object may lack; older documents do."""

    check: Check


def record(**checks: Check | Optional) -> Check:
    """Return a check for an object with exactly these keys, of which it may lack the optional ones."""

    def fields(value: object, pointer: str, report: Report) -> None:
        if not isinstance(value, dict):
            report(pointer, "must be an object")
            return
        present: dict[Any, Any] = value
        for name, known in checks.items():
            check = known.check if isinstance(known, Optional) else known
            if name in present:
                check(present[name], child(pointer, name), report)
            elif check is known:
                report(child(pointer, name), "is missing")
        for name in present:
            if name not in checks:
                report(child(pointer, name), "is not a known key here")

    return fields
