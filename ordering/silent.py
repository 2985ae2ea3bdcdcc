"""Asking the silent version of a scenario about each consultation, and keeping where it says something else.

It runs after the consultation is kept, so nothing that goes wrong here reaches the person who asked.
"""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from guidelines import silent
from guidelines.engine import Case, CaseError, difference, evaluate
from guidelines.engine.difference import MINOR
from ordering.models import Consultation
from ordering.silent_models import SilentComparison
from portal import audit

Outcome = SilentComparison.Outcome
BY = audit.system("silent")


def after_commit(consultation: Consultation) -> None:
    """Have a consultation asked in silence once it is kept."""
    transaction.on_commit(partial(_compare, consultation.pk, consultation.scenario_slug), robust=True)


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
