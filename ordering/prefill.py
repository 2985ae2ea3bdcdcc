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
from ordering.presenters.answers import answer_text
from portal.display_zone import in_display_zone

# how the source of an answer begins, before the time; by the surface that it came through
_ORIGINS: dict[str, str] = {
    Via.PORTAL: "answered",
    Via.API: "sent by another system",
    Via.CDS_HOOKS: "from the record system",
    Via.COMMAND: "entered by a command",
}


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
        return _taken_over(ruleset, basis.answers, f"{_ORIGINS[basis.via]} {_moment(basis)}")
    if draft is not None:
        return _taken_over(ruleset, draft.consultation.answers, f"from draft {draft.number}")
    if parent is None:
        return Prefill()
    assert parent.patient_id == patient.pk
    found = _taken_over(ruleset, parent.consultation.answers, f"from order {parent.number}")
    reported, _ = answers_still_asked(ruleset, _reported(parent))
    text = f"from the report of order {parent.number}"
    return Prefill(found.answers | reported, found.sources | dict.fromkeys(reported, text), found.dropped)


def earlier_answers(patient: Patient, slug: str) -> Consultation | None:
    """Return the latest question about this patient in a scenario, with its order; errors are left out.

    Nobody is asked to trust it unseen: a form takes it over only when somebody says so.
    """
    rows = Consultation.objects.filter(patient=patient, scenario_slug=slug)
    rows = rows.exclude(order__status=Order.Status.ENTERED_IN_ERROR).exclude(answers={})
    return rows.select_related("order").order_by("-created_at", "-pk").first()


def differences(ruleset: RuleSet, prefill: Prefill, given: Mapping[str, Any]) -> dict[str, str]:
    """Return, by key, what the record says where an answer was given that says something else."""
    return {
        key: f"The record says “{answer_text(ruleset.element(key), prefill.answers[key])}” ({source})."
        for key, source in prefill.sources.items()
        if given.get(key) is not None and not _same(given[key], prefill.answers[key])
    }


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return sorted(map(str, one)) == sorted(map(str, other))
    return bool(one == other)


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
    return date_format(in_display_zone(consultation.created_at), "d-M-Y H:i")
