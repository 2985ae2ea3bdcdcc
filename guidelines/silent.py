"""Silent mode: a version under review is asked beside the one in use, and nobody is shown its answers.

A run keeps the content that it started with, so that what it found stays explainable. It counts only while
its version is in review or approved: it ends with a publication, and when the version becomes a draft again.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from django.db import transaction
from django.utils import timezone

from guidelines import snapshot
from guidelines.engine import RuleSet, canonical_json, digest_of
from guidelines.exceptions import MoveRefused
from guidelines.gate.vignettes import asked, ruleset_of
from guidelines.models import ScenarioVersion, SilentRun, State
from portal import audit
from portal.models import User

MAY_RUN: Collection[State] = (State.IN_REVIEW, State.APPROVED, State.SCHEDULED)
REMEMBERED = 16  # parsed silent versions that a process keeps


class SilentRefused(MoveRefused):
    """The version cannot run in silence now; the message says why."""


@dataclass(frozen=True, slots=True)
class Silent:
    """The silent version of a scenario: the run, and the rules to ask."""

    run: int
    version_id: int
    ruleset: RuleSet


@transaction.atomic
def start_silent(*, version: ScenarioVersion, by: User) -> SilentRun:
    """Ask a version in silence from now on, and return the run. Raises SilentRefused."""
    version = ScenarioVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    if version.state not in MAY_RUN:
        raise SilentRefused(
            f"{version} is {version.get_state_display().lower()}. "
            "Only a version that is in review or approved runs in silence."
        )
    running = SilentRun.objects.filter(scenario_id=version.scenario_id, ended_at=None).first()
    if running is not None and running.version_id == version.pk:
        raise SilentRefused(f"{version} runs in silence already.")
    if running is not None:
        _end(running, SilentRun.End.RETURNED, by)
    document = snapshot.document_of(version)
    if ruleset_of(document) is None:
        raise SilentRefused(f"{version} has faults that keep it from being asked. See its checks.")
    run = SilentRun.objects.create(
        scenario_id=version.scenario_id,
        version=version,
        snapshot=canonical_json(document),
        digest=digest_of(document),
        started_by=by,
    )
    _log("guideline.silent-started", run)
    return run


@transaction.atomic
def stop_silent(*, run: SilentRun, by: User) -> SilentRun:
    """End a run because enough was seen, and return it. A run that is over stays as it ended."""
    run = SilentRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.ended_at is None:
        _end(run, SilentRun.End.STOPPED, by)
    return run


def end_runs(*, version: ScenarioVersion, by: User | None) -> None:
    """End the run of a version that left review: published, or a draft again. The caller holds its lock."""
    if version.state in MAY_RUN:
        return
    end = SilentRun.End.RETURNED if version.state == State.DRAFT else SilentRun.End.PUBLISHED
    for run in SilentRun.objects.select_for_update().filter(version=version, ended_at=None):
        _end(run, end, by)


def running(slug: str) -> Silent | None:
    """Return the silent version of a scenario, if there is one. One indexed query once it is parsed."""
    row = (
        SilentRun.objects.filter(scenario__slug=slug, ended_at=None, version__state__in=MAY_RUN)
        .values_list("pk", "version_id", "version__number", "digest")
        .first()
    )
    if row is None:
        return None
    run, version_id, number, digest = row
    return Silent(run, version_id, _parsed(run, number, digest))


@lru_cache(maxsize=REMEMBERED)
def _parsed(run: int, number: int, digest: str) -> RuleSet:
    """Return the rules of a run, parsed once in a process; a run never changes its content."""
    text = SilentRun.objects.values_list("snapshot", flat=True).get(pk=run)
    return RuleSet.from_document(asked(json.loads(text)), version=number, digest=digest)


def _end(run: SilentRun, end: SilentRun.End, by: User | None) -> None:
    run.ended_at, run.ended_by, run.end = timezone.now(), by, end
    run.save(update_fields=["ended_at", "ended_by", "end"])
    _log("guideline.silent-ended", run)


def _log(event: str, run: SilentRun) -> None:
    audit.log(
        event,
        action="C" if run.ended_at is None else "U",
        entity="scenario-version",
        entity_id=str(run.version_id),
        detail={"run": run.pk, "digest": run.digest} | ({"end": str(run.end)} if run.end else {}),
    )
