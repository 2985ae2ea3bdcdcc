"""What guidelines ask of those who use them: how often, and with what outcome. Counts only, never about whom.

`ordering` registers its answers when the apps are ready; guidelines know it by this protocol alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class VersionUse:
    """What rests on one version: orders that were signed, and drafts that clinicians still write."""

    orders: int = 0
    drafts: int = 0


@dataclass(frozen=True, slots=True)
class Lately:
    """How a scenario was used since a day. `missing` counts consultations by the answer that was missing."""

    consultations: int = 0
    orders: int = 0
    overrides: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)


class Usage(Protocol):
    """Whoever keeps consultations and orders."""

    def by_version(self, slug: str) -> Mapping[int, VersionUse]:
        """Return what rests on each version of a scenario, by its number."""
        ...

    def lately(self, slugs: Collection[str], *, since: datetime) -> Mapping[str, Lately]:
        """Return how scenarios were used; one that was not is left out."""
        ...

    def not_documented(
        self, slug: str, criteria: Mapping[str, Collection[str]], *, since: datetime
    ) -> Mapping[str, int]:
        """Return in how many consultations an answer that a criterion reads was missing, by criterion."""
        ...


class _Unused:
    """Stands in where nothing is ordered."""

    def by_version(self, slug: str) -> Mapping[int, VersionUse]:
        return {}

    def lately(self, slugs: Collection[str], *, since: datetime) -> Mapping[str, Lately]:
        return {}

    def not_documented(
        self, slug: str, criteria: Mapping[str, Collection[str]], *, since: datetime
    ) -> Mapping[str, int]:
        return {}


_source: Usage = _Unused()


def register(source: Usage) -> None:
    """Name who keeps consultations and orders."""
    global _source
    _source = source


def source() -> Usage:
    """Return who keeps consultations and orders."""
    return _source
