"""A scenario document is checked as a whole: every fault is named at once, with its place."""

import copy

import pytest

from guidelines.engine import DataElement, RuleSet, RuleSetError
from tests.engine.documents import document, ruleset


def faults(changed):
    with pytest.raises(RuleSetError) as caught:
        RuleSet.from_document(changed, version=1, digest="")
    return caught.value.errors


def put(changed, pointer, value):
    """Replace the value at a JSON pointer; "-" adds to a list."""
    *path, last = pointer.removeprefix("/").split("/")
    parent = changed
    for name in path:
        parent = parent[int(name) if isinstance(parent, list) else name]
    if last == "-":
        parent.append(value)
    else:
        parent[int(last) if isinstance(parent, list) else last] = value


@pytest.mark.parametrize("name", ["leukaemia", "bicycle"])
def test_shipped_documents_are_accepted(name):
    rules = ruleset(name)

    assert rules.document == document(name)
    assert [element.to_dict() for element in rules.elements] == document(name)["data_elements"]


def leaf(element, op, value):
    return {"element": element, "op": op, "value": value}


CONDITION = "/criteria/0/condition"


@pytest.mark.parametrize(
    ("pointer", "value", "place", "says"),
    [
        # shape
        ("/title", "", "/title", "must not be empty"),
        ("/title", 3, "/title", "must be a text"),
        ("/summary", "a\0b", "/summary", "NUL"),
        ("/slug", "Which Bicycle", "/slug", "must be a slug"),
        ("/review_due_on", "2031-02-30", "/review_due_on", "must be a day of the calendar"),
        ("/studies", {}, "/studies", "must be a list"),
        ("/studies/0", "city", "/studies/0", "must be an object"),
        ("/studies/0/colour", "red", "/studies/0/colour", "is not a known key here"),
        ("/data_elements/0/a~b", 1, "/data_elements/0/a~0b", "is not a known key here"),
        ("/data_elements/0/kind", "number", "/data_elements/0/kind", "must be one of choice"),
        ("/data_elements/0/allow_future", 1, "/data_elements/0/allow_future", "must be true or false"),
        ("/data_elements/0/minimum", True, "/data_elements/0/minimum", "must be a number"),
        ("/data_elements/0/maximum", float("nan"), "/data_elements/0/maximum", "must be a number"),
        ("/criteria/0/standing", "guess", "/criteria/0/standing", "must be one of article"),
        ("/advisories/0/severity", "high", "/advisories/0/severity", "must be one of info"),
        (
            "/rated_studies/0/default_role",
            "first",
            "/rated_studies/0/default_role",
            "must be one of suggested",
        ),
        ("/rated_studies/0/rating", 8, "/rated_studies/0/rating", "must be one of usually_appropriate"),
        ("/radiation_levels/0/level", 6, "/radiation_levels/0/level", "must be one of 0, 1"),
        ("/radiation_levels/0/level", True, "/radiation_levels/0/level", "must be one of 0, 1"),
        # duplicates
        ("/studies/1/code", "city-bicycle", "/studies/1/code", "stands here twice"),
        ("/rated_studies/1/study", "city-bicycle", "/rated_studies/1/study", "stands here twice"),
        ("/data_elements/1/key", "rider_age", "/data_elements/1/key", "stands here twice"),
        ("/data_elements/1/choices/1/value", "yes", "/data_elements/1/choices/1/value", "stands here twice"),
        ("/radiation_levels/1/level", 0, "/radiation_levels/1/level", "stands here twice"),
        (
            "/order_rules/0/placements/1/study",
            "electric-bicycle",
            "/order_rules/0/placements/1/study",
            "twice",
        ),
        ("/next_step_rules/0/adds/1", "first-service", "/next_step_rules/0/adds/1", "stands here twice"),
        # references
        ("/primary_source", "gossip", "/primary_source", "is not a source"),
        ("/criteria/1/source", "gossip", "/criteria/1/source", "is not a source"),
        ("/faqs/0/source", "gossip", "/faqs/0/source", "is not a source"),
        (
            "/radiation_levels/0/paediatric_source",
            "gossip",
            "/radiation_levels/0/paediatric_source",
            "a source",
        ),
        ("/criteria/0/redirects/0/redirect", "nowhere", "/criteria/0/redirects/0/redirect", "not a redirect"),
        ("/rated_studies/0/study", "tank", "/rated_studies/0/study", "is not a study"),
        ("/rated_studies/0/radiation_level", 5, "/rated_studies/0/radiation_level", "not a radiation level"),
        (
            "/order_rules/0/placements/0/study",
            "walking-boots",
            "/order_rules/0/placements/0/study",
            "rated study",
        ),
        ("/contradictions/0/elements/0", "mood", "/contradictions/0/elements/0", "is not a data element"),
        ("/next_steps/2/study", "tank", "/next_steps/2/study", "is not a study"),
        ("/next_steps/2/prefill/0/value", "fine", "/next_steps/2/prefill/0/value", "not one of the choices"),
        ("/next_step_rules/0/adds/0", "sleep", "/next_step_rules/0/adds/0", "is not a next step"),
        ("/next_step_rules/0/removes/-", "sleep", "/next_step_rules/0/removes/0", "is not a next step"),
        ("/bindings/1/element", "mood", "/bindings/1/element", "is not a data element"),
        ("/bindings/1/value", "valueQuantity=km with mood", "/bindings/1/value", "is not a data element"),
        ("/bindings/2/value", "perhaps", "/bindings/2/value", "is not a choice of the element"),
        ("/bindings/4/value", "tank", "/bindings/4/value", "is not a study"),
        # sources of values
        ("/rated_studies/0/rating_source", None, "/rated_studies/0/rating_source", "a rating needs a source"),
        ("/rated_studies/0/radiation_source", None, "/rated_studies/0/radiation_source", "needs a source"),
        ("/radiation_levels/0/source", None, "/radiation_levels/0/source", "a recorded dose needs a source"),
        (
            "/radiation_levels/0/paediatric_source",
            None,
            "/radiation_levels/0/paediatric_source",
            "needs a source",
        ),
        ("/criteria/1/source", None, "/criteria/1/source", "a value that stands as 'article' needs a source"),
        ("/pitfalls/0/source", None, "/pitfalls/0/source", "needs a source"),
        # impossible definitions
        (
            "/radiation_levels/1/adult_msv/min",
            -1,
            "/radiation_levels/1/adult_msv/min",
            "must not be negative",
        ),
        ("/radiation_levels/1/adult_msv/max", 0.05, "/radiation_levels/1/adult_msv/max", "below the minimum"),
        ("/data_elements/0/maximum", -5, "/data_elements/0/maximum", "must not be below the minimum"),
        ("/data_elements/1/minimum", 1, "/data_elements/1/minimum", "must be null for 'choice'"),
        ("/data_elements/1/choices", [], "/data_elements/1/choices", "must offer at least one choice"),
        (
            "/data_elements/0/choices",
            [{"value": "a", "label": "A"}],
            "/data_elements/0/choices",
            "must be empty",
        ),
        ("/data_elements/0/key", "finding", "/data_elements/0/key", "is reserved for what a report says"),
        (
            "/data_elements/4/derived_from",
            "patient.birth_date",
            "/data_elements/4/derived_from",
            "whole years",
        ),
        # conditions
        (CONDITION, [], CONDITION, "must be a condition"),
        (CONDITION, {}, CONDITION, "must be a condition"),
        (CONDITION, {"all": []}, CONDITION + "/all", "at least one condition"),
        (CONDITION, {"any": {}}, CONDITION + "/any", "at least one condition"),
        (CONDITION, {"all": [leaf("rider_age", "equals", 1)], "op": "x"}, CONDITION, 'must hold "all" alone'),
        (CONDITION, {"element": "rider_age", "op": "equals"}, CONDITION + "/value", "is missing"),
        (CONDITION, {"element": "rider_age", "value": 3}, CONDITION + "/op", "is missing"),
        (CONDITION, {"op": "equals", "value": 3}, CONDITION + "/element", "is missing"),
        (CONDITION, leaf("mood", "equals", "good"), CONDITION + "/element", "is not a data element"),
        (CONDITION, leaf("finding", "equals", "kept"), CONDITION + "/element", "is not a data element"),
        (CONDITION, leaf(["rider_age"], "equals", 1), CONDITION + "/element", "is not a data element"),
        (CONDITION, leaf("can_ride", "contains", "yes"), CONDITION + "/op", "does not fit 'choice'"),
        (CONDITION, leaf("terrain", "equals", "sand"), CONDITION + "/op", "does not fit 'choices'"),
        (CONDITION, leaf("rider_age", "contains_only", 3), CONDITION + "/op", "does not fit 'integer'"),
        (CONDITION, leaf("can_ride", "equals", "maybe"), CONDITION + "/value", "not one of the choices"),
        (CONDITION, leaf("can_ride", "in", "yes"), CONDITION + "/value", "at least one value"),
        (
            CONDITION,
            leaf("can_ride", "in", ["yes", "maybe"]),
            CONDITION + "/value/1",
            "not one of the choices",
        ),
        (CONDITION, leaf("can_ride", "in", ["yes", "yes"]), CONDITION + "/value/1", "stands here twice"),
        (CONDITION, leaf("rider_age", "at_least", 14.5), CONDITION + "/value", "is not a whole number"),
        (CONDITION, leaf("rider_age", "at_least", True), CONDITION + "/value", "is not a whole number"),
        (CONDITION, leaf("daily_km", "at_least", "4"), CONDITION + "/value", "is not a number"),
        (CONDITION, leaf("needed_by", "at_least", "2026-02-30"), CONDITION + "/value", "is not a day"),
        (CONDITION, {"element": "can_ride", "op": "answered"}, CONDITION + "/op", "next-step rules alone"),
        (CONDITION, {"established": leaf("can_ride", "equals", "yes")}, CONDITION, "next-step rules alone"),
        ("/next_step_rules/0/condition/value", "lost", "/next_step_rules/0/condition/value", "not one of"),
    ],
)
def test_fault_is_named_with_its_place(pointer, value, place, says):
    changed = document("bicycle")
    put(changed, pointer, value)

    found = faults(changed)

    assert any(where == place and says in message for where, message in found), found


