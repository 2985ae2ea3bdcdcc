"""The three steps of an order, as the line at the top of a page shows them."""

from __future__ import annotations

from dataclasses import dataclass

LABELS = ("Patient and scenario", "Suggested study", "Review and sign")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: done, current or still to come."""

    label: str
    state: str


def steps(current: int) -> list[Step]:
    """Return the steps with number `current`, counted from 1, as the one the reader is at."""
    return [
        Step(label, "done" if number < current else "current" if number == current else "")
        for number, label in enumerate(LABELS, start=1)
    ]
