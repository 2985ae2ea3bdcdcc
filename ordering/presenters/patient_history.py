"""A patient's page: studies done elsewhere, baselines that orders name, and what happened, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time

from django.urls import reverse
from django.utils import timezone

from guidelines import library
from guidelines.engine import RuleSet
from ordering.models import Order, PriorStudy
from ordering.presenters.answers import answer_text
from ordering.presenters.findings import BASELINE, labels_of
from ordering.presenters.timeline import STATUS_WORDS, Entry

Rulesets = Mapping[int, RuleSet]
SHOWN = 40  # entries of the timeline; the orders themselves have all


@dataclass(frozen=True, slots=True)
class PriorRow:
    """A study that was entered by hand; `struck` says why it was an error, and who said so."""

    name: str
    done_on: date
    place: str
    accession: str
    result: str
    recorded_by: str
    recorded_at: datetime
    struck: str
    strike_url: str


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """A baseline as orders name it."""

    text: str
    orders: list[tuple[str, str]]  # (number, address)


def prior_rows(studies: Iterable[PriorStudy], *, may_order: bool) -> list[PriorRow]:
    """Return the studies that were entered by hand, newest first."""
    return [
        PriorRow(
            name=study.name,
            done_on=study.done_on,
            place=study.place,
            accession=study.accession,
            result=study.result,
            recorded_by=study.recorded_by.display_name,
            recorded_at=study.recorded_at,
            struck=f"{study.struck_reason} ({study.struck_by.display_name})" if study.struck_by else "",
            strike_url=reverse("prior_study_strike", args=[study.pk])
            if may_order and not study.struck_at
            else "",
        )
        for study in studies
    ]


def rulesets_of(orders: Iterable[Order]) -> Rulesets:
    """Return the versions that orders were placed under, by key. One query for each version."""
    return {pk: library.ruleset(pk) for pk in {order.consultation.version_id for order in orders}}


def baselines(orders: Iterable[Order], rulesets: Rulesets) -> list[BaselineRow]:
    """Return the baselines that the answers of these orders name, each once."""
    found: dict[str, list[tuple[str, str]]] = {}
    for order in orders:
        ruleset = rulesets[order.consultation.version_id]
        answers = order.consultation.answers
        known = [
            answer_text(element, answers[element.key])
            for element in ruleset.elements
            if element.key.split("_")[0] == BASELINE and answers.get(element.key) is not None
        ]
        if known:
            address = reverse("order_detail", args=[order.pk])
            found.setdefault(", ".join(known), []).append((order.number, address))
    return [BaselineRow(text, rows) for text, rows in found.items()]


def patient_timeline(orders: Iterable[Order], prior: Iterable[PriorStudy], rulesets: Rulesets) -> list[Entry]:
    """Return what happened, newest first. Reads statuses, progress and findings of the orders."""
    told = [told for order in orders for told in _of_order(order, rulesets)]
    for study in prior:
        if study.struck_at is None:
            at = timezone.make_aware(datetime.combine(study.done_on, time.min))
            detail = ", ".join(part for part in ("Done elsewhere", study.place) if part)
            told.append((at, Entry(study.name, day=study.done_on, detail=f"{detail}.")))
    told.sort(key=lambda item: item[0], reverse=True)
    return [entry for _, entry in told[:SHOWN]]


def _of_order(order: Order, rulesets: Rulesets) -> list[tuple[datetime, Entry]]:
    labels = labels_of(rulesets[order.consultation.version_id])
    happened = [
        (row.at, STATUS_WORDS[Order.Status(row.status)], f"by {row.by.display_name}")
        for row in order.statuses.all()
    ]
    happened += [(min(row.at, row.recorded_at), row.get_event_display(), "") for row in order.progress.all()]
    happened += [
        (
            row.recorded_at,
            f"Finding: {labels.get(row.finding, row.finding)}",
            f"by {row.recorded_by.display_name}",
        )
        for row in order.findings.all()
    ]
    url, link = reverse("order_detail", args=[order.pk]), f"Order {order.number}"
    return [(at, Entry(title, by, at, f"{order.study_label}.", url, link)) for at, title, by in happened]
