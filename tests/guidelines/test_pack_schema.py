"""The schema refuses a pack of the wrong shape, and names the place."""

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.guidelines.shipped_pack import ROOT, fresh_pack, validator

GONE = object()  # marks a key to be taken out
EQUALS = {"element": "diagnosis", "op": "equals", "value": "all"}


def pointers(pack: Any) -> set[str]:
    """Return the places of all faults."""
    return {"/" + "/".join(map(str, fault.absolute_path)) for fault in validator().iter_errors(pack)}


def changed(pointer: str, value: Any) -> dict[str, Any]:
    """Return the shipped pack with one value replaced, added or taken out."""
    pack = fresh_pack()
    *path, last = pointer.strip("/").split("/")
    parent: Any = pack
    for part in path:
        parent = parent[int(part)] if isinstance(parent, list) else parent[part]
    key: Any = int(last) if isinstance(parent, list) else last
    if value is GONE:
        del parent[key]
    else:
        parent[key] = copy.deepcopy(value)
    return pack


REFUSED = [
    # what is changed, the new value, the place that the fault names
    ("/schema", "imaging-orders/guideline-pack/2", "/schema"),
    ("/schema", GONE, "/"),
    ("/scenario", GONE, "/"),
    ("/scenario", [], "/scenario"),
    ("/comment", "hello", "/"),
    ("/checksum", "sha256:abc", "/checksum"),
    ("/checksum", None, "/checksum"),
    ("/scenario/slug", "Adult ALL", "/scenario/slug"),
    ("/scenario/slug", "adult--all", "/scenario/slug"),
    ("/scenario/slug", 7, "/scenario/slug"),
    ("/scenario/title", "", "/scenario/title"),
    ("/scenario/title", "Two\nlines", "/scenario/title"),
    ("/scenario/title", "Newline at the end\n", "/scenario/title"),
    ("/scenario/slug", "adult\n", "/scenario/slug"),
    ("/scenario/title", "x" * 201, "/scenario/title"),
    ("/scenario/title", GONE, "/scenario"),
    ("/scenario/note", "unknown field", "/scenario"),
    ("/scenario/summary", None, "/scenario/summary"),
    ("/scenario/introduction", "<b>bold</b>", "/scenario/introduction"),
    ("/scenario/introduction", "a\u0000b", "/scenario/introduction"),
    ("/scenario/introduction", "x" * 4001, "/scenario/introduction"),
    ("/scenario/search_terms", "ALL", "/scenario/search_terms"),
    ("/scenario/search_terms/0", "", "/scenario/search_terms/0"),
    ("/scenario/search_terms/1", "ALL", "/scenario/search_terms"),
    ("/scenario/review_due_on", "30-May-2027", "/scenario/review_due_on"),
    ("/scenario/review_due_on", "2027-02-30", "/scenario/review_due_on"),
    ("/scenario/review_due_on", None, "/scenario/review_due_on"),
    ("/scenario/licence", "", "/scenario/licence"),
    ("/scenario/sources", [], "/scenario/sources"),
    ("/scenario/sources/0/url", "http://example.org", "/scenario/sources/0/url"),
    ("/scenario/sources/0/url", "javascript:alert(1)", "/scenario/sources/0/url"),
    ("/scenario/sources/0/url", "", "/scenario/sources/0/url"),
    ("/scenario/sources/0/reviewed_on", "May 2026", "/scenario/sources/0/reviewed_on"),
    ("/scenario/sources/0/doi", "10.1000/1", "/scenario/sources/0"),
    ("/scenario/data_elements", [], "/scenario/data_elements"),
    ("/scenario/data_elements/0/kind", "number", "/scenario/data_elements/0/kind"),
    ("/scenario/data_elements/0/section", "other", "/scenario/data_elements/0/section"),
    ("/scenario/data_elements/0/minimum", "0", "/scenario/data_elements/0/minimum"),
    ("/scenario/data_elements/0/minimum", True, "/scenario/data_elements/0/minimum"),
    ("/scenario/data_elements/0/allow_future", "no", "/scenario/data_elements/0/allow_future"),
    ("/scenario/data_elements/0/derived_from", "patient.sex", "/scenario/data_elements/0/derived_from"),
    (
        "/scenario/data_elements/0/choices",
        [{"value": "a", "label": "A"}],
        "/scenario/data_elements/0/choices",
    ),
    ("/scenario/data_elements/1/choices", [], "/scenario/data_elements/1/choices"),
    ("/scenario/data_elements/1/minimum", 3, "/scenario/data_elements/1/minimum"),
    ("/scenario/data_elements/1/choices/0/value", "A L L", "/scenario/data_elements/1/choices/0/value"),
    ("/scenario/data_elements/1/choices/0/label", "", "/scenario/data_elements/1/choices/0/label"),
    ("/scenario/data_elements/1/choices/0/icon", "x", "/scenario/data_elements/1/choices/0"),
    ("/scenario/data_elements/1/key", GONE, "/scenario/data_elements/1"),
    ("/scenario/criteria", [], "/scenario/criteria"),
    ("/scenario/criteria/0/standing", "guess", "/scenario/criteria/0/standing"),
    ("/scenario/criteria/1/source", None, "/scenario/criteria/1/source"),
    ("/scenario/criteria/1/redirects/0", {"when": EQUALS}, "/scenario/criteria/1/redirects/0"),
    ("/scenario/redirects/0/scenario", "", "/scenario/redirects/0/scenario"),
    ("/scenario/radiation_levels/0/level", 6, "/scenario/radiation_levels/0/level"),
    ("/scenario/radiation_levels/0/level", "0", "/scenario/radiation_levels/0/level"),
    ("/scenario/radiation_levels/4/adult_msv", [10, 30], "/scenario/radiation_levels/4/adult_msv"),
    ("/scenario/radiation_levels/4/adult_msv", {"min": 10}, "/scenario/radiation_levels/4/adult_msv"),
    ("/scenario/radiation_levels/4/adult_msv/min", -1, "/scenario/radiation_levels/4/adult_msv/min"),
    ("/scenario/radiation_levels/4/source", None, "/scenario/radiation_levels/4/source"),
    (
        "/scenario/radiation_levels/4/paediatric_source",
        None,
        "/scenario/radiation_levels/4/paediatric_source",
    ),
    ("/scenario/studies/0/code", "CT CAP", "/scenario/studies/0/code"),
    ("/scenario/studies/0/short_name", "", "/scenario/studies/0/short_name"),
    ("/scenario/studies/0/protocol_url", "ftp://x", "/scenario/studies/0/protocol_url"),
    ("/scenario/studies/0/codes/0/version", "2.78", "/scenario/studies/0/codes/0"),
    ("/scenario/studies/0/codes/0/code", "", "/scenario/studies/0/codes/0/code"),
    ("/scenario/rated_studies/0/rating", "appropriate", "/scenario/rated_studies/0/rating"),
    ("/scenario/rated_studies/0/rating", 8, "/scenario/rated_studies/0/rating"),
    ("/scenario/rated_studies/0/score", 8, "/scenario/rated_studies/0"),
    ("/scenario/rated_studies/0/rating_source", None, "/scenario/rated_studies/0/rating_source"),
    ("/scenario/rated_studies/1/radiation_source", None, "/scenario/rated_studies/1/radiation_source"),
    ("/scenario/rated_studies/0/radiation_level", 9, "/scenario/rated_studies/0/radiation_level"),
    ("/scenario/rated_studies/0/default_role", "best", "/scenario/rated_studies/0/default_role"),
    ("/scenario/rated_studies/0/rationale", [], "/scenario/rated_studies/0/rationale"),
    ("/scenario/rated_studies/0/rationale", "fast", "/scenario/rated_studies/0/rationale"),
    ("/scenario/order_rules/0/placements", [], "/scenario/order_rules/0/placements"),
    ("/scenario/order_rules/0/placements/0/role", "first", "/scenario/order_rules/0/placements/0/role"),
    ("/scenario/order_rules/0/placements/0/caution", 1, "/scenario/order_rules/0/placements/0/caution"),
    ("/scenario/order_rules/0/rating", "usually_appropriate", "/scenario/order_rules/0"),
    ("/scenario/advisories/0/severity", "critical", "/scenario/advisories/0/severity"),
    ("/scenario/contradictions/0/elements", [], "/scenario/contradictions/0/elements"),
    ("/scenario/findings/0/tone", "green", "/scenario/findings/0/tone"),
    ("/scenario/next_steps/0/study", "", "/scenario/next_steps/0/study"),
    ("/scenario/next_steps/8/prefill/0/studies", [], "/scenario/next_steps/8/prefill/0/studies"),
    ("/scenario/next_step_rules/0/adds", ["a", "a"], "/scenario/next_step_rules/0/adds"),
    ("/scenario/pitfalls/0/source", None, "/scenario/pitfalls/0/source"),
    ("/scenario/faqs/0/question", "", "/scenario/faqs/0/question"),
    ("/scenario/bindings/0/match", "like", "/scenario/bindings/0/match"),
    ("/scenario/bindings/0/resource", "patient", "/scenario/bindings/0/resource"),
    ("/scenario/bindings/0/element", None, "/scenario/bindings/0/element"),
]


