"""From advice to a CDS Hooks card. Pure: the engine and the standard library only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from guidelines.engine import Advice, RuleSet
from ordering.cds_hooks.drafts import Draft, rated, with_study
from ordering.cds_hooks.ratings import ARGONAUT, RATING_LABELS, Site, rating_extensions
from ordering.cds_hooks.records import Json, pruned

MAX_SUMMARY = 139  # CDS Hooks 2.0: fewer than 140 characters
MAX_LABEL = 79  # CDS Hooks 2.0 says short; buttons of EHRs cut longer ones
INFO, WARNING, CRITICAL = "info", "warning", "critical"
REASON_SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OVERRIDE_REASONS = (
    ("risk-benefit-ratio", "The benefit of this study outweighs its risk here"),
    ("policy-contradicts", "A local protocol or policy asks for this study"),
    ("service-not-available", "The suggested study is not available"),
    ("action-unsuccessful", "The suggested study did not help before"),
    ("action-completed", "The suggested study was already done"),
    ("patient-refuses", "The patient declines the suggested study"),
)
# from the best to the worst; a study that is not rated cannot be called better or worse than these
_RANKS = {rating: rank for rank, rating in enumerate(RATING_LABELS)}
_OFFERED = ("suggested", "alternative", "fallback")
_ROLES = {
    "suggested": "suggested",
    "alternative": "alternative",
    "fallback": "fallback",
    "contraindicated": "contraindicated",
    "not_rated": "not rated",
    "not_recommended": "not recommended",
}
_MARKUP = re.compile(r"([\\`*_{}\[\]<>|#])")


@dataclass(frozen=True, slots=True)
class Consulted:
    """One draft judged by one scenario. `study` is None where the scenario does not know the study."""

    draft: Draft
    ruleset: RuleSet
    advice: Advice
    study: str | None
    consultation: str
    link: str  # where the order can be placed in the portal
    remarks: Sequence[str] = ()

    @property
    def is_ratable(self) -> bool:
        """Return whether there is anything to report about the draft: not while answers are missing."""
        return self.advice.fit != "needs_answers"

    @property
    def row(self) -> Any:
        """Return the draft's study as the advice ranks it; None where it does not."""
        return next((row for row in self.advice.studies if row.study.code == self.study), None)

    @property
    def suggested(self) -> Any:
        """Return the suggested study, which comes first; None where none is suggested."""
        return next((row for row in self.advice.studies if row.role == "suggested"), None)


def card(consulted: Consulted, site: Site, new_id: Callable[[], str]) -> Json:
    """Return the card of one consultation."""
    indicator, summary = _verdict(consulted)
    suggestions = _suggestions(consulted, site, new_id)
    made: Json = {
        "uuid": new_id(),
        "summary": shortened(summary, MAX_SUMMARY),
        "indicator": indicator,
        "detail": detail(consulted),
        "source": _source(consulted, site),
        "links": _links(consulted, site),
    }
    if suggestions:
        made["suggestions"] = suggestions
        made["selectionBehavior"] = "at-most-one"
    if suggestions or indicator != INFO:
        made["overrideReasons"] = [
            {"system": REASON_SYSTEM, "code": code, "display": display} for code, display in OVERRIDE_REASONS
        ]
    return pruned(made) or {}


def rating_action(consulted: Consulted, site: Site) -> Json | None:
    """Return the update that writes the rating on the draft and changes nothing else; None if not ratable."""
    if not consulted.is_ratable or not consulted.draft.reference:
        return None
    rating = consulted.row.study.rating if consulted.row else None
    extensions = rating_extensions(consulted.advice, rating, consultation=consulted.consultation, site=site)
    return {
        "type": "update",
        "description": "Record on the order how the guideline rates the study",
        "resource": rated(consulted.draft.resource, extensions, replacing=ARGONAUT),
    }


def _verdict(consulted: Consulted) -> tuple[str, str]:
    """Return indicator and summary."""
    advice, row, suggested = consulted.advice, consulted.row, consulted.suggested
    if advice.fit == "does_not_fit":
        failed = [result.title for result in advice.criteria if result.status == "not_met"]
        leads = [redirect.title for redirect in advice.redirects]
        see = f" See: {', '.join(leads)}." if leads else ""
        return INFO, f"No criteria apply here. Not met: {', '.join(failed)}.{see}"
    name = row.study.short_name if row else "The study ordered"
    instead = f" Suggested: {suggested.study.short_name}." if suggested else ""
    if row is not None and row.role == "contraindicated":
        return CRITICAL, f"{name}: contraindicated for this patient.{instead}"
    if advice.fit == "needs_answers":
        return WARNING, f"Answers are missing before this can be rated: {_labels(consulted, advice.needs)}."
    if row is None:
        return WARNING, f"{name} is not among the studies of this guideline.{instead}"
    said = RATING_LABELS[row.study.rating].lower() if row.study.rating else "not rated"
    if row.role == "suggested":
        return INFO, f"{name}: {said}, and suggested here."
    if suggested is not None and _is_better(suggested.study.rating, row.study.rating):
        return WARNING, f"{name}: {said} here.{instead}"
    return INFO, f"{name}: {said}, an alternative here.{instead}"


def _is_better(rating: str | None, than: str | None) -> bool:
    if rating is None:
        return False
    return than is None or _RANKS[rating] < _RANKS[than]


