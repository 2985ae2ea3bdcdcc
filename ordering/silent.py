"""Asking the silent version of a scenario about each consultation, and telling where it says something else.

It runs after the consultation is kept, so nothing that goes wrong here reaches the person who asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from guidelines import silent
from guidelines.engine import Case, CaseError, difference, evaluate
from guidelines.engine.difference import MINOR
from ordering.models import Consultation
from ordering.silent_models import SilentComparison
from portal import audit
from portal.models import Organisation

Outcome = SilentComparison.Outcome
BY = audit.system("silent")


@dataclass(frozen=True, slots=True)
class SilentSummary:
    """How one silent run went. `first_changed` counts consultations with another study first."""

    run: int
    slug: str
    title: str
    version: int
    running: bool
    started_at: datetime
    ended_at: datetime | None
    compared: int
    different: int
    first_changed: int
    failed: int


def after_commit(consultation: Consultation) -> None:
    """Have a consultation asked in silence once it is kept."""
    transaction.on_commit(partial(_compare, consultation.pk, consultation.scenario_slug), robust=True)


def differences(
    *, organisation: Organisation | None = None, since: datetime | None = None, until: datetime | None = None
) -> list[SilentSummary]:
    """Return the silent runs with something compared in a time, newest run first. One query.

    With an organisation only its own consultations count. Nothing says about whom a question was asked.
    """
    rows = SilentComparison.objects.all()
    if organisation is not None:
        rows = rows.filter(organisation=organisation)
    if since is not None:
        rows = rows.filter(compared_at__gte=since)
    if until is not None:
        rows = rows.filter(compared_at__lt=until)
    different = Q(outcome=Outcome.DIFFERENT)
    counted = rows.values(
        "run",
        "run__scenario__slug",
        "run__version__title",
        "run__version__number",
        "run__version__state",
        "run__started_at",
        "run__ended_at",
    ).annotate(
        compared=Count("pk"),
        different=Count("pk", filter=different),
        first_changed=Count("pk", filter=different & ~Q(first_given=F("first_silent"))),
        failed=Count("pk", filter=Q(outcome=Outcome.FAILED)),
    )
    return [
        SilentSummary(
            run=row["run"],
            slug=row["run__scenario__slug"],
            title=row["run__version__title"],
            version=row["run__version__number"],
            running=row["run__ended_at"] is None and row["run__version__state"] in silent.MAY_RUN,
            started_at=row["run__started_at"],
            ended_at=row["run__ended_at"],
            **{name: row[name] for name in ("compared", "different", "first_changed", "failed")},
        )
        for row in counted.order_by("-run")
    ]


def _compare(consultation_id: UUID, slug: str) -> None:
    """Ask the silent version the same and keep how its answer differs; nothing where none runs."""
    running = silent.running(slug)
    if running is None:
        return
    consultation = Consultation.objects.get(pk=consultation_id)
    if consultation.version_id == running.version_id:
        return  # published between the two: it does not speak in silence any more
    with audit.acting(BY), transaction.atomic():
        SilentComparison.objects.create(
            run_id=running.run,
            organisation_id=consultation.organisation_id,
            consultation=consultation,
            **_outcome(consultation, running),
        )


def _outcome(consultation: Consultation, running: silent.Silent) -> dict[str, object]:
    """Return the columns that say what the silent version answers."""
    given = consultation.suggestion
    today = timezone.localdate(consultation.created_at)
    try:
        case = Case.from_dict(running.ruleset, consultation.answers, today=today)
    except CaseError as error:
        said = [f"{fault.key}: {fault.message}" for fault in error.errors]
        return {"outcome": Outcome.FAILED, "changes": said, "first_given": _first(given)}
    now = evaluate(running.ruleset, case).to_dict()
    changes = difference(given, now)
    return {
        "outcome": Outcome.SAME if MINOR.issuperset(changes) else Outcome.DIFFERENT,
        "changes": changes,
        "first_given": _first(given),
        "first_silent": _first(now),
    }


def _first(suggestion: dict[str, object]) -> str:
    studies = suggestion["studies"]
    return str(studies[0]["code"]) if isinstance(studies, list) and studies else ""
