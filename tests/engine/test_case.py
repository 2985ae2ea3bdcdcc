"""Answers: what is accepted as it is, what is refused, and that every fault is named at once."""

import math

import pytest

from guidelines.engine import Case, CaseError
from tests.engine.documents import TODAY, case, ruleset


def refusal(answers, name="leukaemia"):
    with pytest.raises(CaseError) as caught:
        Case.from_dict(ruleset(name), answers, today=TODAY)
    return caught.value.errors


@pytest.mark.parametrize(
    ("key", "given", "code", "message"),
    [
        ("age_years", True, "wrong_type", "must be a whole number of years, 0 to 130"),
        ("age_years", 42.0, "wrong_type", "must be a whole number of years, 0 to 130"),
        ("age_years", "42", "wrong_type", "must be a whole number of years, 0 to 130"),
        ("age_years", [42], "wrong_type", "must be a whole number of years, 0 to 130"),
        ("age_years", -1, "out_of_range", "must be a whole number of years, 0 to 130"),
        ("age_years", 131, "out_of_range", "must be a whole number of years, 0 to 130"),
        ("egfr", False, "wrong_type", "must be a number in mL/min/1.73 m2, 0 to 200"),
        ("egfr", "25", "wrong_type", "must be a number in mL/min/1.73 m2, 0 to 200"),
        ("egfr", math.nan, "wrong_type", "must be a number in mL/min/1.73 m2, 0 to 200"),
        ("egfr", math.inf, "wrong_type", "must be a number in mL/min/1.73 m2, 0 to 200"),
        ("egfr", 200.5, "out_of_range", "must be a number in mL/min/1.73 m2, 0 to 200"),
        ("egfr", 10**400, "out_of_range", "must be a number in mL/min/1.73 m2, 0 to 200"),
        ("renal_failure", True, "wrong_type", "must be one of yes, no"),
        ("renal_failure", ["yes"], "wrong_type", "must be one of yes, no"),
        ("renal_failure", "", "not_in_list", "must be one of yes, no"),
        ("renal_failure", "Yes", "not_in_list", "must be one of yes, no"),
        ("emd_sites", "cns", "wrong_type", None),
        ("emd_sites", ["cns", 1], "wrong_type", None),
        ("emd_sites", {"cns": True}, "wrong_type", None),
        ("emd_sites", ["cns", "cns"], "repeated", "must name each value once; remove the repeated one"),
        ("emd_sites", ["cns", "heart"], "not_in_list", None),
        ("therapy_ended_on", 20260101, "wrong_type", "must be a date written YYYY-MM-DD"),
        ("therapy_ended_on", "20260101", "wrong_type", "must be a date written YYYY-MM-DD"),
        ("therapy_ended_on", "2026-1-1", "wrong_type", "must be a date written YYYY-MM-DD"),
        ("therapy_ended_on", "2026-01-01T00:00", "wrong_type", "must be a date written YYYY-MM-DD"),
        ("therapy_ended_on", "２０２６-01-01", "wrong_type", "must be a date written YYYY-MM-DD"),
        ("therapy_ended_on", "2026-02-30", "not_a_day", None),
        ("therapy_ended_on", "0000-01-01", "not_a_day", None),
        ("therapy_ended_on", "2026-06-16", "in_the_future", None),
        ("EGFR", 30, "unknown_key", None),
    ],
)
def test_answer_is_refused_by_its_name(key, given, code, message):
    (fault,) = refusal({key: given})

    assert (fault.key, fault.code) == (key, code)
    assert fault.is_shape is (code in {"unknown_key", "wrong_type", "repeated"})
    assert message is None or fault.message == message


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("age_years", 0),
        ("age_years", 130),
        ("egfr", 30),
        ("egfr", 0.5),
        ("emd_sites", ["cns", "bone"]),
        ("therapy_ended_on", "2026-06-15"),
        ("therapy_ended_on", "2024-02-29"),
    ],
)
def test_legal_answer_is_kept_as_given(key, given):
    assert case("leukaemia", {key: given}).to_dict() == {key: given}


def test_future_is_allowed_where_the_element_says_so():
    assert case("bicycle", {"needed_by": "2031-01-01"}).to_dict() == {"needed_by": "2031-01-01"}


def test_number_without_a_limit_is_still_limited_to_what_json_can_carry():
    (fault,) = refusal({"budget": 10**16}, "bicycle")

    assert (fault.code, fault.message) == ("out_of_range", "must be a whole number of euros, 0 or more")


def test_every_fault_is_named_at_once():
    faults = refusal(
        {
            "colour": "red",
            "age_years": "42",
            "emd_sites": ["cns", "cns", "heart"],
            "egfr": 999,
            "baseline_on": "2026-13-01",
            "diagnosis": None,
        }
    )

    assert [(fault.key, fault.code) for fault in faults] == [
        ("colour", "unknown_key"),
        ("age_years", "wrong_type"),
        ("emd_sites", "repeated"),
        ("emd_sites", "not_in_list"),
        ("baseline_on", "not_a_day"),
        ("egfr", "out_of_range"),
    ]


@pytest.mark.parametrize("answers", [None, [], "age_years", 3, True])
def test_answers_that_are_no_object_are_one_fault_of_shape(answers):
    (fault,) = refusal(answers)

    assert (fault.key, fault.code, fault.is_shape) == ("", "wrong_type", True)


def test_null_and_empty_list_are_not_documented_and_order_is_the_table_s():
    kept = case("leukaemia", {"egfr": 30, "emd_sites": [], "diagnosis": None, "age_years": 42}).to_dict()

    assert list(kept.items()) == [("age_years", 42), ("egfr", 30)]


def test_refused_value_is_explained_with_the_labels_of_the_content():
    (fault,) = refusal({"purpose": "flying"}, "bicycle")

    assert fault.message == (
        "must be one of commute (Way to work), touring (Tours), cargo (Carrying loads), racing"
    )


def test_error_reads_as_one_line_with_every_fault():
    with pytest.raises(CaseError, match=r"^colour: is not a question .*; age_years: must be a whole number"):
        case("leukaemia", {"colour": 1, "age_years": 1.5})
