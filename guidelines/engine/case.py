"""The answers about one patient, checked against a rule set. What is not documented is unknown, never no."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guidelines.engine.ruleset import RuleSet

SHAPE_CODES = ("unknown_key", "wrong_type", "repeated")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one answer, and what to do about it. `key` is empty for the answers as a whole."""

    key: str
    code: str
    message: str

    @property
    def is_shape(self) -> bool:
        """Return whether the answer is malformed; otherwise it is well-formed but cannot be."""
        return self.code in SHAPE_CODES


class CaseError(ValueError):
    """The answers cannot be used; `errors` holds every fault."""

    def __init__(self, errors: list[Fault]) -> None:
        """Keep the faults in the order of the elements."""
        super().__init__("; ".join(f"{fault.key}: {fault.message}" for fault in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Case:
    """The documented answers by element key, in table order; a list answer is a tuple."""

    answers: Mapping[str, Any]

    @classmethod
    def from_dict(cls, ruleset: "RuleSet", answers: object, *, today: date) -> "Case":
        """Return the case that the answers describe; null and empty lists count as not documented.

        `today` is the last day that a date in the past may have. Raises CaseError with every fault at once.
        """
        if not isinstance(answers, Mapping):
            raise CaseError([Fault("", "wrong_type", "must be an object with each answer under its key")])
        faults = [
            Fault(str(key), "unknown_key", "is not a question of this guideline; correct it or leave it out")
            for key in answers
            if key not in ruleset.elements_by_key
        ]
        documented = {}
        for element in ruleset.elements:
            given = answers.get(element.key)
            if given is None or given == []:
                continue
            found = element.faults(given, today)
            if found:
                faults.extend(Fault(element.key, code, message) for code, message in found)
            else:
                documented[element.key] = tuple(given) if isinstance(given, list) else given
        if faults:
            raise CaseError(faults)
        return cls(documented)

    def to_dict(self) -> dict[str, Any]:
        """Return the documented answers as JSON values, in table order."""
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in self.answers.items()
        }
