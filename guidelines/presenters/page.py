"""One version of a guideline as a page to read: everything that it says, with who says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guidelines.conditions_text import in_words, labels_of
from guidelines.engine import Case, RuleSet, next_steps
from guidelines.engine.advice import RankedStudy
from guidelines.engine.ruleset import NextStep
from guidelines.models import Role
from guidelines.presenters.words import Band, bands, standing_words, study_standing

ROLE_WORDS = {
    Role.SUGGESTED: "First unless an answer says otherwise",
    Role.ALTERNATIVE: "Second unless an answer says otherwise",
    Role.FALLBACK: "Fallback",
    Role.CONTRAINDICATED: "Contraindicated",
    Role.NOT_RATED: "Not rated by the source",
    Role.NOT_RECOMMENDED: "Rated lower",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """Something that the guideline says, and whose word it is."""

    title: str
    text: str
    says: str = ""
    also: str = ""
    redirects: Sequence[Mapping[str, Any]] = ()
    tone: str = "info"


@dataclass(frozen=True, slots=True)
class RatedStudyView:
    """A study with everything that is recorded about it."""

    code: str
    name: str
    role: str
    rating: str | None
    radiation_level: int | None
    bands: Band | None
    says: str
    rationale: Sequence[str]
    choose_when: Sequence[str]
    limits: str
    codes: Sequence[Mapping[str, Any]]
    site_note: str
    protocol_url: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """What a report can show, what usually follows, and what follows instead once a study has been done."""

    label: str
    description: str
    tone: str
    reminder: str
    steps: list[NextStep]
    variants: list[tuple[str, list[NextStep]]]


@dataclass(frozen=True, slots=True)
class GuidelinePage:
    """A guideline version, ready to be placed."""

    document: Mapping[str, Any]
    introduction: list[str]
    criteria: list[Statement]
    rules: list[Statement]
    studies: list[RatedStudyView]
    advisories: list[Statement]
    findings: list[FindingView]
    additions: list[Statement]
    pitfalls: list[Statement]
    faqs: list[Statement]
    primary: Mapping[str, Any]
    asked: list[str]


def guideline_page(ruleset: RuleSet) -> GuidelinePage:
    """Return the page of one version."""
    document = ruleset.document
    sources = {row["key"]: row for row in document["sources"]}
    redirects = {row["code"]: row for row in document["redirects"]}

    def says(row: Mapping[str, Any]) -> str:
        source = sources.get(row["source"] or "")
        named = f": {source['title']}" if source and row["standing"] == "secondary" else ""
        return _sentence(f"{standing_words(row['standing'])}{named}")

    return GuidelinePage(
        document=document,
        introduction=[part for part in document["introduction"].split("\n\n") if part.strip()],
        criteria=[
            Statement(
                row["title"],
                row["text"],
                says(row),
                row["not_met_text"],
                [redirects[inner["redirect"]] for inner in row["redirects"]],
            )
            for row in document["criteria"]
        ],
        rules=[_rule(ruleset, place, row, says(row)) for place, row in enumerate(document["order_rules"])],
        studies=[_study(ranked) for ranked in ruleset.start],
        advisories=[
            Statement(row["title"], row["text"], says(row), tone=row["severity"])
            for row in document["advisories"]
        ],
        findings=[_finding(ruleset, row) for row in document["findings"]],
        additions=_additions(ruleset),
        pitfalls=[Statement(row["title"], row["text"], says(row)) for row in document["pitfalls"]],
        faqs=[Statement(row["question"], row["answer"], says(row)) for row in document["faqs"]],
        primary=sources[document["primary_source"]],
        asked=[element.label for element in ruleset.elements if not element.derived_from],
    )


def _rule(ruleset: RuleSet, place: int, row: Mapping[str, Any], says: str) -> Statement:
    """Return a rule: what it says, and the order of studies that it makes."""
    ranking = ruleset.order_rules[place].ranking
    order = "; ".join(
        f"{ranked.position}. {_short(ranked)} ({Role(ranked.role).label.lower()})"
        for ranked in ranking
        if ranked.role not in (Role.NOT_RATED, Role.NOT_RECOMMENDED)
    )
    condition = in_words(row["condition"], labels_of(ruleset.document)).splitlines()
    parts = "; ".join(line.strip().removeprefix("- ") for line in condition[1:])
    return Statement(_sentence(f"{condition[0]} {parts}".strip()), row["text"], says, order)


def _sentence(text: str) -> str:
    """Return a text with a capital first letter, and its other capitals as they are."""
    return text[:1].upper() + text[1:]


def _short(ranked: RankedStudy) -> str:
    return ranked.study.short_name or ranked.study.name


def _study(ranked: RankedStudy) -> RatedStudyView:
    study = ranked.study.to_dict()
    return RatedStudyView(
        code=study["code"],
        name=study["name"],
        role=ROLE_WORDS[Role(ranked.role)],
        rating=study["rating"],
        radiation_level=study["radiation"]["level"] if study["radiation"] else None,
        bands=bands(study["radiation"]),
        says=study_standing(study),
        rationale=study["rationale"],
        choose_when=study["choose_when"],
        limits=study["limits"],
        codes=study["codes"],
        site_note=study["site_note"],
        protocol_url=study["protocol_url"],
    )


def _finding(ruleset: RuleSet, row: Mapping[str, Any]) -> FindingView:
    usual = _steps(ruleset, row["key"])
    variants = []
    for study in ruleset.studies.values():
        then = _steps(ruleset, row["key"], studies_done=[study.code])
        if then != usual:
            variants.append((study.name, then))
    return FindingView(row["label"], row["description"], row["tone"], row["reminder"], usual, variants)


def _additions(ruleset: RuleSet) -> list[Statement]:
    """Return what a discordant finding or a complication adds to the next steps, or takes from them."""
    facts: list[tuple[str, dict[str, Any]]] = [
        ("The finding does not agree with the clinical picture", {"discordant": True})
    ]
    facts += [
        (f"Complication seen: {row['label'].lower()}", {"complications": [row["key"]]})
        for row in ruleset.document["complications"]
    ]
    found = []
    for title, fact in facts:
        added: dict[str, None] = {}
        removed: dict[str, None] = {}
        for finding in ruleset.findings:
            usual = [step.title for step in _steps(ruleset, finding)]
            then = [step.title for step in _steps(ruleset, finding, **fact)]
            added |= dict.fromkeys(step for step in then if step not in usual)
            removed |= dict.fromkeys(step for step in usual if step not in then)
        if added or removed:
            also = f"Never: {', '.join(removed)}." if removed else ""
            found.append(Statement(title, f"Also: {', '.join(added)}." if added else "", also=also))
    return found


def _steps(
    ruleset: RuleSet,
    finding: str,
    *,
    discordant: bool = False,
    complications: Sequence[str] = (),
    studies_done: Sequence[str] = (),
) -> list[NextStep]:
    return next_steps(
        ruleset,
        answers=Case({}),
        finding=finding,
        discordant=discordant,
        complications=complications,
        studies_done=studies_done,
    )
