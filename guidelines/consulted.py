"""What guidelines ask of those who use them: which questions were put to a scenario, never about whom.

`ordering` registers its answers when the apps are ready; guidelines know it by this protocol alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One question that was put to a scenario, and the advice as given. Says nothing of who or when."""

    answers: Json
    advice: Json


@dataclass(frozen=True, slots=True)
class Compared:
    """What a version that ran beside the one in use said otherwise. `changes` are sentences, in its order."""

    answers: Json
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SilentCounts:
    """How a silent run went up to now."""

    compared: int = 0
    different: int = 0
    failed: int = 0


class Consulted(Protocol):
    """Whoever keeps the questions that clinicians and other systems asked."""

    def recent(self, *, slug: str, limit: int) -> Iterable[Question]:
        """Return the latest questions to a scenario, newest first."""
        ...

    def silent_counts(self, *, run: int) -> SilentCounts:
        """Return how a silent run went."""
        ...

    def silent_differences(self, *, run: int, limit: int) -> Iterable[Compared]:
        """Return what a silent run said otherwise, newest first."""
        ...


class _Nobody:
    """Stands in where nothing keeps questions."""

    def recent(self, *, slug: str, limit: int) -> Iterable[Question]:
        return ()

    def silent_counts(self, *, run: int) -> SilentCounts:
        return SilentCounts()

    def silent_differences(self, *, run: int, limit: int) -> Iterable[Compared]:
        return ()


_source: Consulted = _Nobody()


def register(source: Consulted) -> None:
    """Name who keeps the questions."""
    global _source
    _source = source


def source() -> Consulted:
    """Return who keeps the questions."""
    return _source
