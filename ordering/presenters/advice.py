"""Step 2: advice as it was given, put in the words and the order of the page.

Everything clinical comes from the stored suggestion and the version it was given under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse

from guidelines.engine import RuleSet
from guidelines.models import Role, Standing
from guidelines.presenters import words
from ordering.choosing import needs_reason
from ordering.models import Consultation
from ordering.presenters.answers import Check, answer_text, checks, row_url, turns

CARD_ROLES = frozenset({Role.SUGGESTED, Role.ALTERNATIVE, Role.FALLBACK, Role.CONTRAINDICATED})
SUGGESTED_ROLES = frozenset({Role.SUGGESTED, Role.ALTERNATIVE})
STATUS_TONES = {"met": "ok", "not_met": "stop", "unknown": "missing"}
SEVERITY_TONES = {"info": "info", "caution": "caution", "stop": "stop"}


@dataclass(frozen=True, slots=True)
class Caution:
    """Something in the reading path: `tone` is info, caution, stop or ok."""

    text: str
    tone: str = "caution"
    title: str = ""
    standing: str = ""
    url: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class StudyCard:
    """One study, for `_components/study_card.html` or a line of `_components/lower_rated.html`."""

    code: str
    name: str
    rank: str
    rating: str | None
    radiation_level: int | None
    dose: str
    radiation_note: str
    standing: str
    reasons: list[str]
    cautions: list[Caution]
    choose_when: list[str]
    limits: str
    site_note: str
    protocol_url: str
    best: bool = False
    stopped: bool = False
    justification: str = ""
    dose_question: str = ""
    dose_meaning: str = ""
    checks: list[Check] = field(default_factory=list)
    action: str = ""
    reason_url: str = ""


@dataclass(frozen=True, slots=True)
class Flip:
    """Other answers to one question, and what they would lead to."""

    if_text: str
    then_text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A question without an answer. `matters` when its answer can change the advice."""

    label: str
    url: str
    matters: bool


@dataclass(frozen=True, slots=True)
class AdvicePage:
    """Everything that step 2 shows of one consultation."""

    fit: str
    scenario: str
    version: int
    summary: str
    criteria_met: str
    cards: list[StudyCard]
    lower: list[StudyCard]
    lower_caption: str
    advisories: list[Caution]
    contradictions: list[str]
    criteria: list[Check]
    failed: list[Check]
    redirects: list[Mapping[str, Any]]
    needed: list[Missing]
    missing: list[Missing]
    flips: list[Flip]
    questions: list[Mapping[str, Any]]
    questions_introduction: str
    pitfalls: list[Mapping[str, Any]]
    escalation: str
    change_url: str
    unlisted_url: str


def advice_page(
    consultation: Consultation, ruleset: RuleSet, *, choose_url: str, change_url: str
) -> AdvicePage:
    """Return step 2 for a consultation. `ruleset` is the version that the advice was given under.

    An empty `choose_url` shows the advice with nothing to choose: an order rests on it already.
    """
    given, answers, document = consultation.suggestion, consultation.answers, ruleset.document
    criteria = _criteria(ruleset, given, answers)
    missing = _missing(ruleset, given, change_url)
    cards = _cards(given, ruleset, answers, choose_url=choose_url, change_url=change_url)
    lower = [
        _card(row, ruleset, answers, reason_url=reason_url(choose_url, row["code"]))
        for row in given["studies"]
        if row["role"] not in CARD_ROLES
    ]
    if given["fit"] == "does_not_fit":
        lower = [
            _unrated_card(study.to_dict(), ruleset, consultation.answers, reason_url(choose_url, study.code))
            for study in ruleset.studies.values()
        ]
    met = sum(row["status"] == "met" for row in given["criteria"])
    return AdvicePage(
        fit=given["fit"],
        scenario=given["scenario"]["title"],
        version=given["scenario"]["version"],
        summary=document["summary"],
        criteria_met=f"{met} of {len(given['criteria'])} criteria",
        cards=cards,
        lower=lower,
        lower_caption=_caption(given),
        advisories=[_advisory(row) for row in given["advisories"]],
        contradictions=[row["text"] for row in given["contradictions"]],
        criteria=criteria,
        failed=[item for item in criteria if item.tone == "stop"],
        redirects=given["redirects"],
        needed=[item for item in missing if item.matters],
        missing=missing,
        flips=_flips(ruleset, given, answers),
        questions=given["questions"],
        questions_introduction=document["questions_introduction"],
        pitfalls=document["pitfalls"],
        escalation=document["escalation"],
        change_url=change_url,
        unlisted_url=choose_url,
    )


