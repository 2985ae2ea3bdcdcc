"""Data elements: the typed questions of a scenario, and what each accepts as an answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from guidelines.engine import terms
from guidelines.engine.shape import DAY, is_day, is_number

Found = list[tuple[str, str]]  # (fault code, message)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that an element offers, and its label for people."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class DataElement:
    """One question about the patient. `minimum` and `maximum` are in `unit`; `allow_future` is for dates."""

    key: str
    label: str
    hint: str
    kind: str
    section: str
    unit: str
    minimum: int | float | None
    maximum: int | float | None
    allow_future: bool
    derived_from: str
    choices: tuple[Choice, ...]
    summary_label: str

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "DataElement":
        """Return the element of a checked document row."""
        return cls(**{**row, "choices": tuple(Choice(**choice) for choice in row["choices"])})

    def to_dict(self) -> dict[str, Any]:
        """Return the document row of this element."""
        row = {name: getattr(self, name) for name in self.__slots__}
        return row | {"choices": [{"value": choice.value, "label": choice.label} for choice in self.choices]}

    @property
    def short_label(self) -> str:
        """Return the label used inside sentences and summaries."""
        return self.summary_label or self.label

    @property
    def values(self) -> tuple[str, ...]:
        """Return the values on offer, in list order."""
        return tuple(choice.value for choice in self.choices)

    def label_of(self, value: str) -> str:
        """Return the label of a value on offer; the value itself where it is not on offer."""
        return next((choice.label for choice in self.choices if choice.value == value), value)

    def faults(self, given: object, today: date) -> Found:
        """Return code and message of everything wrong with an answer; the empty list when it can be used."""
        if self.kind == terms.CHOICE:
            return self._choice_faults(given)
        if self.kind == terms.CHOICES:
            return self._list_faults(given)
        if self.kind == terms.DATE:
            return self._date_faults(given, today)
        return self._number_faults(given)

    def _choice_faults(self, given: object) -> Found:
        """Accept one value on offer."""
        if not isinstance(given, str):
            return [("wrong_type", f"must be one of {self._offer()}")]
        return [] if given in self.values else [("not_in_list", f"must be one of {self._offer()}")]

    def _list_faults(self, given: object) -> Found:
        """Accept a list of different values on offer."""
        if not isinstance(given, list) or not all(isinstance(member, str) for member in given):
            return [("wrong_type", f"must be a list with any of {self._offer()}")]
        found = []
        if len(set(given)) < len(given):
            found.append(("repeated", "must name each value once; remove the repeated one"))
        if not set(given) <= set(self.values):
            found.append(("not_in_list", f"must be a list with any of {self._offer()}"))
        return found

    def _date_faults(self, given: object, today: date) -> Found:
        """Accept a day written YYYY-MM-DD, up to today unless the future is allowed."""
        if not isinstance(given, str) or not DAY.fullmatch(given):
            return [("wrong_type", "must be a date written YYYY-MM-DD")]
        if not is_day(given):
            return [("not_a_day", "must be a day of the calendar; check the day and the month")]
        if not self.allow_future and given > today.isoformat():
            return [("in_the_future", f"must not be in the future; {today.isoformat()} at the latest")]
        return []

    def _number_faults(self, given: object) -> Found:
        """Accept a number of the kind, inside the limits."""
        fits = is_number(given) if self.kind == terms.DECIMAL else type(given) is int
        if not fits or not isinstance(given, int | float):
            return [("wrong_type", self._wanted_number())]
        low = -terms.WIDEST_NUMBER if self.minimum is None else self.minimum
        high = terms.WIDEST_NUMBER if self.maximum is None else self.maximum
        return [] if low <= given <= high else [("out_of_range", self._wanted_number())]

    def _offer(self) -> str:
        """Return the values on offer with their labels, for a message."""
        return ", ".join(
            choice.value if _alike(choice.value, choice.label) else f"{choice.value} ({choice.label})"
            for choice in self.choices
        )

    def _wanted_number(self) -> str:
        """Return what a number must be: "must be a whole number of years, 0 to 130"."""
        noun, joint = ("a whole number", "of") if self.kind == terms.INTEGER else ("a number", "in")
        unit = f" {joint} {self.unit}" if self.unit else ""
        if self.minimum is not None and self.maximum is not None:
            limits = f", {self.minimum:.15g} to {self.maximum:.15g}"
        elif self.minimum is not None:
            limits = f", {self.minimum:.15g} or more"
        elif self.maximum is not None:
            limits = f", {self.maximum:.15g} or less"
        else:
            limits = ""
        return f"must be {noun}{unit}{limits}"


def _alike(value: str, label: str) -> bool:
    """Return whether value and label are the same word, so that one of them is enough."""
    return re.sub(r"[\W_]+", " ", value).lower() == re.sub(r"[\W_]+", " ", label).lower()
