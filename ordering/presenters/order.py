"""The page of one order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from guidelines.engine import RuleSet
from guidelines.models import Rating
from guidelines.presenters.words import dose_words
from ordering.actions.findings import REPORTABLE, studies_done
from ordering.actions.requests import REPLACEABLE
from ordering.models import Consultation, Order, OrderStatus
from ordering.presenters.advice import AdvicePage, advice_page
from ordering.presenters.answers import SummaryRow, answer_html
from ordering.presenters.chain import ChainLink, chain, linked_orders
from ordering.presenters.findings import FindingShown, Panel, baseline_words, finding_shown, labels_of, panels
from ordering.presenters.request_text import request_text
from ordering.presenters.stages import Tag, status_steps, tag_of
from ordering.presenters.steps import Step
from ordering.presenters.timeline import Entry, timeline, via_words
from ordering.transitions import allowed

S = Order.Status
ADHERENCE_WORDS = {
    Order.Adherence.ADHERES: "Follows the guideline.",
    Order.Adherence.DOES_NOT_ADHERE: (
        "Does not follow the guideline, which rates this study usually not appropriate here."
    ),
}
CHANGES: dict[str, tuple[str, str]] = {  # page -> the status it leads to, the words of its link
    "order_resume": (S.ACTIVE, "Resume this order"),
    "order_hold": (S.ON_HOLD, "Put on hold"),
    "order_cancel": (S.REVOKED, "Cancel this order"),
    "order_entered_in_error": (S.ENTERED_IN_ERROR, "Mark as entered in error"),
}


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be done with the order now."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why the order no longer stands."""

    title: str
    reason: str
    by: str
    at: Any


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Everything that the page of an order shows."""

    steps: list[Step]
    tag: Tag
    dose: str
    level: int | None
    adherence: str
    reason: str
    via: str
    version_published: Any
    latest: FindingShown | None
    earlier: list[FindingShown]
    can_report: bool
    panels: list[Panel]
    baseline: str
    chain: list[ChainLink]
    questions: str
    may_acknowledge: bool
    printable: bool
    timeline: list[Entry]
    actions: list[Action]
    stopped: Stopped | None
    request: list[str]


def order_page(order: Order, ruleset: RuleSet, *, may_order: bool) -> OrderPage:
    """Return the page. `ruleset` is the version that the order was placed under."""
    statuses = list(order.statuses.select_related("by"))
    findings = list(order.findings.select_related("recorded_by", "acknowledgement__by"))
    linked = linked_orders(order)
    follow_ups = [other for other in linked if other.parent_id == order.pk]
    shown = [
        finding_shown(row, order, ruleset, follow_ups, may_order=may_order) for row in reversed(findings)
    ]
    can_report = may_order and order.status in REPORTABLE
    consultation = order.consultation
    return OrderPage(
        steps=status_steps(order),
        tag=tag_of(order),
        dose=dose_words(order.radiation, age_years=_age(ruleset, consultation)),
        level=order.radiation["level"] if order.radiation else None,
        adherence=adherence_words(order),
        reason=_reason(order),
        via=via_words(statuses[0].via) if statuses else "",
        version_published=consultation.version.published_at,
        latest=shown[0] if shown else None,
        earlier=[replace(row, starts=[]) for row in shown[1:]],
        can_report=can_report,
        panels=panels(order, ruleset, done=studies_done(order), follow_ups=follow_ups) if can_report else [],
        baseline=baseline_words(ruleset, consultation.answers),
        chain=chain(order, linked),
        questions=" ".join(f"{row['title'].rstrip('?.')}?" for row in consultation.suggestion["questions"]),
        may_acknowledge=may_order and order.finding_unread and order.status != S.ENTERED_IN_ERROR,
        printable=order.signed_at is not None,
        timeline=timeline(order, statuses=statuses, findings=findings, labels=labels_of(ruleset)),
        actions=actions(order) if may_order else [],
        stopped=_stopped(order, statuses),
        request=request_text(order, ruleset),
    )


def actions(order: Order) -> list[Action]:
    """Return what the order's status allows, the gravest last. A draft is continued, not resumed."""
    amend = [Action("Amend: replace by a corrected order", reverse("order_amend", args=[order.pk]))]
    return (amend if order.status in REPLACEABLE else []) + [
        Action(label, reverse(name, args=[order.pk]))
        for name, (wanted, label) in CHANGES.items()
        if allowed(order.status, wanted) and not (order.status == S.DRAFT and wanted == S.ACTIVE)
    ]


def adherence_words(order: Order) -> str:
    """Return in plain words how the chosen study stands to the guideline."""
    if order.adherence == Order.Adherence.ADHERES and order.rating != Rating.USUALLY_APPROPRIATE:
        return "Follows the guideline: the study rated first is contraindicated for this patient."
    words = ADHERENCE_WORDS.get(Order.Adherence(order.adherence))
    if words:
        return words
    if order.rating:
        return "Not judged: the guideline says that this study may be appropriate."
    return "Not applicable: the guideline gives this study no rating for this patient."


def advice_as_given(consultation: Consultation, ruleset: RuleSet) -> tuple[AdvicePage, list[SummaryRow]]:
    """Return the advice that an order was placed on, nothing to press, and every answer it rests on."""
    page = advice_page(consultation, ruleset, choose_url="", change_url="")
    page = replace(
        page,
        cards=[replace(card, action="", reason_url="") for card in page.cards],
        lower=[replace(card, action="", reason_url="") for card in page.lower],
    )
    answers = consultation.answers
    rows = [
        SummaryRow(
            label=element.short_label,
            value=answer_html(element, answers.get(element.key)),
            tone="" if answers.get(element.key) is not None else "missing",
            note="from the date of birth" if element.derived_from else "",
        )
        for element in ruleset.elements
    ]
    return page, rows


def _age(ruleset: RuleSet, consultation: Consultation) -> int | None:
    keys = (element.key for element in ruleset.elements if element.derived_from)
    return next((consultation.answers.get(key) for key in keys), None)


def _reason(order: Order) -> str:
    if not order.override_reason_code:
        return ""
    text = f": {order.override_reason_text}" if order.override_reason_text else ""
    return f"{order.get_override_reason_code_display()}{text}"


def _stopped(order: Order, statuses: list[OrderStatus]) -> Stopped | None:
    titles = {
        S.REVOKED: "This order was cancelled",
        S.ENTERED_IN_ERROR: "This order was entered in error",
        S.ON_HOLD: "This order is on hold",
    }
    if S(order.status) not in titles or not statuses:
        return None
    last = statuses[-1]
    return Stopped(titles[S(order.status)], last.reason, last.by.display_name, last.at)
