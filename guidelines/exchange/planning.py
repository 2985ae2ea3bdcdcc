"""What loading a pack would do: a new scenario, changes against the version in use, or a conflict."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from guidelines import snapshot
from guidelines.difference import VersionDifference, compare
from guidelines.engine import digest_of
from guidelines.models import OPEN, RELEASED, ScenarioVersion, State

Document = dict[str, Any]


class Outcome(StrEnum):
    """What would become of a pack."""

    NEW = "new scenario"
    CHANGED = "changed"  # against the version that it is compared with
    SAME = "no change"  # it says what that version says
    HERE_ALREADY = "here already"  # the open draft says the same
    CONFLICT = "conflict"  # the scenario has an open draft that says something else


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become of one pack. `against` is the version in use, or else the last one that was."""

    document: Document
    outcome: Outcome
    against: ScenarioVersion | None
    open_version: ScenarioVersion | None

    @property
    def loads(self) -> bool:
        """Whether a draft would be made."""
        return self.open_version is None

    def difference(self) -> VersionDifference | None:
        """Return what the pack changes; None where there is nothing to compare it with."""
        if self.against is None:
            return None
        return compare(json.loads(self.against.snapshot), self.document)


def plan_of(document: Document) -> Plan:
    """Return what loading a checked document would do. At most two queries unless a draft is open."""
    versions = ScenarioVersion.objects.filter(scenario__slug=document["slug"]).select_related("scenario")
    released = list(versions.filter(state__in=RELEASED).defer("snapshot").order_by("-number"))
    in_use = [version for version in released if version.state == State.PUBLISHED]
    against = next(iter(in_use or released), None)
    open_version = versions.filter(state__in=OPEN).first()
    return Plan(document, _outcome(document, against, open_version), against, open_version)


def _outcome(
    document: Document, against: ScenarioVersion | None, open_version: ScenarioVersion | None
) -> Outcome:
    digest = digest_of(document)
    if open_version is not None:
        same = digest_of(snapshot.document_of(open_version)) == digest
        return Outcome.HERE_ALREADY if same else Outcome.CONFLICT
    if against is None:
        return Outcome.NEW
    return Outcome.SAME if against.digest == digest else Outcome.CHANGED
