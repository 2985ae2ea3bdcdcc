"""What a condition of a document may say: which operators fit which kind of element, and which values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from guidelines.engine import terms
from guidelines.engine.shape import Report, anything, child, is_day, is_number, record

DEEPEST = 12  # deeper conditions are beyond any reader, and in the end beyond the stack

OPERATORS: dict[str, tuple[str, ...]] = {
    terms.CHOICE: ("equals", "in"),
    terms.CHOICES: ("contains", "contains_other_than", "contains_only"),
    terms.INTEGER: ("equals", "in", "at_least", "at_most", "less_than", "more_than"),
    terms.DECIMAL: ("equals", "in", "at_least", "at_most", "less_than", "more_than"),
    terms.DATE: ("equals", "in", "at_least", "at_most", "less_than", "more_than"),
}
GROUPS = ("all", "any")


@dataclass(frozen=True, slots=True)
class Subject:
    """Something a condition may ask about: its kind and, for a list of choices, the values it may have."""

    kind: str
    values: tuple[str, ...] = ()


Subjects = Mapping[str, Subject]


def check_condition(
    tree: object, subjects: Subjects, pointer: str, report: Report, *, extended: bool = False, depth: int = 1
) -> None:
    """Report every fault of one condition.

    `extended` allows `established` and `answered`, which turn unknown into a definite answer; only
    contradictions and next-step rules may use them.
    """
    if not isinstance(tree, dict) or not tree:
        report(pointer, 'must be a condition: {"element", "op", "value"}, {"all"}, {"any"} or {"not"}')
        return
    if depth > DEEPEST:
        report(pointer, f"is nested too deeply; {DEEPEST} levels are the most")
        return

    def check_part(part: object, place: str) -> None:
        check_condition(part, subjects, place, report, extended=extended, depth=depth + 1)

    name = next((word for word in (*GROUPS, "not", "established") if word in tree), None)
    if name is None:
        _check_leaf(tree, subjects, pointer, report, extended)
        return
    if len(tree) > 1:
        report(pointer, f'must hold "{name}" alone')
    inner, place = tree[name], child(pointer, name)
    if name == "established" and not extended:
        report(pointer, '"established" is for contradictions and next-step rules alone')
    if name not in GROUPS:
        check_part(inner, place)
    elif not isinstance(inner, list) or not inner:
        report(place, "must be a list of at least one condition")
    else:
        for index, part in enumerate(inner):
            check_part(part, child(place, index))


def _check_leaf(
    tree: dict[str, Any], subjects: Subjects, pointer: str, report: Report, extended: bool
) -> None:
    """Report every fault of a condition on one element."""
    op = tree.get("op")
    fields = {"element": anything, "op": anything} | ({} if op == "answered" else {"value": anything})
    record(**fields)(tree, pointer, report)

    element = tree.get("element")
    subject = subjects.get(element) if isinstance(element, str) else None
    if subject is None:
        if "element" in tree:
            report(child(pointer, "element"), f"{element!r} is not a data element of this document")
        return
    if op == "answered":
        if not extended:
            report(child(pointer, "op"), '"answered" is for contradictions and next-step rules alone')
        return
    operators = OPERATORS.get(subject.kind)
    if operators is None or "op" not in tree:
        return  # the faulty kind, or the missing operator, is reported already
    if op not in operators:
        report(child(pointer, "op"), f"{op!r} does not fit {subject.kind!r}; use {', '.join(operators)}")
    elif "value" in tree:
        _check_value(tree["value"], op, subject, child(pointer, "value"), report)


def _check_value(value: object, op: str, subject: Subject, pointer: str, report: Report) -> None:
    """Report a comparison value that the element can never have."""
    if op != "in":
        _check_one(value, subject, pointer, report)
    elif not isinstance(value, list) or not value:
        report(pointer, "must be a list of at least one value")
    else:
        for index, member in enumerate(value):
            if member in value[:index]:
                report(child(pointer, index), f"{member!r} stands here twice")
            _check_one(member, subject, child(pointer, index), report)


def _check_one(value: object, subject: Subject, pointer: str, report: Report) -> None:
    """Report one value that does not belong to the element's kind or choices."""
    if subject.kind in terms.LISTED:
        if value not in subject.values:
            report(pointer, f"{value!r} is not one of the choices: {', '.join(subject.values)}")
    elif not COMPARABLE[subject.kind](value):
        report(pointer, f"{value!r} is not {DESCRIBED[subject.kind]}")


COMPARABLE: dict[str, Callable[[Any], bool]] = {
    terms.INTEGER: lambda value: type(value) is int,
    terms.DECIMAL: is_number,
    terms.DATE: lambda value: isinstance(value, str) and is_day(value),
}
DESCRIBED = {
    terms.INTEGER: "a whole number",
    terms.DECIMAL: "a number",
    terms.DATE: "a day of the calendar, written YYYY-MM-DD",
}
