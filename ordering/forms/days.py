"""Days and times as people type them. What can be read in two ways is refused, with how to write it."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in [*MONTHS, "sept"])
_BREAK = r"[\s./-]*"

# year first; day, month in letters, year; month in letters, day, year; three numbers with the year last
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)", re.ASCII)
_DAY_MONTH = re.compile(
    rf"(?<!\d)(\d{{1,2}}){_BREAK}({_MONTH})(?![a-z])\.?,?{_BREAK}(\d{{4}}|\d\d)(?!\d)", re.ASCII | re.I
)
_MONTH_DAY = re.compile(rf"\b({_MONTH})\b\.?\s*(\d{{1,2}}),?\s+(\d{{4}}|\d\d)(?!\d)", re.ASCII | re.I)
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)(?!\d)", re.ASCII)
_TIME = re.compile(r"(?<![\d:])([01]?\d|2[0-3])[:.]([0-5]\d)\s*$", re.ASCII)
_FULL_YEAR = 4  # digits
_LAST_MONTH = 12

HOW = "Write it as 14-Mar-1984 or 1984-03-14."


class UnclearDay(ValueError):
    """A text that may be more than one day, or none; the message says how to write it."""


def take_day(text: str) -> tuple[date | None, str]:
    """Return the first day that a text names, and the rest of the text. Raises UnclearDay.

    Numbers that are no day at all are left in the text: they may be something else.
    """
    for pattern, read in (
        (_YEAR_FIRST, _year_first),
        (_DAY_MONTH, _day_month),
        (_MONTH_DAY, _month_day),
        (_NUMBERS, _numbers),
    ):
        found = pattern.search(text)
        if found is not None:
            day = read(found)
            if day is not None:
                return day, " ".join(f"{text[: found.start()]} {text[found.end() :]}".split())
    return None, text


def read_day(text: str) -> date:
    """Return the day that a text spells, and nothing else. Raises UnclearDay."""
    day, rest = take_day(text.strip())
    if day is None or rest:
        raise UnclearDay(f"This is not a day. {HOW}")
    return day


def read_moment(text: str) -> datetime:
    """Return the day and time of day that a text spells, in the site's zone. Raises UnclearDay."""
    text = text.strip()
    found = _TIME.search(text)
    how = "Write day and time as 17-Jun-2026 09:10."
    if found is None or not text[: found.start()].strip():
        raise UnclearDay(f"This is not a day with a time. {how}")
    try:
        day = read_day(text[: found.start()].strip(" ,T"))
    except UnclearDay as unclear:
        raise UnclearDay(str(unclear).replace(HOW, how)) from unclear
    naive = datetime(day.year, day.month, day.day, int(found[1]), int(found[2]))  # noqa: DTZ001 - zone follows
    return timezone.make_aware(naive)


class DayField(forms.Field):
    """A day, typed. Shows what was typed again when it is refused."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "class": "in-12"})

    def to_python(self, value: Any) -> date | None:
        """Return the day, or None for nothing."""
        if value in self.empty_values or not str(value).strip():
            return None
        try:
            return read_day(str(value))
        except UnclearDay as unclear:
            raise ValidationError(str(unclear)) from unclear

    def prepare_value(self, value: Any) -> Any:
        """Return the text for the box."""
        return date_format(value, "d-M-Y") if isinstance(value, date) else value


class MomentField(forms.Field):
    """A day with a time of day, typed."""

    widget = forms.TextInput(attrs={"autocomplete": "off", "class": "in-12"})

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment, or None for nothing."""
        if value in self.empty_values or not str(value).strip():
            return None
        try:
            return read_moment(str(value))
        except UnclearDay as unclear:
            raise ValidationError(str(unclear)) from unclear


def _year_first(found: re.Match[str]) -> date | None:
    return _day(found[1], int(found[3]), found[4])


def _day_month(found: re.Match[str]) -> date | None:
    return _day(found[3], _month(found[2]), found[1])


def _month_day(found: re.Match[str]) -> date | None:
    return _day(found[3], _month(found[1]), found[2])


def _numbers(found: re.Match[str]) -> date | None:
    """Dots are written by those who put the day first; with other signs either number may be the month."""
    first, sign, second, year = int(found[1]), found[2], int(found[3]), found[4]
    day_first, month_first = _day(year, second, first), _day(year, first, second)
    if sign == "." or day_first is None or month_first is None or first == second:
        return day_first if sign == "." else day_first or month_first
    raise UnclearDay(f"“{found[0]}” can be two days. {HOW}")


def _month(name: str) -> int:
    return next(number for number, month in enumerate(MONTHS, start=1) if month[:3] == name[:3].lower())


def _day(year: str, month: int, day: str | int) -> date | None:
    """Return the day if there is such a one; a year of two digits may be in either century."""
    if not 1 <= month <= _LAST_MONTH:
        return None
    if len(year) != _FULL_YEAR:
        raise UnclearDay(f"Give the year with four digits. {HOW}")
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None
