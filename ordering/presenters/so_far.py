"""The panel "Suggestion so far" beside the questions: what the answers given up to now lead to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from guidelines.engine import RuleSet
from ordering.advice import advise
from ordering.exceptions import Refused
from ordering.forms.answers import Ask, fault_text
from ordering.presenters.answers import row_id

SHOWN = 5  # open questions that the panel names; step 2 lists them all


@dataclass(frozen=True, slots=True)
class Open:
    """A question whose answer can still change the advice."""

    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class SoFar:
    """The panel. With `faults` the answers cannot be judged yet."""

    fit: str = ""
    study: str = ""
    rating: str | None = None
    reason: str = ""
    failed: list[str] = field(default_factory=list)
    redirects: list[Mapping[str, Any]] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    more: int = 0
    headline: str = ""
    contradictions: list[str] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    suggestion: Mapping[str, Any] = field(default_factory=dict)


def so_far(
    ruleset: RuleSet,
    answers: Mapping[str, Any],
    birth_date: date,
    *,
    recorded: Mapping[str, str] | None = None,
    ask: Ask | None = None,
) -> SoFar:
    """Return the panel for answers that may be incomplete or wrong. Records nothing.

    `recorded` holds, by key, what the record says where an answer says something else. `ask` judges the
    answers; without it, the version in use does.
    """
    differing = [f"{ruleset.element(key).short_label}: {text}" for key, text in (recorded or {}).items()]
    try:
        given = (ask or partial(advise, slug=ruleset.slug))(answers=answers, birth_date=birth_date).suggestion
    except Refused as refused:
        faults = [fault_text(ruleset, refusal) for refusal in refused.refusals]
        return SoFar(faults=faults, recorded=differing)
    first = given["studies"][0] if given["studies"] else None
    needs = [
        Open(ruleset.element(key).short_label, row_id(key))
        for key in given["needs"]
        if key in _asked(ruleset)
    ]
    return SoFar(
        fit=given["fit"],
        study=first["name"] if first else "",
        rating=first["rating"] if first else None,
        reason=first["reasons"][0]["text"] if first and first["reasons"] else "",
        failed=[row["text"] for row in given["criteria"] if row["status"] == "not_met"],
        redirects=given["redirects"],
        open=needs[:SHOWN],
        more=max(0, len(needs) - SHOWN),
        headline=_headline(len(needs)),
        contradictions=[row["text"] for row in given["contradictions"]],
        recorded=differing,
        stops=[row["title"] for row in given["advisories"] if row["severity"] == "stop"],
        suggestion=given,
    )


def _asked(ruleset: RuleSet) -> set[str]:
    return {element.key for element in ruleset.elements if not element.derived_from}


def _headline(count: int) -> str:
    if not count:
        return ""
    return "1 answer can still change this." if count == 1 else f"{count} answers can still change this."
