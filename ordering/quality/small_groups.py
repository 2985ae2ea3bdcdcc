"""Counts as they may be shown: a group of one to four is hidden, and so is what would give it away.

Pure. docs/decisions/0070-small-groups.md says why, and what it does not protect from.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

SMALLEST = 5  # the smallest group that is shown
FEWER = "fewer than 5"
ALL_BUT_FEWER = "all but fewer than 5"
HIDDEN = "not shown"

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Count:
    """A count in words; `value` is None where it is hidden."""

    text: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """A count that is part of a whole, and its share in per cent. All or nothing of it is shown."""

    count: Count
    whole: Count
    percent: int | None

    @property
    def share(self) -> str:
        """The share in words."""
        return "" if self.percent is None else f"{self.percent}%"


def shown(number: int) -> Count:
    """Return a count by itself."""
    return Count(str(number), number) if not _is_small(number) else Count(FEWER, None)


def part_of(number: int, whole: int) -> Part:
    """Return a part of a whole. Hidden if the part, the rest or the whole is a small group."""
    all_of_it = shown(whole)
    if all_of_it.value is None:
        return Part(Count("0", 0) if number == 0 else Count(FEWER, None), all_of_it, None)
    if _is_small(number):
        return Part(Count(FEWER, None), all_of_it, None)
    if _is_small(whole - number):
        return Part(Count(ALL_BUT_FEWER, None), all_of_it, None)
    return Part(Count(str(number), number), all_of_it, percent_of(number, whole))


def partition(numbers: Mapping[Key, int]) -> dict[Key, Part]:
    """Return groups that make up a whole without overlap, such as the rows of a table below their total.

    Where a hidden group could be worked out from the total and the others, the next smallest group is hidden
    as well, until none can. Where that is not enough, no group is shown at all.
    """
    whole = sum(numbers.values())
    if _is_small(whole):
        return {key: part_of(number, whole) for key, number in numbers.items()}
    small = {key for key, number in numbers.items() if _is_small(number)}
    hidden = set(small)
    others = sorted((key for key in numbers if numbers[key] >= SMALLEST), key=lambda key: numbers[key])
    total = Count(str(whole), whole)
    while small and _gives_away(numbers, small, hidden):
        if not others:
            return {key: Part(Count(HIDDEN, None), total, None) for key in numbers}
        hidden.add(others.pop(0))
    return {
        key: Part(Count(FEWER if key in small else HIDDEN, None), total, None)
        if key in hidden
        else Part(Count(str(number), number), total, percent_of(number, whole))
        for key, number in numbers.items()
    }


def percent_of(number: int, whole: int) -> int | None:
    """Return whole per cent; never 0 for some, never 100 for not all; None of nothing."""
    if not whole:
        return None
    rounded = round(100 * number / whole)
    if 0 < number < whole:
        return min(max(rounded, 1), 99)
    return rounded


def _is_small(number: int) -> bool:
    return 0 < number < SMALLEST


def _gives_away(numbers: Mapping[Key, int], small: set[Key], hidden: set[Key]) -> bool:
    """Return whether the total and what is shown tell the size of a small group.

    The reader knows that a small group is 1 to 4, that another hidden one is 5 or more and no larger than any
    that is shown, and what all hidden ones come to.
    """
    rest = sum(numbers[key] for key in hidden)
    largest = min((number for key, number in numbers.items() if number and key not in hidden), default=rest)
    groups, others = len(small), len(hidden) - len(small)
    at_least = max(1, rest - largest * others - (SMALLEST - 1) * (groups - 1))
    at_most = min(SMALLEST - 1, rest - SMALLEST * others - (groups - 1))
    return at_least >= at_most
