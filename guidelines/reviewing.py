"""Reading what a review needs: which versions to compare, who wrote, what was said."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guidelines import snapshot
from guidelines.difference import VersionDifference, compare
from guidelines.models import Action, ReviewStep, ScenarioVersion, State
from guidelines.row_lists import LISTS
from portal.models import User

PERSON = "user:"


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a version's history, ready to be shown."""

    what: str
    who: str
    at: datetime | None
    comment: str
    action: str
    publish_at: datetime | None
    acknowledged: tuple[str, ...] = ()


def document_at(version: ScenarioVersion) -> dict[str, Any]:
    """Return the scenario document of any version: as published, or as it is written now."""
    if version.is_released:
        return dict(json.loads(version.snapshot))
    return snapshot.document_of(version)


def base_of(version: ScenarioVersion) -> ScenarioVersion | None:
    """Return the version that a review compares with: the one in use, else the one it was copied from."""
    others = ScenarioVersion.objects.filter(scenario=version.scenario_id, number__lt=version.number)
    in_use = others.filter(state=State.PUBLISHED).first() if version.is_open else None
    return in_use or version.based_on or others.exclude(state=State.DISCARDED).order_by("-number").first()


def difference(
    old: ScenarioVersion | None, new: ScenarioVersion, *, everything: bool = False
) -> VersionDifference:
    """Return what differs from one version to another; without an old one, everything is new."""
    nothing: dict[str, Any] = {spec.name: [] for spec in LISTS}
    return compare(document_at(old) if old else nothing, document_at(new), everything=everything)


def history_of(version: ScenarioVersion) -> list[Step]:
    """Return the steps of a version, newest first."""
    steps = list(version.steps.select_related("by").order_by("-pk"))
    names = names_of(step.actor for step in steps if step.by is None)
    return [
        Step(
            what=step.get_action_display(),
            who=step.by.display_name if step.by else names[step.actor],
            at=step.at,
            comment=step.comment,
            action=step.action,
            publish_at=step.publish_at,
            acknowledged=tuple(step.acknowledged),
        )
        for step in steps
    ]


def contributors_of(version: ScenarioVersion) -> dict[str, str]:
    """Return actor -> name of everybody who changed a version, in the order of their first change."""
    return names_of(version.contributors.order_by("pk").values_list("actor", flat=True))


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Return actor -> name as people read it."""
    wanted = list(actors)
    keys = [int(actor.removeprefix(PERSON)) for actor in wanted if actor.startswith(PERSON)]
    people = {f"{PERSON}{user.pk}": user.display_name for user in User.objects.filter(pk__in=keys)}
    return {actor: people.get(actor) or f"The portal ({actor.rpartition(':')[2]})" for actor in wanted}


def withdrawal_of(version: ScenarioVersion) -> ReviewStep | None:
    """Return the step by which a version was withdrawn, if it was."""
    if version.state != State.WITHDRAWN:
        return None
    return version.steps.filter(action=Action.WITHDRAW).order_by("-pk").first()
