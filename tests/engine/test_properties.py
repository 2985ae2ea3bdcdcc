"""What must hold of every legal case, of both documents: found out by trying many."""

import copy
import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidelines.engine import (
    Advice,
    Case,
    CaseError,
    RuleSet,
    RuleSetError,
    canonical_json,
    difference,
    evaluate,
    next_steps,
)
from guidelines.engine.terms import CHOICE, CHOICES, DATE, INTEGER
from tests.engine.documents import PACKS, TODAY, document, ruleset

both = pytest.mark.parametrize("name", sorted(PACKS))
often = settings(max_examples=250, deadline=None)
sometimes = settings(max_examples=120, deadline=None)


def legal_answer(element):
    """Any answer that the element accepts."""
    if element.kind == CHOICE:
        return st.sampled_from(element.values)
    if element.kind == CHOICES:
        return st.lists(st.sampled_from(element.values), min_size=1, unique=True)
    if element.kind == DATE:
        latest = date(2035, 1, 1) if element.allow_future else TODAY
        return st.dates(max_value=latest).map(date.isoformat)
    low, high = element.minimum or 0, element.maximum or 10**6
    whole = st.integers(low, high)
    return whole if element.kind == INTEGER else whole | st.floats(low, high, allow_nan=False)


def legal_answers(name):
    """Any legal answers, with any of them left out."""
    return st.fixed_dictionaries(
        {}, optional={element.key: legal_answer(element) for element in ruleset(name).elements}
    )


def advise(name, answers):
    rules = ruleset(name)
    return evaluate(rules, Case.from_dict(rules, answers, today=TODAY))


def statuses(advice):
    return {row.key: row.status for row in advice.criteria}


@both
@often
@given(data=st.data())
def test_no_answer_ever_changes_a_rating_or_a_radiation_level(name, data):
    advice = advise(name, data.draw(legal_answers(name)))

    rated = {row["study"]: row for row in document(name)["rated_studies"]}
    for row in advice.to_dict()["studies"]:
        assert row["rating"] == rated[row["code"]]["rating"]
        assert (row["radiation"] and row["radiation"]["level"]) == rated[row["code"]]["radiation_level"]


@both
@often
@given(data=st.data())
def test_every_legal_case_has_a_well_formed_advice_and_always_the_same(name, data):
    answers = data.draw(legal_answers(name))

    advice = advise(name, answers)
    again = advise(name, dict(data.draw(st.permutations(list(answers.items())))))

    assert canonical_json(advice.to_dict()) == canonical_json(again.to_dict())
    verdicts = set(statuses(advice).values())
    assert advice.fit == (
        "does_not_fit" if "not_met" in verdicts else "needs_answers" if "unknown" in verdicts else "fits"
    )
    assert advice.provisional is (advice.fit == "needs_answers")
    if advice.fit == "does_not_fit":
        assert (advice.studies, advice.needs, advice.advisories) == ((), (), ())
    else:
        listed = [row.study.code for row in advice.studies]
        assert sorted(listed) == sorted(row["study"] for row in document(name)["rated_studies"])
        assert [row.position for row in advice.studies] == list(range(1, len(listed) + 1))
        assert advice.redirects == ()
    keys = [element.key for element in ruleset(name).elements]
    assert list(advice.needs) == [key for key in keys if key in advice.needs]
    assert not set(advice.needs) & set(answers)
    assert list(advice.not_documented) == [key for key in keys if key not in answers]


@both
@often
@given(data=st.data())
def test_stored_advice_round_trips_byte_for_byte(name, data):
    stored = canonical_json(advise(name, data.draw(legal_answers(name))).to_dict())

    assert canonical_json(Advice.from_dict(json.loads(stored)).to_dict()) == stored


@both
@often
@given(data=st.data())
def test_leaving_an_answer_out_can_only_make_a_criterion_unknown(name, data):
    answers = data.draw(legal_answers(name))
    left_out = data.draw(st.sets(st.sampled_from(sorted(answers)))) if answers else set()

    full = advise(name, answers)
    fewer = advise(name, {key: value for key, value in answers.items() if key not in left_out})

    for key, status in statuses(fewer).items():
        assert status in (statuses(full)[key], "unknown")
    if full.fit == "needs_answers":
        assert fewer.fit == "needs_answers"
    if fewer.fit == "does_not_fit":
        assert "not_met" in statuses(fewer).values()
        assert full.fit == "does_not_fit"
    if fewer.fit == "fits":
        assert full.fit == "fits"


@both
@often
@given(data=st.data())
def test_criterion_whose_only_element_is_unanswered_is_unknown_whatever_no_would_say(name, data):
    answers = data.draw(legal_answers(name))
    criteria = {row["key"]: row["condition"] for row in document(name)["criteria"]}

    status = statuses(advise(name, answers))

    for key, condition in criteria.items():
        if "element" in condition:
            assert (status[key] == "unknown") is (condition["element"] not in answers)