def study_card(consultation: Consultation, ruleset: RuleSet, code: str) -> StudyCard:
    """Return one study as this consultation rates it; not rated where its advice does not hold it."""
    row = next((row for row in consultation.suggestion["studies"] if row["code"] == code), None)
    if row is None:
        return _unrated_card(ruleset.study(code).to_dict(), ruleset, consultation.answers, "")
    return _card(row, ruleset, consultation.answers)


def reason_url(choose_url: str, code: str) -> str:
    """Return the address of the reason page for a study; none without `choose_url`."""
    if not choose_url:
        return ""
    return f"{choose_url}{'&' if '?' in choose_url else '?'}study={code}"


def guideline_url(slug: str, version: int) -> str:
    """Return the address of the guideline page of one version."""
    return reverse("guideline_version", args=[slug, version])


def _cards(
    given: Mapping[str, Any],
    ruleset: RuleSet,
    answers: Mapping[str, Any],
    *,
    choose_url: str,
    change_url: str,
) -> list[StudyCard]:
    rows = [row for row in given["studies"] if row["role"] in CARD_ROLES]
    offered = sum(row["role"] in SUGGESTED_ROLES for row in rows)
    cards = []
    for row in rows:
        best = row["position"] == 1 and row["role"] in SUGGESTED_ROLES
        cards.append(
            _card(
                row,
                ruleset,
                answers,
                rank=_rank(row, offered, provisional=given["provisional"]),
                best=best,
                patient_checks=checks(ruleset, answers, change_url) if best else [],
                change_url=change_url,
                action=_action(row) if choose_url else "",
            )
        )
    return cards


def _action(row: dict[str, Any]) -> str:
    return "Choose with a reason" if needs_reason(row) else "Choose this study"


def _rank(row: Mapping[str, Any], offered: int, *, provisional: bool) -> str:
    if row["role"] == Role.FALLBACK:
        return "Fallback, if the suggested study cannot be done"
    if row["role"] == Role.CONTRAINDICATED:
        return "Contraindicated for this patient"
    best = row["position"] == 1
    if offered == 1:
        return "Suggested so far" if provisional else "Suggested · best match"
    suffix = (" · best match so far" if provisional else " · best match") if best else ""
    return f"{row['position']} of {offered} suggested{suffix}"


def _card(
    row: Mapping[str, Any],
    ruleset: RuleSet,
    answers: Mapping[str, Any],
    *,
    rank: str = "",
    best: bool = False,
    patient_checks: list[Check] | None = None,
    change_url: str = "",
    action: str = "",
    reason_url: str = "",
) -> StudyCard:
    stopped = row["role"] == Role.CONTRAINDICATED
    radiation = row["radiation"]
    dose = words.dose_words(radiation, age_years=_age(ruleset, answers))
    meaning = _background(radiation, ruleset, answers) if best else ""
    reasons = [remark["text"] for remark in row["reasons"]]
    suggested = row["role"] in SUGGESTED_ROLES
    return StudyCard(
        code=row["code"],
        name=row["name"],
        rank=rank,
        rating=row["rating"],
        radiation_level=radiation["level"] if radiation else None,
        dose=dose,
        radiation_note="" if radiation else "The source gives no level for this study.",
        standing=words.study_standing(row),
        reasons=[*reasons, *row["rationale"]],
        cautions=[
            _caution(remark, ruleset, answers, change_url, stopped=stopped) for remark in row["cautions"]
        ],
        choose_when=[] if best or stopped or not suggested else row["choose_when"],
        limits=row["limits"],
        site_note=row["site_note"],
        protocol_url=row["protocol_url"],
        best=best,
        stopped=stopped,
        justification=ruleset.document["radiation_justification"] if best and dose else "",
        dose_question=f"What {dose} means" if meaning else "",
        dose_meaning=meaning,
        checks=patient_checks or [],
        action=action,
        reason_url=reason_url,
    )


def _caution(
    remark: Mapping[str, Any], ruleset: RuleSet, answers: Mapping[str, Any], change_url: str, *, stopped: bool
) -> Caution:
    """Return a caution with the answers that it rests on, and a link to the first of them."""
    keys = [
        element.key
        for element in ruleset.elements
        for rule in ruleset.order_rules
        if rule.caution.code == remark["code"]
        and rule.cautioned
        and turns(rule.condition, answers, element.key)
    ]
    said = [
        f"{ruleset.element(key).short_label}: {answer_text(ruleset.element(key), answers[key])}"
        for key in keys
    ]
    return Caution(
        remark["text"],
        "stop" if stopped else "caution",
        url=row_url(change_url, keys[0]) if keys and change_url else "",
        link_text=", ".join(said),
    )


