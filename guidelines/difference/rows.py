"""Which row of one list is which row of the other, and which of them moved."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

KEYS = {  # lists whose rows have no key of their own -> what tells their rows apart
    "rated_studies": ("study",),
    "bindings": ("resource", "element", "system", "code", "match", "value"),
    "choices": ("value",),
    "placements": ("study",),
    "criterion_redirects": ("redirect", "when"),
}
ALIKE = 0.6  # of its fields: a row whose key changed and that is otherwise this much the same


def key_of(name: str, key: str | None, row: Row) -> Hashable:
    """Return what tells a row of a list apart."""
    names = (key,) if key else KEYS[name]
    return tuple(json.dumps(row.get(part), sort_keys=True) for part in names)


def pair_rows(
    name: str, key: str | None, old: Sequence[Row], new: Sequence[Row]
) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Return (pairs of places, places only in the old list, places only in the new one), in order."""
    before = {key_of(name, key, row): place for place, row in enumerate(old)}
    pairs, left = [], []
    for place, row in enumerate(new):
        found = before.pop(key_of(name, key, row), None)
        if found is None:
            left.append(place)
        else:
            pairs.append((found, place))
    gone = sorted(set(range(len(old))) - {place for place, _ in pairs})
    for place in list(left):
        likely = max(gone, key=lambda other: _likeness(old[other], new[place]), default=None)
        if likely is not None and _likeness(old[likely], new[place]) >= ALIKE:
            pairs.append((likely, place))
            gone.remove(likely)
            left.remove(place)
    return sorted(pairs, key=lambda pair: pair[1]), gone, left


def moved(pairs: Sequence[tuple[int, int]]) -> set[int]:
    """Return the places in the new list of rows that moved past others: as few as explain the new order."""
    olds = [old for old, _ in pairs]
    ends: list[int] = []
    at: list[int] = []
    back: list[int | None] = []
    for place, value in enumerate(olds):  # longest increasing subsequence: the rows that stayed in order
        length = bisect_left(ends, value)
        back.append(at[length - 1] if length else None)
        if length == len(ends):
            ends.append(value)
            at.append(place)
        else:
            ends[length], at[length] = value, place
    stayed = set()
    cursor: int | None = at[-1] if at else None
    while cursor is not None:
        stayed.add(cursor)
        cursor = back[cursor]
    return {new for place, (_, new) in enumerate(pairs) if place not in stayed}


def _likeness(old: Row, new: Row) -> float:
    """Return which part of the fields that say something says the same."""
    said = [name for name in {*old, *new} if old.get(name) or new.get(name)]
    return sum(old.get(name) == new.get(name) for name in said) / len(said) if said else 0.0
