"""Which answers a new form starts with, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from guidelines import library
from guidelines.engine import RuleSet
from ordering.models import Consultation, Finding, Order, Patient, Via


@dataclass(frozen=True, slots=True)
class Prefill:
    """Answers by key, a text for each that says where it comes from, and what could not be taken over."""

    answers: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)


def prefill_for(
    ruleset: RuleSet,
    *,
    patient: Patient,
    basis: Consultation | None = None,
    draft: Order | None = None,
    parent: Order | None = None,
) -> Prefill:
    """Return what the form of a scenario starts with.

    A named consultation comes before the draft that is being changed, and that before the order that is
    followed up, to whose answers the next steps of its latest finding are added.
    """
    if basis is not None:
        where = "from the record system" if basis.via == Via.CDS_HOOKS else "answered"
        return _taken_over(ruleset, basis.answers, f"{where} {_moment(basis)}")
    if draft is not None:
        return _taken_over(ruleset, draft.consultation.answers, f"from draft {draft.number}")
    if parent is None:
        return Prefill()
    assert parent.patient_id == patient.pk
    found = _taken_over(ruleset, parent.consultation.answers, f"from order {parent.number}")
    reported, _ = answers_still_asked(ruleset, _reported(parent))
    text = f"from the report of order {parent.number}"
    return Prefill(found.answers | reported, found.sources | dict.fromkeys(reported, text), found.dropped)


def answers_still_asked(ruleset: RuleSet, answers: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the answers that this version of the guideline still takes, and the keys of the others.

    Answers that follow from the record are left out: they are worked out anew.
    """
    today = timezone.localdate()
    kept: dict[str, Any] = {}
    dropped = []
    for key, value in answers.items():
        element = ruleset.elements_by_key.get(key)
        if element is None or element.faults(value, today):
            dropped.append(element.short_label if element else key.replace("_", " "))
        elif not element.derived_from:
            kept[key] = value
    return kept, dropped


def _taken_over(ruleset: RuleSet, answers: Mapping[str, Any], source: str) -> Prefill:
    kept, dropped = answers_still_asked(ruleset, answers)
    return Prefill(kept, dict.fromkeys(kept, source), dropped)


def _reported(parent: Order) -> dict[str, Any]:
    """Return the answers that the latest finding of an order gives, by the content it was placed under."""
    finding = Finding.objects.filter(order=parent).order_by("recorded_at", "pk").last()
    if finding is None:
        return {}
    document = library.ruleset(parent.consultation.version_id).document
    prefills = {row["code"]: row.get("prefill", []) for row in document["next_steps"]}
    return {
        row["element"]: row["value"]
        for step in finding.next_steps
        for row in prefills.get(step["code"], [])
        if parent.study_code in row["studies"]
    }


def _moment(consultation: Consultation) -> str:
    return date_format(timezone.localtime(consultation.created_at), "d-M-Y H:i")
