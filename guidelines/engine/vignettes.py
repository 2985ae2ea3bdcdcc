"""Asking the vignettes of a scenario document: what they expect beside what the engine answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from guidelines.engine.case import Case, CaseError
from guidelines.engine.evaluate import evaluate
from guidelines.engine.next_steps import next_steps
from guidelines.engine.ruleset import RuleSet

Vignette = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that a vignette expects, beside what came out. Both are lists of codes, or of one word."""

    name: str  # fit, redirects, studies, advisories or next_steps
    expected: tuple[str, ...]
    got: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Return whether the expectation came true."""
        if self.name == "studies":
            pairs = zip(self.expected, self.got, strict=False)
            return len(self.expected) <= len(self.got) and all(_study_agrees(*pair) for pair in pairs)
        if self.name == "fit":
            return self.expected == self.got
        return set(self.expected) == set(self.got)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A vignette that was run. `faults` says why it could not be asked; then nothing is compared."""

    key: str
    title: str
    compared: tuple[Compared, ...] = ()
    faults: tuple[str, ...] = ()
    advice: Mapping[str, Any] | None = None
    steps: tuple[str, ...] | None = None

    @property
    def passed(self) -> bool:
        """Return whether everything came out as expected."""
        return not self.faults and all(part.agrees for part in self.compared)


def run_vignette(ruleset: RuleSet, vignette: Vignette, *, today: date) -> Outcome:
    """Return what came of a vignette of a checked document, beside what it expects.

    A study is written "code" or "code role". An expected order names the first places; the places after it
    are not compared.
    """
    key, title = vignette["key"], vignette["title"]
    try:
        case = Case.from_dict(ruleset, vignette["answers"], today=today)
        steps = _steps(ruleset, case, vignette["report"])
    except CaseError as error:
        return Outcome(key, title, faults=tuple(f"{f.key}: {f.message}" for f in error.errors))
    advice = evaluate(ruleset, case)
    given = advice.to_dict()
    compared = [
        Compared("fit", (vignette["fit"],), (given["fit"],)),
        Compared("redirects", tuple(vignette["redirects"]), _codes(given["redirects"])),
        Compared(
            "studies",
            tuple(" ".join(filter(None, (row["study"], row["role"]))) for row in vignette["studies"]),
            tuple(f"{row['code']} {row['role']}" for row in given["studies"]),
        ),
        Compared("advisories", tuple(vignette["advisories"]), _codes(given["advisories"])),
    ]
    if steps is not None:
        compared.append(Compared("next_steps", tuple(vignette["report"]["next_steps"]), steps))
    return Outcome(key, title, tuple(compared), advice=given, steps=steps)


def _steps(ruleset: RuleSet, case: Case, report: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    if report is None:
        return None
    facts = {name: report[name] for name in ("finding", "discordant", "complications", "studies_done")}
    return tuple(step.code for step in next_steps(ruleset, answers=case, **facts))


def _codes(listed: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(row["code"] for row in listed)


def _study_agrees(expected: str, got: str) -> bool:
    """Return whether a study stands where it is expected; without a role any role will do."""
    return expected == got or (" " not in expected and expected == got.split(" ")[0])
