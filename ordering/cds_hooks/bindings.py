"""The little language of the content's bindings: which records count, and what their fields say.

docs/content.md describes it. Pure: standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ordering.cds_hooks.records import Coding, normal_code, normal_system

EXACT, CATEGORY, STATUS, LATEST = "exact", "category", "status", "latest"
BIRTH_DATE, TRIGGER, STUDY = "birth-date", "trigger", "study"


@dataclass(frozen=True, slots=True)
class Binding:
    """One row of a scenario's bindings, taken apart.

    `fields` are paths of which the first that is there counts. `wanted` is what it must hold, or
    `before`/`after` name the element whose day it is compared with. `units` are those of a quantity.
    `same_record` names the element that must have been answered from the same record.
    """

    resource: str
    element: str | None
    coding: Coding
    match: str
    answer: str = ""
    fields: tuple[str, ...] = ()
    wanted: str = ""
    before: str = ""
    after: str = ""
    units: tuple[str, ...] = ()
    same_record: str = ""

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Binding:
        """Return the binding of a document row; parts that cannot be read make one that finds nothing."""
        common: dict[str, Any] = {
            "resource": row["resource"],
            "element": row["element"],
            "coding": (normal_system(row["system"]), normal_code(row["code"])),
            "match": row["match"],
        }
        value = row["value"].strip()
        if row["match"] == STATUS:
            test, _, answer = value.rpartition(":")
            paths, _, wanted = test.partition("=")
            comparison, _, element = wanted.partition(" ")
            days = {comparison: element.strip()} if comparison in ("before", "after") and element else {}
            return cls(
                **common, answer=answer, fields=_alternatives(paths), wanted="" if days else wanted, **days
            )
        if row["match"] == LATEST:
            value, _, same_record = value.partition(" with ")
            paths, _, units = value.partition("=")
            return cls(
                **common,
                fields=_alternatives(paths),
                units=_alternatives(units),
                same_record=same_record.strip(),
            )
        return cls(**common, answer=value)

    def names(self, coding: Coding) -> bool:
        """Return whether a coding of a record is the one that this binding is about."""
        system, code = self.coding
        if coding[0] != system or not code:
            return False
        return coding[1] == code or (self.match == CATEGORY and coding[1].startswith(code))


def bindings_of(document: Mapping[str, Any]) -> list[Binding]:
    """Return the bindings of a scenario document, in its order."""
    return [Binding.from_dict(row) for row in document["bindings"]]


def _alternatives(written: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in written.split("|") if part.strip())