def test_condition_nested_beyond_any_reader_is_refused():
    changed = document("bicycle")
    tree = leaf("rider_age", "at_least", 14)
    for _ in range(3000):
        tree = {"not": tree}
    changed["criteria"][0]["condition"] = tree

    ((place, message),) = faults(changed)

    assert place == CONDITION + "/not" * 12
    assert "nested too deeply" in message


@pytest.mark.parametrize("name", sorted(set(document("bicycle")) - {"vignettes"}))
def test_missing_key_is_named(name):
    changed = document("bicycle")
    del changed[name]

    assert ("/" + name, "is missing") in faults(changed)


def test_every_fault_is_reported_at_once():
    changed = document("bicycle")
    put(changed, "/title", None)
    put(changed, "/data_elements/1/kind", "word")
    put(changed, "/rated_studies/2/study", "tank")
    put(changed, "/order_rules/1/condition", leaf("mood", "equals", "good"))

    found = [place for place, _ in faults(changed)]

    assert {
        "/title",
        "/data_elements/1/kind",
        "/rated_studies/2/study",
        "/order_rules/1/condition/element",
    } <= set(found)


@pytest.mark.parametrize("changed", [None, [], "bicycle", 3, {}])
def test_what_is_no_document_is_refused(changed):
    assert faults(changed)


def test_unrated_study_needs_no_source_and_unlisted_study_has_no_rating():
    rules = ruleset("bicycle")

    assert rules.study("unicycle").rating is None
    assert rules.study("unicycle").radiation is None
    assert rules.study("walking-boots").rating is None
    assert rules.study("city-bicycle").radiation.adult_msv == {"min": 0, "max": 0}


def test_unknown_study_and_element_are_no_part_of_the_rules():
    with pytest.raises(KeyError):
        ruleset("bicycle").study("tank")
    with pytest.raises(KeyError):
        ruleset("bicycle").element("mood")


def test_data_element_round_trips():
    for row in document("bicycle")["data_elements"]:
        assert DataElement.from_dict(copy.deepcopy(row)).to_dict() == row
