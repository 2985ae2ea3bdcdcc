"""The forms read what was typed, drop nothing, and leave judging to the engine."""

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from guidelines import library
from ordering.exceptions import Refusal
from ordering.forms import AnswersForm, ReasonForm, answers_from_post, answers_to_post, refuse
from ordering.forms.choosing import PLACES
from tests.content import FITTING, LEUKAEMIA
from tests.engine.documents import ruleset as document_ruleset


@pytest.fixture
def ruleset(leukaemia):
    return library.current(LEUKAEMIA)[1]


@pytest.fixture
def submit(ruleset, clinician, make_patient):
    """Return a function that submits answers as a browser would."""
    birth_date = make_patient(by=clinician).birth_date

    def send(answers):
        data = QueryDict(mutable=True)
        for name, value in answers.items():
            data.setlist(name, value if isinstance(value, list) else [value])
        return AnswersForm(ruleset, birth_date=birth_date, data=data)

    return send


@pytest.mark.parametrize(
    ("key", "typed", "answer"),
    [
        ("egfr", "88", 88),
        ("egfr", " 88.5 ", 88.5),
        ("egfr", "0", 0),
        ("diagnosis", "all", "all"),
        ("baseline_on", "2026-02-03", "2026-02-03"),
    ],
)
def test_text_is_read_as_the_answer_that_it_spells(ruleset, key, typed, answer):
    assert answers_from_post(ruleset, {key: [typed]}) == {key: answer}


@pytest.mark.parametrize(
    "typed", ["4_2", "٤٢", "1e3", "0x1F", "+5", "042", ".5", "5.", "4,2", "NaN", "inf", "- 5"]
)
def test_text_that_is_no_plain_number_is_refused_and_kept(submit, typed):
    form = submit({"egfr": typed})

    assert form.errors == {"egfr": ["eGFR must be a number in mL/min/1.73 m2, 0 to 200."]}
    assert form["egfr"].value() == typed


@pytest.mark.parametrize("blank", [[], [""], [" "], ["", ""]])
@pytest.mark.parametrize("key", ["diagnosis", "emd_sites", "egfr", "baseline_on"])
def test_what_is_left_blank_is_not_documented(ruleset, key, blank):
    assert answers_from_post(ruleset, {key: blank}) == {}


def test_every_fault_is_named_at_once_on_its_own_row(submit):
    form = submit(
        {
            "diagnosis": "gout",
            "emd_sites": ["spleen", "spleen"],
            "egfr": "201",
            "therapy_ended_on": "2999-01-01",
            "baseline_on": "2026-02-30",
        }
    )

    assert list(form.errors) == ["diagnosis", "therapy_ended_on", "emd_sites", "baseline_on", "egfr"]


def test_two_answers_to_a_question_with_one_are_refused_not_dropped(submit):
    form = submit({"diagnosis": ["all", "aml"]})

    assert list(form.errors) == ["diagnosis"]


def test_an_answer_to_no_question_is_refused_not_dropped(submit):
    form = submit({"shoe_size": "42"})

    assert form.non_field_errors()[0].startswith("shoe_size is not a question of this guideline")


def test_an_age_that_disagrees_with_the_birth_date_is_refused(submit):
    form = submit({"age_years": "12"})

    assert "The birth date gives 42, not 12." in form.non_field_errors()[0]


def test_nothing_is_chosen_before_somebody_chooses(ruleset, clinician, make_patient):
    form = AnswersForm(ruleset, birth_date=make_patient(by=clinician).birth_date)

    html = "".join(str(form[name]) for name in form.fields)

    assert "checked" not in html
    assert 'value=""' in html  # "Not documented" is on offer all the same


def test_not_documented_stays_chosen_when_the_page_comes_back(submit):
    form = submit({"diagnosis": "", "egfr": "4_2"})

    chosen = [choice for choice in form["diagnosis"] if choice.data["selected"]]

    assert [choice.choice_label for choice in chosen] == ["Not documented"]


def test_the_form_has_a_row_for_every_element_that_no_record_answers(ruleset, submit):
    assert list(submit({}).fields) == [
        element.key for element in ruleset.elements if not element.derived_from
    ]


def test_a_valid_form_holds_the_advice(submit, ruleset):
    form = submit(answers_to_post(ruleset, FITTING))

    assert form.is_valid(), form.errors
    assert form.advised.advice.fit == "fits"
    assert form.advised.case.to_dict() == FITTING | {"age_years": 42}


def answers_of(ruleset):
    """Legal answers of any kind to some of the questions."""
    values = {
        "choice": lambda element: st.sampled_from(element.values),
        "choices": lambda element: st.lists(st.sampled_from(element.values), min_size=1, unique=True),
        "date": lambda element: st.dates().map(lambda day: day.isoformat()),
        "integer": lambda element: st.integers(-(10**14), 10**14),
        "decimal": lambda element: st.one_of(
            st.integers(-(10**14), 10**14),
            st.decimals(-1000, 1000, places=6, allow_nan=False).map(float),
        ),
    }
    optional = {element.key: values[element.kind](element) for element in ruleset.elements}
    return st.fixed_dictionaries({}, optional=optional)


RULESETS = {name: document_ruleset(name) for name in ("leukaemia", "bicycle")}


@pytest.mark.parametrize("name", RULESETS)
@given(data=st.data())
def test_what_the_form_sends_reads_back_as_the_same_answers(name, data):
    ruleset = RULESETS[name]
    answers = data.draw(answers_of(ruleset))

    assert answers_from_post(ruleset, answers_to_post(ruleset, answers)) == answers


def test_a_refusal_goes_to_the_field_that_its_pointer_names():
    form = ReasonForm({"reason": "other"}, listed=False)
    assert form.is_valid()

    refuse(form, [Refusal("/override_reason/text", "required", "Say it."), Refusal("/x", "y", "Z.")], PLACES)

    assert form.errors == {"reason_text": ["Say it."], "__all__": ["Z."]}
