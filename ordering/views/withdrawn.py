"""What a clinician sees who was about to order by a guideline that was withdrawn meanwhile."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from guidelines import library
from guidelines.engine import RuleSet
from guidelines.library import Withdrawal
from guidelines.models import State
from ordering.forms import answers_from_post
from ordering.models import Consultation, Patient
from ordering.presenters.patients import banner, listed_name
from ordering.views.access import order_named
from ordering.views.responses import CONFLICT


def withdrawal_of(consultation: Consultation) -> Withdrawal | None:
    """Return how the guideline of a consultation was taken out of use; asks only when it may have been."""
    if consultation.version.state == State.PUBLISHED:
        return None
    return library.withdrawal(consultation.scenario_slug)


def guideline_withdrawn(request: HttpRequest, slug: str, patient: Patient) -> HttpResponse:
    """Say that the guideline is out of use and why; show the answers that were typed, so that none is lost.

    Raises Http404 for a scenario that was never in use.
    """
    withdrawn = library.withdrawal(slug)
    if withdrawn is None:
        raise Http404
    ruleset = library.ruleset(withdrawn.version_id)
    return render(
        request,
        "ordering/guideline_withdrawn.html",
        {
            "withdrawn": withdrawn,
            "patient": patient,
            "patient_banner": banner(patient),
            "patient_name": listed_name(patient),
            "draft": order_named(request, "order", patient),
            "answered": _answered(ruleset, answers_from_post(ruleset, request.POST)),
            "nav": "new-order",
        },
        status=CONFLICT,
    )


def _answered(ruleset: RuleSet, given: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (question, what was typed), also where that is no answer to it."""
    rows = []
    for key, value in given.items():
        element = ruleset.elements_by_key.get(key)
        if element is None:  # a field of the form that is no question
            continue
        labels = {choice.value: choice.label for choice in element.choices}
        typed = value if isinstance(value, list | tuple) else [value]
        text = ", ".join(str(labels.get(str(part), part)) for part in typed if part not in (None, ""))
        if text:
            rows.append((element.short_label, text))
    return rows
