"""What no answers can reach is found and named; what some can reach is left alone."""

import copy
from typing import Any

import pytest

from guidelines.engine import RuleSet
from guidelines.gate import reach
from tests.engine.documents import document

AGE, DIAGNOSIS, SITES = "age_years", "diagnosis", "emd_sites"


def leaf(element: str, op: str, value: Any) -> dict[str, Any]:
    """Return a test of one answer."""
    return {"element": element, "op": op, "value": value}


ALLERGY = leaf("severe_contrast_allergy", "equals", "yes")
FAILURE = leaf("renal_failure", "equals", "yes")
EGFR = [leaf("egfr", "less_than", 30), leaf("egfr", "at_least", 30)]

# place in the shipped document, its new condition, a part of what is said; empty: nothing is
CASES = [
    ("/criteria/0/condition", leaf(AGE, "at_least", 200), "never be met"),
    ("/criteria/0/condition", leaf(AGE, "at_least", 130), ""),
    ("/criteria/0/condition", leaf(AGE, "at_least", 0), "never be missed"),
    ("/criteria/0/condition", leaf(AGE, "more_than", 0), ""),
    (
        "/criteria/1/condition",
        leaf(DIAGNOSIS, "in", ["all", "aml", "cml", "cll", "other"]),
        "never be missed",
    ),
    (
        "/criteria/1/condition",
        {"all": [leaf(DIAGNOSIS, "equals", "all"), {"not": leaf(DIAGNOSIS, "equals", "all")}]},
        "never be met",
    ),
    (
        "/criteria/4/condition",
        {"all": [leaf(SITES, "contains", "skin"), leaf(SITES, "contains_only", "cns")]},
        "never be met",
    ),
    ("/criteria/1/redirects/0/when", leaf(DIAGNOSIS, "equals", "all"), "never true where the criterion"),
    ("/criteria/4/redirects/0/when", leaf(SITES, "contains", "skin"), "never true where the criterion"),
    ("/order_rules/1/condition", {"all": [ALLERGY, FAILURE]}, "contrast-contraindicated before it"),
    ("/order_rules/1/condition", {"any": [ALLERGY, leaf("egfr", "less_than", 30)]}, ""),
    ("/order_rules/2/condition", leaf(DIAGNOSIS, "equals", "aml"), "whom the scenario fits"),
    (
        "/order_rules/3/condition",
        {"any": [leaf("baseline_modality", "equals", "fdg_pet_ct"), {"all": [ALLERGY, FAILURE]}]},
        "one of the rules before it",
    ),
    ("/advisories/2/condition", {"all": EGFR}, "never be true"),
    ("/advisories/2/condition", {"any": EGFR}, ""),
    ("/advisories/2/condition", leaf("egfr", "more_than", 200), "never be true"),
    ("/advisories/2/condition", {"all": [leaf("egfr", "more_than", 30), leaf("egfr", "less_than", 31)]}, ""),
    ("/advisories/2/condition", leaf(AGE, "less_than", 18), "whom the scenario fits"),
    ("/advisories/2/condition", leaf("baseline_on", "less_than", "1900-01-01"), ""),
    (
        "/advisories/2/condition",
        {
            "all": [
                leaf("baseline_on", "less_than", "2020-01-02"),
                leaf("baseline_on", "more_than", "2020-01-01"),
            ]
        },
        "never be true",
    ),
    (
        "/contradictions/0/condition",
        {"all": [{"element": "egfr", "op": "answered"}, {"not": {"established": {"any": EGFR}}}]},
        "never be true",
    ),
    (
        "/next_step_rules/0/condition",
        {"all": [leaf("finding", "equals", "negative"), leaf("finding", "equals", "new_sites")]},
        "never be true",
    ),
    (
        "/next_step_rules/6/condition",
        {"all": [leaf("complications", "contains", "infection"), leaf("complications", "contains", "other")]},
        "",
    ),
    ("/next_step_rules/5/condition", {"element": "discordant", "op": "answered"}, ""),
    ("/next_step_rules/5/condition", {"not": {"element": "finding", "op": "answered"}}, "never be true"),
    ("/next_step_rules/5/condition", leaf("studies_done", "contains_other_than", "radiography-chest"), ""),
]


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """Return the shipped document without vignettes, with one value replaced."""
    made = copy.deepcopy(document("leukaemia"))
    del made["vignettes"]
    *path, last = pointer.strip("/").split("/")
    parent: Any = made
    for part in path:
        parent = parent[int(part)] if isinstance(parent, list) else parent[part]
    parent[last] = value
    return made


def found(made: dict[str, Any]) -> dict[str, str]:
    """Return what is said of each place."""
    ruleset = RuleSet.from_document(made, version=1, digest="")
    return {finding.pointer: finding.message for finding in reach.unreachable(made, ruleset)}


@pytest.mark.parametrize("name", ["leukaemia", "bicycle"])
def test_everything_in_a_sound_guideline_is_reached(name: str) -> None:
    assert found(document(name)) == {}


@pytest.mark.parametrize(("pointer", "condition", "said"), CASES)
def test_what_nobody_can_reach_is_named_with_the_reason(
    pointer: str, condition: dict[str, Any], said: str
) -> None:
    messages = found(changed(pointer, condition))

    assert said in messages.get(pointer, "") if said else pointer not in messages


def test_criteria_that_exclude_each_other_are_named_together() -> None:
    made = changed("/criteria/0/condition", leaf(DIAGNOSIS, "equals", "aml"))

    assert found(made) == {"/criteria": "No patient can meet all criteria at once."}


def test_what_is_too_large_to_try_is_said_to_be_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "MOST_TRIES", 1)
    made = changed("/advisories/2/condition", {"all": EGFR})
    ruleset = RuleSet.from_document(made, version=1, digest="")

    findings = [f for f in reach.unreachable(made, ruleset) if f.pointer.startswith("/advisories/2")]

    assert [finding.decided for finding in findings] == [False]