@pytest.mark.parametrize(("pointer", "value", "place"), REFUSED)
def test_a_faulty_pack_is_refused_and_the_place_is_named(pointer, value, place):
    assert place in pointers(changed(pointer, value))


AT = "/scenario/criteria/1/condition"
FAULTY_CONDITIONS = [
    # condition, place of the fault inside it
    (None, ""),
    ("diagnosis = all", ""),
    ([], ""),
    ({}, ""),
    ({"element": "diagnosis", "op": "equals"}, ""),
    ({"op": "equals", "value": "all"}, ""),
    ({"element": "diagnosis", "op": "is", "value": "all"}, "/op"),
    ({"element": "Diagnosis", "op": "equals", "value": "all"}, "/element"),
    ({"element": "diagnosis", "op": "equals", "value": None}, "/value"),
    ({"element": "diagnosis", "op": "equals", "value": True}, "/value"),
    ({"element": "diagnosis", "op": "equals", "value": ["all"]}, "/value"),
    ({"element": "diagnosis", "op": "in", "value": "all"}, "/value"),
    ({"element": "diagnosis", "op": "in", "value": []}, "/value"),
    ({"element": "diagnosis", "op": "in", "value": ["all", "all"]}, "/value"),
    ({"element": "age_years", "op": "at_least", "value": "18"}, "/value"),
    ({"element": "emd_sites", "op": "contains", "value": 4}, "/value"),
    ({**EQUALS, "comment": "why"}, ""),
    ({"all": []}, "/all"),
    ({"all": EQUALS}, "/all"),
    ({"all": [EQUALS], "any": [EQUALS]}, ""),
    ({"any": [EQUALS, {"element": "diagnosis"}]}, "/any/1"),
    ({"not": [EQUALS]}, "/not"),
    (
        {"not": {"all": [{"not": {"element": "diagnosis", "op": "near", "value": "all"}}]}},
        "/not/all/0/not/op",
    ),
    ({"established": EQUALS}, ""),
    ({"element": "diagnosis", "op": "answered"}, "/op"),
    ({"script": "return true"}, ""),
]


