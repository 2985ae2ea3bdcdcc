"""Answers to try: for each question one of every kind that given conditions can tell apart.

A condition compares an answer with the values that it names, so answers between two such values are all alike
to it. Trying one of each kind is therefore as good as trying them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, combinations, pairwise
from typing import Any

from guidelines.engine import terms
from guidelines.engine.references import subjects_after_report

Tree = Mapping[str, Any]
MOST_LISTED = 10  # values of one list question that are combined; more are not decided
ELSEWHERE = "another-study"  # a study that the guideline does not name: linked orders may have any
ALWAYS_KNOWN = terms.REPORT_FACTS


class TooMany(Exception):
    """There are more kinds of answers than are tried."""


def leaves(tree: Tree) -> Iterator[Tree]:
    """Yield the tests of single answers in a condition."""
    for name in ("all", "any"):
        for part in tree.get(name, ()):
            yield from leaves(part)
    for name in ("not", "established"):
        if name in tree:
            yield from leaves(tree[name])
    if "element" in tree:
        yield tree


class Samples:
    """The answers to try for the questions of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.subjects = subjects_after_report(document)
        self.limits = {row["key"]: (row["minimum"], row["maximum"]) for row in document["data_elements"]}

    def of(self, keys: Iterable[str], trees: Iterable[Tree]) -> dict[str, list[Any]]:
        """Return for each key the answers that the conditions tell apart; None is "not documented".

        What a report says is always known. Raises TooMany.
        """
        named: dict[str, list[Any]] = {key: [] for key in keys}
        for leaf in chain.from_iterable(map(leaves, trees)):
            if leaf["element"] in named and "value" in leaf:
                value = leaf["value"]
                named[leaf["element"]] += value if leaf["op"] == "in" else [value]
        return {key: self._answers(key, values) for key, values in named.items()}

    def _answers(self, key: str, named: Sequence[Any]) -> list[Any]:
        subject = self.subjects[key]
        unknown = [] if key in ALWAYS_KNOWN else [None]
        if subject.kind == terms.CHOICE:
            return [*_and_another(named, subject.values), *unknown]
        if subject.kind == terms.CHOICES:
            offered = (*subject.values, ELSEWHERE) if key == "studies_done" else subject.values
            kinds = _and_another(named, offered)
            if len(kinds) > MOST_LISTED:
                raise TooMany(key)
            sizes = range(0 if key in ALWAYS_KNOWN else 1, len(kinds) + 1)
            return [*chain.from_iterable(combinations(kinds, size) for size in sizes), *unknown]
        if subject.kind == terms.DATE:
            days = [date.fromisoformat(value).toordinal() for value in named] or [
                date(2000, 1, 1).toordinal()
            ]
            around = _whole(days, 1, date.max.toordinal())
            return [*(date.fromordinal(day).isoformat() for day in around), None]
        low, high = self.limits[key]
        if subject.kind == terms.INTEGER:
            return [*_whole(named, low, high), None]
        return [*_between(named, low, high), None]


def _and_another(named: Sequence[Any], offered: Sequence[Any]) -> list[Any]:
    """Return the values on offer that are named, and one that is not."""
    mentioned = [value for value in offered if value in named]
    return mentioned + [value for value in offered if value not in named][:1]


def _whole(named: Sequence[int], low: float | None, high: float | None) -> list[int]:
    """Return whole numbers at and beside each named one, inside the limits."""
    found = {value + step for value in named for step in (-1, 0, 1)}
    found |= {int(limit) for limit in (low, high) if limit is not None and limit == int(limit)}
    found = found or {0}
    return sorted(value for value in found if _inside(value, low, high))


def _between(named: Sequence[float], low: float | None, high: float | None) -> list[float]:
    """Return the named numbers, one between each two neighbours, and one beyond both ends."""
    fixed = sorted({*named, *(limit for limit in (low, high) if limit is not None)}) or [0]
    found = {fixed[0] - 1, *fixed, fixed[-1] + 1}
    found |= {(left + right) / 2 for left, right in pairwise(fixed)}
    return sorted(value for value in found if _inside(value, low, high))


def _inside(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