def _unrated_card(
    study: Mapping[str, Any], ruleset: RuleSet, answers: Mapping[str, Any], reason_url: str
) -> StudyCard:
    """Return a study that no criteria rate for this patient; its radiation is the same for everybody."""
    radiation = study["radiation"]
    return StudyCard(
        code=study["code"],
        name=study["name"],
        rank="",
        rating=None,
        radiation_level=radiation["level"] if radiation else None,
        dose=words.dose_words(radiation, age_years=_age(ruleset, answers)),
        radiation_note="",
        standing="",
        reasons=["Not rated for this patient, because the criteria do not apply."],
        cautions=[],
        choose_when=[],
        limits="",
        site_note="",
        protocol_url="",
        action="Choose with a reason",
        reason_url=reason_url,
    )


def _background(radiation: Mapping[str, Any] | None, ruleset: RuleSet, answers: Mapping[str, Any]) -> str:
    """Return a dose as years of natural background, where the site has set what a year of it is in mSv."""
    yearly = settings.PORTAL_BACKGROUND_MSV_PER_YEAR
    age = _age(ruleset, answers)
    young = age is not None and age < words.ADULT_AGE_YEARS
    band = radiation["paediatric_msv" if young else "adult_msv"] if radiation else None
    if not yearly or not band or not band["min"]:
        return ""
    low, high = (f"{band[end] / yearly:.2g}" for end in ("min", "max"))
    return (
        f"About {low} to {high} years of natural background radiation, taking {yearly:g} mSv a year, "
        "the reference value set by your site."
    )


def _age(ruleset: RuleSet, answers: Mapping[str, Any]) -> int | None:
    return next((answers.get(element.key) for element in ruleset.elements if element.derived_from), None)


def _advisory(row: Mapping[str, Any]) -> Caution:
    named = f", {row['source']}" if row["standing"] == Standing.SECONDARY and row["source"] else ""
    return Caution(
        row["text"],
        SEVERITY_TONES[row["severity"]],
        title=row["title"],
        standing=f"Says who: {words.standing_words(row['standing'])}{named}.",
    )


def _criteria(ruleset: RuleSet, given: Mapping[str, Any], answers: Mapping[str, Any]) -> list[Check]:
    found = []
    conditions = {criterion.met.key: criterion.condition for criterion in ruleset.criteria}
    for row in given["criteria"]:
        keys = conditions[row["key"]].elements
        said = [
            answer_text(element, answers[element.key])
            for element in ruleset.elements
            if element.key in keys and answers.get(element.key) is not None
        ]
        tone = STATUS_TONES[row["status"]]
        found.append(
            Check(
                row["title"],
                "; ".join(said) or "not documented",
                tone,
                detail=row["text"] if tone == "stop" else "",
            )
        )
    return found


def _missing(ruleset: RuleSet, given: Mapping[str, Any], change_url: str) -> list[Missing]:
    needs = set(given["needs"])
    return [
        Missing(ruleset.element(key).short_label, row_url(change_url, key), key in needs)
        for key in given["not_documented"]
        if not ruleset.element(key).derived_from
    ]


def _flips(ruleset: RuleSet, given: Mapping[str, Any], answers: Mapping[str, Any]) -> list[Flip]:
    """Return what other answers would change; values of one question with one outcome are told together.

    Answers that bring another study come before those with which the guideline would not apply.
    """
    groups: dict[tuple[str, str, str | None], list[str]] = {}
    for row in given["what_would_change"]:
        groups.setdefault((row["key"], row["fit"], row["first_study"]), []).append(row["value_label"])
    labels = {row["key"]: row["label"] for row in given["what_would_change"]}
    ordered = sorted(groups.items(), key=lambda group: group[0][1] == "does_not_fit")
    return [
        Flip(f"{labels[key]}: {_either(values)}", _outcome(ruleset, given, fit, first))
        for (key, fit, first), values in ordered
    ]


def _outcome(ruleset: RuleSet, given: Mapping[str, Any], fit: str, first: str | None) -> str:
    if fit == "does_not_fit":
        return "This guideline no longer applies"
    name = ruleset.study(first).short_name or ruleset.study(first).name if first else ""
    now = given["studies"][0]["code"] if given["studies"] else None
    said = f"{name} comes first" if first and first != now else "The guideline applies"
    return f"{said}; other answers still needed" if fit == "needs_answers" and given["fit"] != fit else said


def _either(values: list[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def _caption(given: Mapping[str, Any]) -> str:
    if given["fit"] == "does_not_fit":
        return "Studies of this guideline, not rated for this patient"
    return "Rated lower, or not rated, for this scenario"
