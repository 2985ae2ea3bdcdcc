"""Conditions in words, for editors: "Diagnosis is Acute lymphoblastic leukaemia".

A pure function of the condition and of the labels of the data elements; it never fails, because editors
look at conditions that are still wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

REPORT_LABELS = {
    "finding": "Finding",
    "discordant": "Discordant with the clinical picture",
    "complications": "Complications seen",
    "studies_done": "Studies done",
}
DEEPEST = 12  # a deeper condition is refused, so nobody needs to read it
INDENT = "    "

COMPARISONS = {  # operator -> (of a number, of a date)
    "at_least": ("{} or more", "on or after {}"),
    "at_most": ("{} or less", "on or before {}"),
    "less_than": ("below {}", "before {}"),
    "more_than": ("above {}", "after {}"),
}
HOLDS = {
    "contains": "include {}",
    "contains_other_than": "include something other than {}",
    "contains_only": "are {} and nothing else",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a condition may ask about, in words: its label, its unit and the labels of its values."""

    label: str
    unit: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


Labels = Mapping[str, Subject]


def labels_of(document: Mapping[str, Any]) -> dict[str, Subject]:
    """Return the words for a scenario document: its data elements and what a report says."""
    reported = {
        "finding": {row["key"]: row["label"] for row in document["findings"]},
        "discordant": {"yes": "Yes", "no": "No"},
        "complications": {row["key"]: row["label"] for row in document["complications"]},
        "studies_done": {row["code"]: row["name"] for row in document["studies"]},
    }
    subjects = {key: Subject(REPORT_LABELS[key], values=values) for key, values in reported.items()}
    for row in document["data_elements"]:
        values = {choice["value"]: choice["label"] for choice in row["choices"]}
        subjects[row["key"]] = Subject(row["summary_label"] or row["label"], row["unit"], values)
    return subjects


def in_words(condition: object, labels: Labels) -> str:
    """Return a condition as text, one test a line; the parts of a group stand indented under it."""
    return "\n".join(_lines(condition, labels, 1))


def _lines(tree: object, labels: Labels, depth: int) -> list[str]:
    if not isinstance(tree, dict) or not tree or depth > DEEPEST:
        return ["(not a condition)"]
    if "all" in tree or "any" in tree:
        name = "all" if "all" in tree else "any"
        return _group(f"{name} of:", tree[name], labels, depth)
    if "not" in tree:
        return _led("not: ", tree["not"], labels, depth)
    if "established" in tree:
        return _led("it is known that: ", tree["established"], labels, depth)
    return [_test(tree, labels)]


def _group(heading: str, parts: object, labels: Labels, depth: int) -> list[str]:
    if not isinstance(parts, list) or not parts:
        return [heading, f"{INDENT}(nothing yet)"]
    if len(parts) == 1:
        return _lines(parts[0], labels, depth + 1)
    inner = [line for part in parts for line in _bulleted(_lines(part, labels, depth + 1))]
    return [heading, *inner]


def _bulleted(lines: list[str]) -> list[str]:
    return [f"{INDENT}- {lines[0]}", *(f"{INDENT}  {line}" for line in lines[1:])]


def _led(lead: str, inner: object, labels: Labels, depth: int) -> list[str]:
    first, *rest = _lines(inner, labels, depth + 1)
    return [f"{lead}{first}", *rest]


def _test(leaf: Mapping[str, Any], labels: Labels) -> str:
    key, op, value = leaf.get("element"), str(leaf.get("op")), leaf.get("value")
    known = labels.get(key) if isinstance(key, str) else None
    subject = known or Subject(f"(no such data element: {key})")
    if op == "answered":
        return f"{subject.label} is documented"
    if op == "in" and isinstance(value, list):
        *others, last = [_value(member, subject) for member in value] or ["nothing"]
        return f"{subject.label} is {', '.join(others)} or {last}" if others else f"{subject.label} is {last}"
    if op == "equals":
        return f"{subject.label} is {_value(value, subject)}"
    if op in HOLDS:
        return f"{subject.label} {HOLDS[op].format(_value(value, subject))}"
    if op in COMPARISONS:
        of_number, of_date = COMPARISONS[op]
        if day := _day(value):
            return f"{subject.label}: {of_date.format(day)}"
        return f"{subject.label} is {of_number.format(_value(value, subject))}"
    return f"{subject.label} (no such operator: {op})"


def _value(value: object, subject: Subject) -> str:
    if isinstance(value, str) and value in subject.values:
        return subject.values[value]
    unit = f" {subject.unit}" if subject.unit and isinstance(value, int | float) else ""
    return f"{_day(value) or value}{unit}"


def _day(value: object) -> str:
    """Return a date as DD-Mmm-YYYY, or nothing when the value is no date."""
    if not isinstance(value, str):
        return ""
    try:
        return date.fromisoformat(value).strftime("%d-%b-%Y")
    except ValueError:
        return ""
