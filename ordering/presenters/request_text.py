"""What the radiologist reads: the request in words, made from the guideline and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from guidelines.engine import RuleSet
from ordering.advice import age_on
from ordering.models import Order
from ordering.presenters.answers import LOUD, answer_text, check_keys, days_of
from ordering.presenters.baseline import baseline_of


def request_text(order: Order, ruleset: RuleSet) -> list[str]:
    """Return the paragraphs of the request, as the order stands now.

    Every answer is in it; a check that is not documented is said to be so, because silence reads as no.
    """
    consultation = order.consultation
    given, answers = consultation.suggestion, consultation.answers
    patient = order.patient
    age = age_on(patient.birth_date, timezone.localdate(consultation.created_at))
    unit = "year" if age == 1 else "years"
    paragraphs = [
        f"{order.study_label}.",
        f"{order.scenario_title}. Age {age} {unit}, sex {patient.get_sex_display().lower()}.",
        _answers(ruleset, answers),
        _baseline(order, ruleset),
        _questions(given),
        _missing(ruleset, answers),
        _cautions(order, given),
        _choice(order),
        order.note,
    ]
    return [paragraph for paragraph in paragraphs if paragraph]


def _answers(ruleset: RuleSet, answers: Mapping[str, Any]) -> str:
    days = days_of(ruleset)
    told_with_another = {day for owner, day in days.items() if answers.get(owner) is not None}
    parts = []
    for element in ruleset.elements:
        value = answers.get(element.key)
        if value is None or element.derived_from or element.key in told_with_another:
            continue
        text = f"{element.short_label}: {answer_text(element, value)}"
        day = days.get(element.key)
        if day and answers.get(day):
            text += f" ({answer_text(ruleset.element(day), answers[day])})"
        parts.append(f"{text}.")
    return " ".join(parts)


def _baseline(order: Order, ruleset: RuleSet) -> str:
    """Return where the baseline study is on record; its kind and day stand among the answers."""
    baseline = baseline_of(order, ruleset)
    return f"Compare with: {'; '.join(baseline.records)}." if baseline and baseline.records else ""


def _questions(given: Mapping[str, Any]) -> str:
    titles = [f"{row['title'].rstrip('?.')}?" for row in given["questions"]]
    return " ".join(["Questions:", *titles]) if titles else ""


def _missing(ruleset: RuleSet, answers: Mapping[str, Any]) -> str:
    labels = [ruleset.element(key).short_label for key in check_keys(ruleset) if answers.get(key) is None]
    return f"Not documented: {', '.join(labels)}." if labels else ""


def _cautions(order: Order, given: Mapping[str, Any]) -> str:
    chosen = next((row for row in given["studies"] if row["code"] == order.study_code), None)
    texts = [remark["text"] for remark in chosen["cautions"]] if chosen else []
    texts += [f"{row['title']}." for row in given["advisories"] if row["severity"] in LOUD]
    texts += [row["text"] for row in given["contradictions"]]
    return f"Please note: {' '.join(texts)}" if texts else ""


def _choice(order: Order) -> str:
    if not order.override_reason_code:
        return ""
    reason = order.get_override_reason_code_display()
    said = order.override_reason_text.strip().rstrip(".")
    return f"Reason for this study: {reason}{f' ({said})' if said else ''}."
