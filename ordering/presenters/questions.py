"""Step 1 as a page: the questions of a guideline in their sections, with what is known already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField

from guidelines.engine import DataElement, RuleSet
from ordering.forms import AnswersForm
from ordering.presenters.answers import answer_text

SECTIONS = {
    "fit": "Does the patient fit?",
    "choice": "What affects the choice of study?",
    "more": "More about this patient",
}
ROOM = 20  # characters of all radio labels that fit on one line beside a question
FROM_BIRTH_DATE = "from date of birth"


@dataclass(frozen=True, slots=True)
class Row:
    """One question. Without `field` the record answers it, and `text` says what with."""

    key: str
    label: str
    kind: str  # radios, input or text
    field: BoundField | None = None
    text: str = ""
    unit: str = ""
    source: str = ""
    conflict: str = ""
    long: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that belong together."""

    key: str
    title: str
    rows: list[Row]


def sections(
    form: AnswersForm,
    *,
    derived: Mapping[str, Any],
    sources: Mapping[str, str] | None = None,
    conflicts: Mapping[str, str] | None = None,
) -> list[Section]:
    """Return every question of the form's guideline, in its sections.

    `derived` holds the answers that the record gives, `sources` says where a prefilled answer comes from, and
    `conflicts` what stands against an answer; all by key.
    """
    rows: dict[str, list[Row]] = {key: [] for key in SECTIONS}
    for element in form.ruleset.elements:
        if element.derived_from:
            row = _derived_row(element, derived.get(element.key))
        else:
            row = _row(
                element,
                form[element.key],
                (sources or {}).get(element.key, ""),
                (conflicts or {}).get(element.key, ""),
            )
        rows[element.section].append(row)
    return [Section(key, title, rows[key]) for key, title in SECTIONS.items() if rows[key]]


def conflicts_of(ruleset: RuleSet, suggestion: Mapping[str, Any]) -> dict[str, str]:
    """Return for each answer that contradicts another what the contradiction is."""
    found: dict[str, str] = {}
    elements = {row["code"]: row["elements"] for row in ruleset.document["contradictions"]}
    for contradiction in suggestion.get("contradictions", []):
        for key in elements.get(contradiction["code"], []):
            found[key] = " ".join(filter(None, (found.get(key), contradiction["text"])))
    return found


def _derived_row(element: DataElement, value: Any) -> Row:
    return Row(
        key=element.key,
        label=element.short_label,
        kind="text",
        text=answer_text(element, value),
        source=FROM_BIRTH_DATE,
    )


def _row(element: DataElement, field: BoundField, source: str, conflict: str) -> Row:
    radios = element.kind in ("choice", "choices")
    labels = sum(len(choice.label) for choice in element.choices)
    return Row(
        key=element.key,
        label=element.label,
        kind="radios" if radios else "input",
        field=field,
        unit=element.unit,
        source=source,
        conflict=conflict,
        long=element.kind == "choices" or (radios and labels > ROOM),
    )
