"""Conditions in words."""

from typing import Any

import pytest

from guidelines.conditions_text import in_words, labels_of
from tests.guidelines.desk import SHIPPED, document_at

LABELS = labels_of(document_at(SHIPPED))


def leaf(element: str, op: str, value: Any = None) -> dict[str, Any]:
    """Return a test of one element."""
    return {"element": element, "op": op} | ({} if value is None else {"value": value})


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (leaf("age_years", "at_least", 18), "Age is 18 years or more"),
        (leaf("age_years", "at_most", 18), "Age is 18 years or less"),
        (leaf("age_years", "more_than", 18), "Age is above 18 years"),
        (leaf("egfr", "less_than", 30), "eGFR is below 30 mL/min/1.73 m2"),
        (leaf("therapy_ended_on", "at_least", "2026-03-01"), "Course ended on: on or after 01-Mar-2026"),
        (leaf("therapy_ended_on", "less_than", "2026-03-01"), "Course ended on: before 01-Mar-2026"),
        (leaf("renal_failure", "answered"), "Renal failure is documented"),
        (leaf("no_such", "equals", "x"), "(no such data element: no_such) is x"),
        (leaf("renal_failure", "roughly", "x"), "Renal failure (no such operator: roughly)"),
        ({"not": leaf("age_years", "at_least", 18)}, "not: Age is 18 years or more"),
        (
            {"established": leaf("age_years", "at_least", 18)},
            "it is known that: Age is 18 years or more",
        ),
        ({"all": [leaf("age_years", "at_least", 18)]}, "Age is 18 years or more"),
        (
            {
                "any": [
                    leaf("renal_failure", "equals", "yes"),
                    {"all": [leaf("pregnancy", "equals", "no")] * 2},
                ]
            },
            (
                "any of:\n    - Renal failure is Yes\n    - all of:\n"
                "          - Pregnancy is No\n          - Pregnancy is No"
            ),
        ),
        ({"all": []}, "all of:\n    (nothing yet)"),
        ({"all": "x"}, "all of:\n    (nothing yet)"),
        ({}, "(not a condition)"),
        (None, "(not a condition)"),
        (7, "(not a condition)"),
        ([], "(not a condition)"),
        ({"element": ["x"], "op": {}}, "(no such data element: ['x']) (no such operator: {})"),
    ],
)
def test_a_condition_reads_as_a_person_says_it(condition: Any, words: str) -> None:
    assert in_words(condition, LABELS) == words


def test_values_are_said_by_their_labels() -> None:
    labels = {choice["value"]: choice["label"] for choice in _element("emd_sites")["choices"]}

    assert in_words(leaf("emd_sites", "contains", "cns"), LABELS).endswith(f"include {labels['cns']}")
    assert in_words(leaf("emd_sites", "contains_only", "cns"), LABELS).endswith("and nothing else")
    assert "something other than" in in_words(leaf("emd_sites", "contains_other_than", "cns"), LABELS)


def test_a_list_of_values_is_joined_with_or() -> None:
    words = in_words(leaf("diagnosis", "in", ["aml", "cml", "cll"]), LABELS)

    assert words.count(", ") >= 1
    assert " or " in words


def test_every_condition_of_the_shipped_guideline_has_words() -> None:
    document = document_at(SHIPPED)
    conditions = [
        row["condition"]
        for name in ("criteria", "order_rules", "advisories", "contradictions", "next_step_rules")
        for row in document[name]
    ]
    conditions += [inner["when"] for row in document["criteria"] for inner in row["redirects"]]

    for condition in conditions:
        assert "(no" not in in_words(condition, LABELS)


def test_a_condition_that_is_far_too_deep_is_not_followed() -> None:
    condition: Any = leaf("age_years", "at_least", 18)
    for _ in range(900):
        condition = {"not": condition}

    assert in_words(condition, LABELS).endswith("(not a condition)")


def _element(key: str) -> dict[str, Any]:
    return next(row for row in document_at(SHIPPED)["data_elements"] if row["key"] == key)
