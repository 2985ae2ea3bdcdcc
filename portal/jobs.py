"""Chores that the worker does again and again, beside the jobs of the queue.

An app registers its own when it is ready. A chore runs in a thread, never beside itself, under the actor
`system:<name>`; it may be interrupted and must do no harm when it runs twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every so many seconds."""

    name: str
    seconds: float
    run: Callable[[], object]


CHORES: dict[str, Chore] = {}


def every(seconds: float, name: str, run: Callable[[], object]) -> None:
    """Have the worker run this every so many seconds."""
    CHORES[name] = Chore(name, seconds, run)


STOPPING = Event()  # set when the worker is told to stop: what is under way is the last
