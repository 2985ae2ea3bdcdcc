"""Truth tables of the three-valued conditions. T, F and U stand for true, false and unknown."""

from itertools import product

import pytest

from guidelines.engine.conditions import condition_from

T, F, U = True, False, None
CHOICES = {"a": ("yes", "no"), "b": ("yes", "no"), "c": ("yes", "no")}
SPOKEN = {T: "yes", F: "no"}


def answers_for(**truths):
    return {key: SPOKEN[truth] for key, truth in truths.items() if truth is not U}


def is_yes(key):
    return {"element": key, "op": "equals", "value": "yes"}


def judged(tree, answers):
    return condition_from(tree, CHOICES).test(answers)


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (T, T, T, T),
        (T, F, F, T),
        (T, U, U, T),
        (F, T, F, T),
        (F, F, F, F),
        (F, U, F, U),
        (U, T, U, T),
        (U, F, F, U),
        (U, U, U, U),
    ],
)
def test_all_and_any_follow_kleene(a, b, both, either):
    answers = answers_for(a=a, b=b)

    assert judged({"all": [is_yes("a"), is_yes("b")]}, answers) is both
    assert judged({"any": [is_yes("a"), is_yes("b")]}, answers) is either


@pytest.mark.parametrize(("a", "negated", "established"), [(T, F, T), (F, T, F), (U, U, F)])
def test_not_keeps_unknown_and_established_does_not(a, negated, established):
    answers = answers_for(a=a)

    assert judged({"not": is_yes("a")}, answers) is negated
    assert judged({"established": is_yes("a")}, answers) is established
    assert judged({"element": "a", "op": "answered"}, answers) is (a is not U)


@pytest.mark.parametrize("truths", list(product((T, F, U), repeat=3)))
def test_de_morgan_holds_for_three_values(truths):
    answers = answers_for(**dict(zip("abc", truths, strict=True)))
    parts = [is_yes(key) for key in "abc"]

    denied = judged({"not": {"all": parts}}, answers)

    assert denied is judged({"any": [{"not": part} for part in parts]}, answers)


@pytest.mark.parametrize(
    ("op", "value", "given", "expected"),
    [
        ("equals", "x", "x", T),
        ("equals", "x", "y", F),
        ("in", ["x", "y"], "y", T),
        ("in", ["x", "y"], "z", F),
        ("equals", 3, 3.0, T),
        ("in", [1, 2], 3, F),
        ("at_least", 18, 18, T),
        ("at_least", 18, 17, F),
        ("at_most", 18, 18, T),
        ("at_most", 18, 18.1, F),
        ("less_than", 30, 29.9, T),
        ("less_than", 30, 30, F),
        ("more_than", 30, 30.5, T),
        ("more_than", 30, 30, F),
        ("at_least", "2026-01-31", "2026-02-01", T),
        ("less_than", "2026-01-31", "2026-01-31", F),
        ("contains", "x", ("y", "x"), T),
        ("contains", "x", ("y",), F),
        ("contains_other_than", "x", ("x",), F),
        ("contains_other_than", "x", ("x", "y"), T),
        ("contains_only", "x", ("x",), T),
        ("contains_only", "x", ("x", "y"), F),
        ("contains", "x", (), F),
        ("contains_other_than", "x", (), F),
        ("contains_only", "x", (), F),
    ],
)
def test_operators_compare_and_are_unknown_without_an_answer(op, value, given, expected):
    condition = condition_from({"element": "e", "op": op, "value": value}, {})

    assert condition.test({"e": given}) is expected
    assert condition.test({}) is None


@pytest.mark.parametrize(
    ("tree", "answers", "missing"),
    [
        (is_yes("a"), {}, "a"),
        (is_yes("a"), {"a": "no"}, ""),
        ({"any": [is_yes("a"), is_yes("b")]}, {"a": "yes"}, ""),
        ({"any": [is_yes("a"), is_yes("b")]}, {"a": "no"}, "b"),
        ({"all": [is_yes("a"), is_yes("b")]}, {"b": "no"}, ""),
        ({"all": [is_yes("a"), is_yes("b")]}, {}, "ab"),
        # the inner "any" is decided, so that c, though unanswered, is not waited for
        ({"all": [is_yes("a"), {"any": [is_yes("b"), is_yes("c")]}]}, {"b": "yes"}, "a"),
        ({"all": [{"not": is_yes("a")}, {"established": is_yes("b")}]}, {"b": "yes"}, "a"),
        ({"any": [{"established": is_yes("a")}, is_yes("b")]}, {}, "b"),
    ],
)
def test_missing_names_only_answers_that_could_decide(tree, answers, missing):
    assert condition_from(tree, CHOICES).missing(answers) == frozenset(missing)
