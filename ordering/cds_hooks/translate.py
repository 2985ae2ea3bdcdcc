"""From FHIR records to answers, by the bindings of the content. No disease is known here.

What the record does not say stays unknown, and what cannot be used is said. Pure: the engine and the standard
library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from guidelines.engine import DataElement, RuleSet
from ordering.cds_hooks import bindings as rows
from ordering.cds_hooks.bindings import Binding, bindings_of
from ordering.cds_hooks.records import (
    SITE_STUDY,
    Coding,
    Json,
    Record,
    codings,
    day_in,
    is_confirmed,
    is_current,
    is_void,
    leaves,
    moment_of,
    normal_code,
    text,
    words,
)

_CODE_FIELDS = ("code", "procedureCode", "vaccineCode", "medicationCodeableConcept")
_LATER = (rows.TRIGGER, rows.STUDY)  # matches that answer nothing


@dataclass(slots=True)
class Reading:
    """Answers by element key, and sentences about what the record holds but could not be used."""

    answers: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def remark(self, sentence: str) -> None:
        """Say something once."""
        if sentence not in self.remarks:
            self.remarks.append(sentence)


def read_answers(ruleset: RuleSet, record: Record, *, on: date, today: date) -> Reading:
    """Return what the record answers of a scenario's questions on the day of the order.

    `today` is the last day that an answer may name. Every answer is one that the engine takes.
    """
    reader = _Reader(ruleset, record, on, today)
    for element in ruleset.elements:
        reader.answer(element.key)
    known = {element.key: reader.answer(element.key) for element in ruleset.elements}
    reader.reading.answers = {key: answer for key, answer in known.items() if answer is not None}
    return reader.reading


def triggers_in(record: Record, reasons: list[Coding]) -> list[Coding]:
    """Return the codings that may bring up a scenario: the reasons of an order, the patient's conditions."""
    found = list(reasons)
    for resource in record.of("Condition"):
        if is_current(resource) and not is_void(resource):
            found += codings(resource.get("code"))
    return found


def study_of(document: Mapping[str, Any], codes: list[Coding]) -> str | None:
    """Return the study of the scenario that these codes name; None if none, or if they name several."""
    known = {row["code"].casefold(): row["code"] for row in document["studies"]}
    named = {known[code] for system, code in codes if system == SITE_STUDY and code in known}
    for binding in bindings_of(document):
        if binding.match == rows.STUDY and any(binding.names(coding) for coding in codes):
            named.add(binding.answer)
    return named.pop() if len(named) == 1 else None


