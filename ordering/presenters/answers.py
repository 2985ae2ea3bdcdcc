"""Answers in words, and which of them are checks that a person makes before a study is done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.safestring import SafeString

from guidelines.engine import DataElement, RuleSet
from guidelines.engine.conditions import Condition
from portal.templatetags.portal_ui import day

NOT_DOCUMENTED = "Not documented"
LOUD = ("caution", "stop")
DAY_OF = "_on"  # a date element "<stem>_on" tells when "<stem>" or "<stem>_..." was measured or done


@dataclass(frozen=True, slots=True)
class Check:
    """One line of a check list: `tone` is ok, caution, stop or missing; `detail` stands below, small."""

    label: str
    value: str
    tone: str
    detail: str = ""
    date: str = ""
    url: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line of a summary list, with a link to change it; `change_what` completes it for screen readers."""

    label: str
    value: str
    tone: str = ""
    note: str = ""
    change_url: str = ""
    change_text: str = "Change"
    change_what: str = ""


def answer_text(element: DataElement, value: Any) -> str:
    """Return one answer in plain words: labels for values, units beside numbers, 12-Jun-2026 for a day."""
    if value is None or value in ([], ()):
        return NOT_DOCUMENTED
    if element.kind == "choice":
        return element.label_of(value)
    if element.kind == "choices":
        return ", ".join(element.label_of(member) for member in value)
    if element.kind == "date":
        return date_format(date.fromisoformat(value), "d-M-Y")
    # a trailing zero is misread: 5.0 becomes 50 where the point is lost
    plain = int(value) if isinstance(value, float) and value.is_integer() else value
    return f"{plain} {element.unit}".rstrip()


def answer_html(element: DataElement, value: Any) -> SafeString | str:
    """Return one answer for a page: as `answer_text`, with a day as `<time>`."""
    return day(value) if element.kind == "date" and value else answer_text(element, value)


def days_of(ruleset: RuleSet) -> dict[str, str]:
    """Return which date element belongs to which other element, by key: {"egfr": "egfr_on"}."""
    found: dict[str, str] = {}
    for element in ruleset.elements:
        stem = element.key.removesuffix(DAY_OF)
        if element.kind != "date" or stem == element.key:
            continue
        owners = (
            other.key
            for other in ruleset.elements
            if other is not element and (other.key == stem or other.key.startswith(f"{stem}_"))
        )
        owner = next(owners, "")
        if owner:
            found.setdefault(owner, element.key)
    return found


def check_keys(ruleset: RuleSet) -> list[str]:
    """Return the elements that a person checks before the study is done, in table order.

    They are read off the content: what contraindicates a study, and what alone calls for caution. Elements
    that only decide whether the guideline fits are no checks.
    """
    keys: set[str] = set()
    for rule in ruleset.order_rules:
        if rule.cautioned:
            keys |= rule.condition.elements
    for condition, advisory in ruleset.advisories:
        if advisory.severity in LOUD and len(condition.elements) == 1:
            keys |= condition.elements
    return [element.key for element in ruleset.elements if element.key in keys and element.section != "fit"]


def with_days(ruleset: RuleSet, keys: Iterable[str]) -> list[str]:
    """Return the elements of `keys` together with the dates that belong to them, in table order."""
    days = days_of(ruleset)
    wanted = {key for owner in keys for key in (owner, days.get(owner, ""))}
    return [element.key for element in ruleset.elements if element.key in wanted]


def checks(ruleset: RuleSet, answers: Mapping[str, Any], change_url: str = "") -> list[Check]:
    """Return the checks with the patient's answers. What is not documented is said, in amber."""
    days = days_of(ruleset)
    found = []
    for key in check_keys(ruleset):
        element, value = ruleset.element(key), answers.get(key)
        tone = tone_of(ruleset, answers, key)
        measured = answers.get(days.get(key, ""), "") or ""
        missing = tone == "missing"
        found.append(
            Check(
                label=element.short_label,
                value=answer_text(element, value),
                tone=tone,
                date=measured,
                url=row_url(change_url, key) if missing and change_url else "",
                link_text=f"Add {lower_first(element.short_label)}" if missing else "",
            )
        )
    return found


def tone_of(ruleset: RuleSet, answers: Mapping[str, Any], key: str) -> str:
    """Return how one answer stands: stop, caution, ok, or missing when it is not documented."""
    if answers.get(key) is None:
        return "missing"
    tones = {"stop" for rule in ruleset.order_rules if rule.cautioned and turns(rule.condition, answers, key)}
    tones |= {
        advisory.severity
        for condition, advisory in ruleset.advisories
        if advisory.severity in LOUD and turns(condition, answers, key)
    }
    return next((tone for tone in ("stop", "caution") if tone in tones), "ok")


def summary_rows(
    ruleset: RuleSet, answers: Mapping[str, Any], keys: Iterable[str], change_url: str, *, toned: bool = False
) -> list[SummaryRow]:
    """Return a line for each element of `keys`, with a link to its row in step 1 where it can be changed."""
    rows = []
    for key in keys:
        element = ruleset.element(key)
        documented = answers.get(key) is not None
        tone = tone_of(ruleset, answers, key) if toned else ("" if documented else "missing")
        rows.append(
            SummaryRow(
                label=element.short_label,
                value=answer_html(element, answers.get(key)),
                tone=tone,
                note="from the date of birth" if element.derived_from else "",
                change_url="" if element.derived_from else row_url(change_url, key),
                change_text="Change" if documented else "Add",
                change_what=lower_first(element.short_label),
            )
        )
    return rows


def row_url(page_url: str, key: str) -> str:
    """Return the address of one question in step 1."""
    return f"{page_url}#{row_id(key)}"


def row_id(key: str) -> str:
    """Return the id that the row of an element has in step 1."""
    return f"div_id_{key}"


def lower_first(label: str) -> str:
    """Return a label as it stands inside a sentence; abbreviations keep their capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def turns(condition: Condition, answers: Mapping[str, Any], key: str) -> bool:
    """Return whether this answer makes a condition true: alone, or as a part without which it is not."""
    test = condition.test
    if key not in condition.elements or answers.get(key) is None or test(answers) is not True:
        return False
    alone = {key: answers[key]}
    without = {other: value for other, value in answers.items() if other != key}
    return test(alone) is True or test(without) is not True
