"""Dates of a search: `ge2026-06-02` means a range of time, as wide as it is precise."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.db.models import Q

_WRITTEN = re.compile(
    r"(?P<prefix>[a-z]{2})?(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<zone>Z|[ +-][0-9]{2}:[0-9]{2})?)?)?)?"
)
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)


class BadMoment(ValueError):
    """The text is no date of a search."""


def moment_condition(name: str, text: str, *, zone: tzinfo) -> Q:
    """Return the condition on a column of moments. Raises BadMoment.

    A date without a time is a day of the site. `lt 2026-06` is before June, `gt 2026-06` after it.
    """
    match = _WRITTEN.fullmatch(text)
    prefix = (match["prefix"] or "eq") if match else ""
    if match is None or prefix not in PREFIXES:
        raise BadMoment
    try:
        start, end = _range(match, zone)
    except (ValueError, OverflowError):
        raise BadMoment from None
    within = Q(**{f"{name}__gte": start, f"{name}__lt": end})
    return {
        "eq": within,
        "ne": ~within,
        "gt": Q(**{f"{name}__gte": end}),
        "sa": Q(**{f"{name}__gte": end}),
        "lt": Q(**{f"{name}__lt": start}),
        "eb": Q(**{f"{name}__lt": start}),
        "ge": Q(**{f"{name}__gte": start}),
        "le": Q(**{f"{name}__lt": end}),
    }[prefix]


def _range(match: re.Match[str], zone: tzinfo) -> tuple[datetime, datetime]:
    year = int(match["year"])
    if not match["month"]:
        return _midnight(date(year, 1, 1), zone), _after(year, 12, zone)
    month = int(match["month"])
    if not match["day"]:
        return _midnight(date(year, month, 1), zone), _after(year, month, zone)
    day = date(year, month, int(match["day"]))
    if not match["hour"]:
        tomorrow = day + timedelta(days=1) if day < date.max else None
        return _midnight(day, zone), _midnight(tomorrow, zone) if tomorrow else _LATEST
    second = int(match["second"] or 0)
    fraction = match["fraction"] or ""
    start = datetime.combine(
        day,
        # a leap second is the second before it: nothing else would be a time of day here
        time(int(match["hour"]), int(match["minute"]), min(second, 59) if second <= 60 else second),
        tzinfo=_zone(match["zone"], zone),
    ) + timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
    if not match["second"]:
        width = timedelta(minutes=1)
    else:
        width = timedelta(microseconds=max(1, 10 ** (6 - len(fraction))) if fraction else 1_000_000)
    start = start.astimezone(UTC)
    return start, start + width


def _midnight(day: date, zone: tzinfo) -> datetime:
    if not date(2, 1, 1) <= day <= date(9998, 12, 31):  # another zone may lie in another year
        return datetime.combine(day, time(), tzinfo=UTC)
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _after(year: int, month: int, zone: tzinfo) -> datetime:
    if (year, month) == (9999, 12):
        return _LATEST
    return _midnight(date(year + month // 12, month % 12 + 1, 1), zone)


def _zone(written: str | None, zone: tzinfo) -> tzinfo:
    if not written:
        return zone
    if written == "Z":
        return UTC
    # an unescaped + in an address arrives as a space
    return datetime.strptime(written.replace(" ", "+"), "%z").tzinfo or UTC
