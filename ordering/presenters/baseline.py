"""The study that a scan is read against: what was answered about it, and the record of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.formats import date_format

from guidelines.engine import RuleSet
from ordering.models import Order, PriorStudy, Progress
from ordering.presenters.answers import NOT_DOCUMENTED, answer_text
from ordering.presenters.findings import BASELINE


@dataclass(frozen=True, slots=True)
class BaselineStudy:
    """The baseline in words. `records` are studies of the same day, with accession numbers where known."""

    answered: str
    records: list[str]

    @property
    def text(self) -> str:
        """Everything in one sentence."""
        return "; ".join([self.answered, *self.records])


def baseline_of(order: Order, ruleset: RuleSet) -> BaselineStudy | None:
    """Return the baseline of an order, or None for a guideline that asks nothing of one.

    A record is taken for the baseline when it was done on the day that was answered. Two queries with a day.
    """
    asked = [element for element in ruleset.elements if element.key.split("_")[0] == BASELINE]
    if not asked:
        return None
    answers = order.consultation.answers
    known = [
        answer_text(element, answers[element.key])
        for element in asked
        if answers.get(element.key) is not None
    ]
    days = [answers[element.key] for element in asked if element.kind == "date" and answers.get(element.key)]
    records = _records(order, date.fromisoformat(days[0])) if days else []
    return BaselineStudy(", ".join(known) or NOT_DOCUMENTED, records)


def _records(order: Order, day: date) -> list[str]:
    """Return the studies of the patient that were done on a day, entered by hand or ordered here."""
    prior = PriorStudy.objects.filter(patient=order.patient_id, done_on=day, struck_at__isnull=True)
    said = [prior_words(study) for study in prior]
    performed = Progress.objects.filter(
        order__patient=order.patient_id, event__in=(Progress.Event.PERFORMED, Progress.Event.REPORTED)
    ).exclude(order=order.pk)
    seen: dict[str, str] = {}
    for row in performed.select_related("order"):
        if timezone.localdate(row.at) == day and row.order.status != Order.Status.ENTERED_IN_ERROR:
            number = seen.get(row.order.number) or row.accession
            seen[row.order.number] = number
            names = f"{row.order.study_label}, order {row.order.number}"
            said = [text for text in said if not text.startswith(names)]
            said.append(f"{names}, accession {number}" if number else f"{names}, accession not recorded")
    return said


def prior_words(study: PriorStudy) -> str:
    """Return a study that was entered by hand, in words."""
    parts = [
        study.name,
        date_format(study.done_on, "d-M-Y"),
        study.place,
        f"accession {study.accession}" if study.accession else "accession not recorded",
    ]
    return ", ".join(part for part in parts if part)