@both
@sometimes
@given(data=st.data())
def test_what_would_change_is_what_asking_again_says(name, data):
    answers = data.draw(legal_answers(name))
    advice = advise(name, answers)

    expected = []
    for element in ruleset(name).elements:
        for value in element.values if element.kind == CHOICE else ():
            other = advise(name, answers | {element.key: value})
            if value != answers.get(element.key) and (other.fit, other.first_study) != (
                advice.fit,
                advice.first_study,
            ):
                expected.append((element.key, value, other.fit, other.first_study))

    assert [(c.key, c.value, c.fit, c.first_study) for c in advice.what_would_change] == expected


@both
@sometimes
@given(data=st.data())
def test_answering_what_is_needed_settles_the_fit(name, data):
    answers = data.draw(legal_answers(name))
    elements = ruleset(name).elements_by_key

    for _ in elements:
        needs = advise(name, answers).needs
        if not needs:
            break
        answers = answers | {key: data.draw(legal_answer(elements[key])) for key in needs}
    advice = advise(name, answers)

    assert advice.needs == ()
    assert advice.fit != "needs_answers"


@both
@sometimes
@given(data=st.data())
def test_answer_that_is_not_needed_changes_neither_fit_nor_order(name, data):
    answers = data.draw(legal_answers(name))
    advice = advise(name, answers)
    idle = [key for key in advice.not_documented if key not in advice.needs]
    if advice.fit == "does_not_fit" or not idle:
        return

    key = data.draw(st.sampled_from(idle))
    after = advise(name, answers | {key: data.draw(legal_answer(ruleset(name).element(key)))})

    assert statuses(after) == statuses(advice)
    assert [(row.study.code, row.role) for row in after.studies] == [
        (row.study.code, row.role) for row in advice.studies
    ]


@both
@sometimes
@given(data=st.data())
def test_difference_of_any_two_cases_is_told_and_of_one_with_itself_is_nothing(name, data):
    one = advise(name, data.draw(legal_answers(name))).to_dict()
    other = advise(name, data.draw(legal_answers(name))).to_dict()

    assert difference(one, one) == []
    assert bool(difference(one, other)) is (one != other)


@both
@sometimes
@given(data=st.data())
def test_every_report_has_steps_without_repeats(name, data):
    rules = ruleset(name)
    complications = data.draw(st.lists(st.sampled_from(rules.complications), unique=True))

    steps = next_steps(
        rules,
        answers=Case.from_dict(rules, data.draw(legal_answers(name)), today=TODAY),
        finding=data.draw(st.sampled_from(rules.findings)),
        discordant=data.draw(st.booleans()),
        complications=complications,
        studies_done=data.draw(st.lists(st.sampled_from(sorted(rules.studies)), unique=True)),
    )

    codes = [step.code for step in steps]
    assert len(set(codes)) == len(codes)
    if name == "leukaemia" and "infection" in complications:
        assert "exclude-infection" in codes
        assert "no-further-imaging-unless-new-signs" not in codes


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@both
@often
@given(data=st.data())
def test_any_json_is_a_case_or_is_refused_with_reasons(name, data):
    keys = st.sampled_from([element.key for element in ruleset(name).elements])
    answers = data.draw(st.dictionaries(keys | st.text(max_size=8), anything, max_size=5) | anything)

    try:
        case = Case.from_dict(ruleset(name), answers, today=TODAY)
    except CaseError as error:
        refusal = error
    else:
        refusal = None
        assert case.to_dict() == {key: value for key, value in answers.items() if value not in (None, [])}
        evaluate(ruleset(name), case)

    assert refusal is None or refusal.errors


def places(value, path=()):
    """The path of every value inside a document."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in inner:
        yield from places(member, (*path, key))


PLACES = {name: list(places(document(name)))[1:] for name in PACKS}


@both
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_change_of_a_document_is_refused_with_its_place_or_can_be_asked(name, data):
    changed = document(name)
    *path, last = data.draw(st.sampled_from(PLACES[name]))
    parent = changed
    for key in path:
        parent = parent[key]
    other_places = st.sampled_from(PLACES[name]).map(lambda place: copy.deepcopy(at(document(name), place)))
    if data.draw(st.booleans()):
        parent[last] = data.draw(anything | other_places)
    else:
        del parent[last]

    try:
        rules = RuleSet.from_document(changed, version=1, digest="")
    except RuleSetError as error:
        faults = error.errors
    else:
        faults = []
        evaluate(rules, Case.from_dict(rules, {}, today=TODAY)).to_dict()

    assert all(message and (place == "" or place.startswith("/")) for place, message in faults)


def at(value, place):
    """The value at a path."""
    for key in place:
        value = value[key]
    return value