@pytest.mark.parametrize(("condition", "inside"), FAULTY_CONDITIONS)
def test_a_faulty_condition_is_refused_and_the_place_is_named(condition, inside):
    assert AT + inside in pointers(changed(AT, condition))


@pytest.mark.parametrize(
    ("condition", "inside"),
    [
        ({"element": "diagnosis", "op": "answered", "value": "all"}, ""),
        ({"established": [EQUALS]}, "/established"),
        ({"established": {"element": "diagnosis", "op": "equals"}}, "/established"),
    ],
)
def test_the_further_forms_of_next_step_rules_are_checked_too(condition, inside):
    at = "/scenario/next_step_rules/0/condition"

    assert at + inside in pointers(changed(at, condition))


@pytest.mark.parametrize(
    "condition",
    [
        EQUALS,
        {"not": EQUALS},
        {"all": [EQUALS, {"any": [EQUALS, {"not": EQUALS}]}]},
        {"element": "therapy_ended_on", "op": "less_than", "value": "2026-06-05"},
        {"element": "egfr", "op": "at_most", "value": 29.5},
        {"element": "diagnosis", "op": "in", "value": ["aml", "cml"]},
    ],
)
def test_sound_conditions_are_accepted(condition):
    assert pointers(changed(AT, condition)) == set()


def test_all_faults_are_named_at_once():
    pack = changed("/scenario/title", "")
    pack["scenario"]["criteria"][2]["standing"] = "guess"
    pack["scenario"]["faqs"][4]["answer"] = 5

    assert pointers(pack) == {
        "/scenario/title",
        "/scenario/criteria/2/standing",
        "/scenario/faqs/4/answer",
    }


def test_the_checksum_may_be_left_out():
    assert pointers(changed("/checksum", GONE)) == set()


def test_every_object_of_the_schema_is_closed():
    Draft202012Validator.check_schema(validator().schema)
    open_objects = [
        name
        for name, definition in validator().schema["$defs"].items()
        if "properties" in definition and definition.get("additionalProperties") is not False
    ]

    assert open_objects == []


def test_the_documentation_names_every_field_and_operator():
    definitions = validator().schema["$defs"].values()
    names = {name for definition in definitions for name in definition.get("properties", {})}
    names |= set(validator().schema["$defs"]["report_condition_leaf"]["properties"]["op"]["enum"])
    text = (ROOT / "docs" / "content.md").read_text("utf-8")

    assert {name for name in names if f"`{name}`" not in text and f'"{name}"' not in text} == set()
