"""Conditions over answers: a closed set of operators, three-valued.

A condition is true, false or, where the answers do not decide it, `None`. Unknown is never taken for no:
`all` is false as soon as one part is false, `any` is true as soon as one part is true, and otherwise one
unknown part leaves the whole unknown (Kleene's strong logic).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Answers = Mapping[str, Any]
Test = Callable[[Answers], bool | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition ready to be asked: `test(answers)` gives True, False or None."""

    test: Test
    elements: frozenset[str]
    parts: tuple["Condition", ...] = ()

    def missing(self, answers: Answers) -> frozenset[str]:
        """Return the unanswered elements that keep this condition unknown; none once it is decided.

        An unanswered element inside a part that is decided does not count: its answer changes nothing.
        """
        if self.test(answers) is not None:
            return frozenset()
        if not self.parts:
            return self.elements
        return frozenset().union(*(part.missing(answers) for part in self.parts))


def condition_from(tree: Mapping[str, Any], choices: Mapping[str, Iterable[str]]) -> Condition:
    """Return the condition of a checked document tree.

    `choices` maps each single-choice element to its values. The tree must have passed `check_condition`.
    """
    if "all" in tree:
        return _every(tuple(condition_from(part, choices) for part in tree["all"]))
    if "any" in tree:
        return _some(tuple(condition_from(part, choices) for part in tree["any"]))
    if "not" in tree:
        return _opposite(condition_from(tree["not"], choices))
    if "established" in tree:
        return _established(condition_from(tree["established"], choices))
    key, op = tree["element"], tree["op"]
    return Condition(_leaf(key, op, tree.get("value"), choices.get(key)), frozenset((key,)))


def _leaf(key: str, op: str, value: Any, choices: Iterable[str] | None) -> Test:
    """Return the test of one element."""
    if op == "answered":
        return lambda answers: key in answers
    if choices is not None:
        # A single choice has few values, so look the truth up; an absent answer (None) finds none: unknown.
        accepted = value if op == "in" else (value,)
        truth: dict[str | None, bool] = {choice: choice in accepted for choice in choices}
        return lambda answers: truth.get(answers.get(key))
    compare = COMPARISONS[op]

    def test(answers: Answers) -> bool | None:
        given = answers.get(key)
        return None if given is None else compare(given, value)

    return test


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda given, value: given == value,
    "in": lambda given, value: given in value,
    "at_least": lambda given, value: given >= value,
    "at_most": lambda given, value: given <= value,
    "less_than": lambda given, value: given < value,
    "more_than": lambda given, value: given > value,
    "contains": lambda given, value: value in given,
    "contains_other_than": lambda given, value: any(member != value for member in given),
    "contains_only": lambda given, value: bool(given) and all(member == value for member in given),
}


def _elements(parts: tuple[Condition, ...]) -> frozenset[str]:
    """Return the elements that any of the parts reads."""
    return frozenset().union(*(part.elements for part in parts))


def _every(parts: tuple[Condition, ...]) -> Condition:
    """True when all parts are, false when one is."""
    tests = tuple(part.test for part in parts)

    def test(answers: Answers) -> bool | None:
        verdict: bool | None = True
        for part in tests:
            truth = part(answers)
            if truth is False:
                return False
            if truth is None:
                verdict = None
        return verdict

    return Condition(test, _elements(parts), parts)


def _some(parts: tuple[Condition, ...]) -> Condition:
    """True when one part is, false when all are."""
    tests = tuple(part.test for part in parts)

    def test(answers: Answers) -> bool | None:
        verdict: bool | None = False
        for part in tests:
            truth = part(answers)
            if truth:
                return True
            if truth is None:
                verdict = None
        return verdict

    return Condition(test, _elements(parts), parts)


def _opposite(part: Condition) -> Condition:
    """False for true, true for false, unknown for unknown."""
    inner = part.test

    def test(answers: Answers) -> bool | None:
        truth = inner(answers)
        return None if truth is None else not truth

    return Condition(test, part.elements, (part,))


def _established(part: Condition) -> Condition:
    """True when the part is true, false when it is false or unknown; so never unknown."""
    inner = part.test
    return Condition(lambda answers: inner(answers) is True, part.elements, (part,))