def detail(consulted: Consulted) -> str:
    """Return the long text in GitHub Flavoured Markdown: what fails, or the studies; what is missing."""
    advice = consulted.advice
    parts = [f"**{_plain(advice.scenario['title'])}**"]
    if advice.fit == "does_not_fit":
        parts.append("No criteria apply here, which is not the same as “not appropriate”.")
        parts.append(_bullets(row.text for row in advice.criteria if row.status == "not_met"))
        parts += [f"**{_plain(row.title)}:** {_plain(row.text)}" for row in advice.redirects]
    else:
        if advice.provisional:
            unknown = [row.title for row in advice.criteria if row.status == "unknown"]
            parts.append(f"Provisional: not known yet whether this applies ({_plain(', '.join(unknown))}).")
        parts.append(_table(consulted))
        parts.append(
            _bullets(
                f"{row.study.short_name}: {remark.text}"
                for row in advice.studies
                for remark in (*row.cautions, *row.reasons)
            )
        )
        parts.append(_bullets(f"{row.title}: {row.text}" for row in advice.advisories))
    if advice.needs:
        needed = _plain(_labels(consulted, advice.needs))
        parts.append(f"**Not in the record, please answer:** {needed}.")
    if consulted.remarks:
        parts.append("**About the record:**")
        parts.append(_bullets(consulted.remarks))
    parts.append(_provenance(advice))
    return "\n\n".join(part for part in parts if part)


def _table(consulted: Consulted) -> str:
    lines = ["| Study | Rating | Radiation |", "| --- | --- | --- |"]
    for row in consulted.advice.studies:
        name = _plain(row.study.name)
        if row.study.code == consulted.study:
            name = f"**{name}** (this order)"
        rating = RATING_LABELS.get(row.study.rating or "", "Not rated")
        if rating.lower() != _ROLES[row.role]:
            rating = f"{rating}; {_ROLES[row.role]}"
        lines.append(f"| {name} | {rating} | {_radiation(row.study.radiation)} |")
    return "\n".join(lines)


def _radiation(radiation: Any) -> str:
    if radiation is None:
        return "not recorded"
    return f"level {radiation.level}, {_band(radiation.adult_msv)}"


def _band(band: Any) -> str:
    if band is None:
        return "dose not recorded"
    low, high = band["min"], band["max"]
    if high == 0:
        return "0 mSv"
    return f"under {high:g} mSv" if low == 0 else f"{low:g} to {high:g} mSv"


def _provenance(advice: Advice) -> str:
    source = advice.source
    reviewed = f", reviewed {source['reviewed_on']}" if source["reviewed_on"] else ""
    return (
        f"Source: {_plain(source['title'])}{reviewed}; guideline version {advice.scenario['version']}. "
        "Decision support only: the clinician decides."
    )


def _suggestions(consulted: Consulted, site: Site, new_id: Callable[[], str]) -> list[Json]:
    """Return the studies to order instead, the suggested one first. None while answers are missing."""
    advice = consulted.advice
    if advice.fit != "fits" or not consulted.draft.reference:
        return []
    made = []
    for row in advice.studies:
        if row.role not in _OFFERED or row.study.code == consulted.study:
            continue
        label = f"Order {row.study.name} instead"
        made.append(
            {
                "uuid": new_id(),
                "label": shortened(label, MAX_LABEL),
                "isRecommended": row.role == "suggested",
                "actions": _replacement(consulted, row, site, new_id),
            }
        )
    return made


def _replacement(consulted: Consulted, row: Any, site: Site, new_id: Callable[[], str]) -> list[Json]:
    study, draft = row.study, consulted.draft
    coding = [{"system": site.study_system, "code": study.code, "display": study.name}, *study.codes]
    extensions = rating_extensions(
        consulted.advice, study.rating, consultation=consulted.consultation, site=site
    )
    changed = with_study(draft.resource, {"coding": coding, "text": study.name})
    resource = rated(changed, extensions, replacing=ARGONAUT)
    if site.replaces_by_update:
        described = f"Change the order to {study.name}"
        return [{"type": "update", "description": described, "resource": resource}]
    return [
        {"type": "delete", "description": "Remove the order as it is", "resourceId": draft.reference},
        {
            "type": "create",
            "description": f"Order {study.name}",
            "resource": resource | {"id": new_id(), "replaces": [{"reference": draft.reference}]},
        },
    ]


def _source(consulted: Consulted, site: Site) -> Json:
    slug = consulted.advice.scenario["slug"]
    return {
        "label": consulted.advice.source["title"],
        "url": f"{site.base}/guidelines/{slug}/",
        "icon": f"{site.base}/static/icon-100.png",
        "topic": {
            "system": f"{site.base}/fhir/CodeSystem/guideline",
            "code": slug,
            "display": consulted.advice.scenario["title"],
        },
    }


def _links(consulted: Consulted, site: Site) -> list[Json]:
    links = [{"label": "Open this order in the portal", "url": consulted.link, "type": "absolute"}]
    for redirect in consulted.advice.redirects:
        url = redirect.url or (f"{site.base}/guidelines/{redirect.scenario}/" if redirect.scenario else "")
        if url:
            links.append({"label": shortened(redirect.title, MAX_LABEL), "url": url, "type": "absolute"})
    return links


def _labels(consulted: Consulted, keys: Iterable[str]) -> str:
    return ", ".join(consulted.ruleset.element(key).short_label for key in keys)


def shortened(sentence: str, limit: int) -> str:
    """Return the sentence, cut between two words where it is too long."""
    if len(sentence) <= limit:
        return sentence
    cut = sentence[: limit - 1]
    return cut[: cut.rfind(" ")].rstrip(" ,;:.") + "…" if " " in cut else cut + "…"


def _bullets(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(sentence)}" for sentence in dict.fromkeys(sentences))


def _plain(written: str) -> str:
    """Return a text that Markdown shows as it is, on one line."""
    return _MARKUP.sub(r"\\\1", " ".join(written.split()))
