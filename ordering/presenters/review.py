"""Step 3: the whole order on one page, as it would be signed."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from guidelines.engine import RuleSet
from ordering.forms import IdentityCheck
from ordering.models import Order
from ordering.presenters.advice import StudyCard, guideline_url, study_card
from ordering.presenters.answers import SummaryRow, check_keys, summary_rows, with_days
from ordering.presenters.duplicates import Duplicate, possible_duplicates
from ordering.presenters.patients import spoken_name
from ordering.presenters.request_text import request_text


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything that step 3 shows besides its form."""

    study: StudyCard | None
    reason: str
    question: list[SummaryRow]
    checks: list[SummaryRow]
    request: list[str]
    same_study: list[Duplicate]
    study_url: str
    change_url: str
    guideline_url: str
    sign_label: str


def review_page(order: Order, ruleset: RuleSet, *, change_url: str) -> ReviewPage:
    """Return step 3 for a draft. `change_url` is step 1 with the answers of this draft."""
    consultation = order.consultation
    consultation.patient = order.patient  # already read: no second query
    study_url = reverse("suggestion", args=[consultation.pk])
    checked = with_days(ruleset, check_keys(ruleset))
    others = [element.key for element in ruleset.elements if element.key not in checked]
    scenario = SummaryRow(
        "Scenario", order.scenario_title, change_url=reverse("order_start") + f"?patient={order.patient_id}",
        change_what="the scenario: start another order",
    )  # fmt: skip
    questions = "; ".join(row["title"] for row in consultation.suggestion["questions"])
    rows = [scenario, *([SummaryRow("Questions", questions)] if questions else [])]
    return ReviewPage(
        study=_study(order, ruleset),
        reason=_reason(order),
        question=rows + summary_rows(ruleset, consultation.answers, others, change_url),
        checks=summary_rows(ruleset, consultation.answers, checked, change_url, toned=True),
        request=request_text(order, ruleset),
        same_study=possible_duplicates(order, ruleset),
        study_url=study_url,
        change_url=change_url,
        guideline_url=guideline_url(order.scenario_slug, order.version_number),
        sign_label="Sign order"
        if _check() == IdentityCheck.OFF
        else f"Sign order for {spoken_name(order.patient)}",
    )


def _check() -> str:
    return settings.PORTAL_IDENTITY_CHECK


def _study(order: Order, ruleset: RuleSet) -> StudyCard | None:
    """Return the chosen study as it was rated; None for one that the guideline does not list."""
    return study_card(order.consultation, ruleset, order.study_code) if order.study_code else None


def _reason(order: Order) -> str:
    if not order.override_reason_code:
        return ""
    said = order.get_override_reason_code_display()
    return f"{said}: {order.override_reason_text}" if order.override_reason_text else said
