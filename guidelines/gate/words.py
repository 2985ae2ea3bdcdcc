"""What vignettes expect and what comes out, in the words of the version instead of its codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from guidelines.engine import Compared
from guidelines.models import Role, Vignette

PARTS = {  # what a vignette compares, in the words of the desk
    "fit": "Fit",
    "redirects": "Redirects",
    "studies": "Studies",
    "advisories": "Advisories",
    "next_steps": "Next steps",
}
FITS = {str(value): str(label) for value, label in Vignette.Fit.choices}
ROLES = {str(value): str(label).lower() for value, label in Role.choices}
NOTHING = "none"


class Words:
    """The words of one scenario document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.studies = {row["code"]: row["short_name"] or row["name"] for row in document["studies"]}
        self.titles = {
            "redirects": _titles(document["redirects"]),
            "advisories": _titles(document["advisories"]),
            "next_steps": _titles(document["next_steps"]),
            "fit": FITS,
        }

    def said(self, name: str, codes: Iterable[str]) -> list[str]:
        """Return codes as a reader knows them; a study with its role."""
        if name != "studies":
            return [self.titles[name].get(code, code) for code in codes]
        told = []
        for code in codes:
            study, _, role = code.partition(" ")
            told.append(f"{self.studies.get(study, study)}{f' ({ROLES[role]})' if role in ROLES else ''}")
        return told

    def failure(self, part: Compared) -> str:
        """Return in one sentence what did not come out as expected."""
        expected, got = self.said(part.name, part.expected), self.said(part.name, part.got)
        if part.name == "fit":
            return f"{PARTS[part.name]}: expected “{expected[0]}”, got “{got[0]}”."
        if part.name == "studies":
            pairs = enumerate(zip_longest(part.expected, part.got[: len(part.expected)]), start=1)
            place = next(
                n for n, (a, b) in pairs if a != b and not (b and " " not in a and b.split()[0] == a)
            )
            came = got[place - 1] if place <= len(got) else NOTHING
            return f"Place {place} of the studies: expected {expected[place - 1]}, got {came}."
        missing = [name for name in expected if name not in got]
        more = [name for name in got if name not in expected]
        told = [f"expected and missing: {', '.join(missing)}"] if missing else []
        told += [f"not expected: {', '.join(more)}"] if more else []
        return f"{PARTS[part.name]} {'; '.join(told)}."

    def change(self, name: str, was: Iterable[str], now: Iterable[str]) -> str:
        """Return in one sentence what an answer was and what it is now."""
        before, after = self.said(name, was), self.said(name, now)
        return f"{PARTS[name]}: {', '.join(after) or NOTHING}; in use, {', '.join(before) or NOTHING}."


def _titles(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {row["code"]: row["title"] for row in rows}
