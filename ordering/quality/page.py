"""The quality page put together: which tables it has, by the names that files have too."""

from __future__ import annotations

from collections.abc import Callable

from ordering.quality import presenters, silent, typed, watch
from ordering.quality.presenters import Look
from ordering.quality.tables import Table

TABLES: dict[str, Callable[[Look], Table]] = {
    "signals": watch.signals,
    "appropriateness": presenters.appropriateness,
    "overrides": presenters.overrides,
    "not-documented": presenters.not_documented,
    "reports": presenters.reports,
    "times": presenters.times,
    "firing": watch.firing,
    "consultations": presenters.asked_by_fit,
    "scenarios": presenters.asked_by_scenario,
    "not-listed": typed.unlisted,
    "unmatched": typed.unmatched,
    "feedback": watch.feedback,
    "feedback-reasons": watch.feedback_reasons,
    "silent": silent.silent,
    "silent-changes": silent.silent_changes,
}

FIRST = ("appropriateness", "overrides", "not-documented", "reports", "times")  # beside the signals


def tables_of(look: Look) -> list[Table]:
    """Return every table of the page, in its order."""
    return [make(look) for make in TABLES.values()]