def age_on(birth_date: date, day: date) -> int:
    """Return whole years. Born on 29 February: a year older on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


class _Reader:
    """Answers one element after the other; one that another element refers to is answered first."""

    def __init__(self, ruleset: RuleSet, record: Record, on: date, today: date) -> None:
        self.ruleset, self.record, self.on, self.today = ruleset, record, on, today
        self.bindings = [binding for binding in bindings_of(ruleset.document) if binding.match not in _LATER]
        self.reading = Reading()
        self.answers: dict[str, Any] = {}
        self.origins: dict[str, Json] = {}  # element -> the record that its answer came from

    def answer(self, key: str) -> Any:
        """Return the answer to an element; None where the record gives none."""
        if key not in self.answers:
            self.answers[key] = None  # an element that refers to itself finds nothing
            element = self.ruleset.elements_by_key.get(key)
            if element is not None:
                self.answers[key] = self._acceptable(element, self._found(element))
        return self.answers[key]

    def _found(self, element: DataElement) -> list[Any]:
        """Return what the bindings of an element find, the binding that counts more first."""
        mine = [binding for binding in self.bindings if binding.element == element.key]
        found: list[Any] = []
        latest_done = False
        for binding in mine:
            if binding.match == rows.BIRTH_DATE:
                found += self._age(element)
            elif binding.match == rows.LATEST and not latest_done:
                latest_done = True
                group = [other for other in mine if other.match == rows.LATEST]
                found += self._latest(element, group)
            elif binding.match == rows.STATUS:
                found += self._by_status(element, binding)
            elif binding.match in (rows.EXACT, rows.CATEGORY):
                found += self._by_code(element, binding)
        if not found:
            self._say_what_answers_nothing(element, mine)
        return found

    def _acceptable(self, element: DataElement, found: list[Any]) -> Any:
        """Return the answer among what was found that the engine takes, and say what else the record says."""
        usable = []
        for value in found:
            typed = _typed(element, value)
            if element.faults([typed] if element.kind == "choices" else typed, self.today):
                self.reading.remark(f"{element.short_label}: a value of the record cannot be used here.")
            elif typed not in usable:
                usable.append(typed)
        if not usable:
            return None
        if element.kind == "choices":
            return [value for value in element.values if value in usable]
        if len(usable) > 1 and element.kind == "choice":
            others = ", ".join(element.label_of(value) for value in usable[1:])
            taken = element.label_of(usable[0])
            self.reading.remark(f"{element.short_label}: taken as {taken}; the record also says {others}.")
        return usable[0]

    # --- one way of reading each -------------------------------------------------------------------------

    def _age(self, element: DataElement) -> list[int]:
        for patient in self.record.of("Patient"):
            written = text(patient.get("birthDate"))
            born = day_in(written)
            if born is not None and born <= self.on:
                return [age_on(born, self.on)]
            if written:
                self.reading.remark(
                    f"{element.short_label}: the date of birth in the record is not a full date in the past."
                )
        return []

    def _by_code(self, element: DataElement, binding: Binding) -> list[str]:
        found = []
        for resource in self._matching(binding):
            if not is_current(resource):
                continue
            if is_confirmed(resource):
                found.append(binding.answer)
                self.origins.setdefault(element.key, resource)
            else:
                suspected = element.label_of(binding.answer)
                self.reading.remark(
                    f"{element.short_label}: the record holds {suspected} as a suspicion only; "
                    "it is not taken as an answer."
                )
        return found

    def _by_status(self, element: DataElement, binding: Binding) -> list[str]:
        found = []
        for resource in self._matching(binding):
            if self._is_in_force(resource) and self._holds(binding, resource):
                found.append(binding.answer)
                self.origins.setdefault(element.key, resource)
        return found

    def _holds(self, binding: Binding, resource: Json) -> bool:
        """Return whether the first field that is there holds what the binding asks for."""
        path = next((path for path in binding.fields if leaves(resource, path)), None)
        if path is None:
            return False
        other = binding.before or binding.after
        if not other:
            return normal_code(binding.wanted) in words(resource, path)
        limit = day_in(self.answer(other))
        days = [day for value in leaves(resource, path) if (day := day_in(value)) is not None]
        if limit is None or not days:
            return False
        return all(day < limit if binding.before else day > limit for day in days)

    def _latest(self, element: DataElement, group: list[Binding]) -> list[Any]:
        """Return the value of the latest record among those of all bindings of an element."""
        best: tuple[Any, Binding, Json] | None = None
        for binding in group:
            for resource in self._matching(binding):
                if not any(leaves(resource, path) for path in binding.fields) and not binding.units:
                    continue
                if binding.same_record:
                    self.answer(binding.same_record)
                    if self.origins.get(binding.same_record) is not resource:
                        continue
                moment = moment_of(resource)
                if best is None or moment > best[0]:
                    best = (moment, binding, resource)
        if best is None:
            return []
        _, binding, resource = best
        values = [value for path in binding.fields[:1] or () for value in leaves(resource, path)]
        for path in binding.fields[1:]:
            values = values or leaves(resource, path)
        value = self._quantity(element, binding, values) if binding.units else (values or [None])[0]
        if value is None:
            return []
        self.origins[element.key] = resource
        return [value]

    def _quantity(self, element: DataElement, binding: Binding, values: list[Any]) -> Any:
        """Return the number of a quantity in one of the units; None, and say why, where there is none."""
        label, units = element.short_label, " or ".join(binding.units)
        quantity = values[0] if values and isinstance(values[0], dict) else {}
        number = quantity.get("value")
        if isinstance(number, bool) or not isinstance(number, int | float):
            self.reading.remark(f"{label}: the latest record holds no number.")
            return None
        if text(quantity.get("comparator")):
            self.reading.remark(f"{label}: the latest record holds a limit, not a number.")
            return None
        unit = text(quantity.get("code")) or text(quantity.get("unit"))
        if unit.casefold() not in {name.casefold() for name in binding.units}:
            said = f"in {_quoted(unit)}" if unit else "without a unit"
            self.reading.remark(f"{label}: the latest value is {said}, not in {units}; it is not used.")
            return None
        return number

    # --- which records -----------------------------------------------------------------------------------

    def _matching(self, binding: Binding) -> Iterator[Json]:
        for resource in self.record.of(binding.resource):
            if not is_void(resource) and any(binding.names(coding) for coding in _codings_of(resource)):
                yield resource

    def _is_in_force(self, resource: Json) -> bool:
        """An allergy counts while it is active; what a condition was once stays true, and has its date."""
        return is_confirmed(resource) and (
            text(resource.get("resourceType")).casefold() != "allergyintolerance" or is_current(resource)
        )

    def _say_what_answers_nothing(self, element: DataElement, mine: list[Binding]) -> None:
        """Say that the record has an entry on the matter although nothing can be concluded from it."""
        for binding in mine:
            if binding.match != rows.STATUS:
                continue
            if any(self._is_in_force(resource) for resource in self._matching(binding)):
                self.reading.remark(
                    f"{element.short_label}: the record has an entry about this that does not settle it; "
                    "please check."
                )
                return


def _codings_of(resource: Json) -> list[Coding]:
    found: list[Coding] = []
    for name in _CODE_FIELDS:
        found += codings(resource.get(name))
    return found


def _typed(element: DataElement, value: Any) -> Any:
    """Return a value as the element wants it: days without their time, whole numbers without a point."""
    if element.kind == "date":
        day = day_in(value)
        return day.isoformat() if day else value
    if element.kind in ("integer", "decimal"):
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                return value
        if element.kind == "integer" and isinstance(value, float) and value.is_integer():
            return int(value)
    return value


def _quoted(written: str) -> str:
    """Return a text of the record that may stand in a sentence."""
    return "".join(sign for sign in written[:30] if sign.isalnum() or sign in " ./%{}[]*^_-")
