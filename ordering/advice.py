"""Asking the engine: the one way from a scenario and answers to advice, for every surface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from guidelines import library
from guidelines.engine import (
    Advice,
    Case,
    CaseError,
    Fault,
    RuleSet,
    canonical_json,
    difference,
    evaluate,
)
from guidelines.exceptions import NoPublishedVersion
from ordering.exceptions import AdviceOutOfDate, Refusal, Refused
from ordering.models import Consultation, Patient

BIRTH_DATE = "patient.birth_date"


@dataclass(frozen=True, slots=True)
class Advised:
    """What was asked and what the engine said, under which version."""

    version_id: int
    ruleset: RuleSet
    case: Case
    advice: Advice

    @property
    def suggestion(self) -> dict[str, Any]:
        """The suggestion object of the HTTP contract."""
        return self.advice.to_dict()

    @property
    def text(self) -> str:
        """The suggestion as canonical JSON, as it is stored."""
        return canonical_json(self.suggestion)


def advise(
    *,
    slug: str,
    answers: Mapping[str, Any],
    birth_date: date | None = None,
    today: date | None = None,
) -> Advised:
    """Return the advice of the version in use.

    `birth_date` of the patient answers what the content derives from it; an answer given that
    disagrees is refused. Raises Refused with every fault; an unknown scenario is one.
    """
    try:
        version_id, ruleset = library.current(slug)
    except NoPublishedVersion:
        raise Refused(
            [
                Refusal(
                    "/scenario",
                    "unknown-scenario",
                    f"There is no published scenario “{slug}”.",
                )
            ]
        ) from None
    return judge(version_id, ruleset, answers=answers, birth_date=birth_date, today=today)


def judge(
    version_id: int,
    ruleset: RuleSet,
    *,
    answers: Mapping[str, Any],
    birth_date: date | None = None,
    today: date | None = None,
) -> Advised:
    """Return the advice of a version that may not be in use. Raises Refused with every fault."""
    today = today or timezone.localdate()
    refusals: list[Refusal] = []
    given = answers
    if birth_date is not None and isinstance(answers, Mapping):
        given, refusals = derive(ruleset, answers, birth_date=birth_date, today=today)
    try:
        case = Case.from_dict(ruleset, given, today=today)
    except CaseError as error:
        named = {refusal.pointer for refusal in refusals}
        refusals += [_refusal(fault) for fault in error.errors if f"/answers/{fault.key}" not in named]
        raise Refused(refusals) from error
    if refusals:
        raise Refused(refusals)
    return Advised(version_id, ruleset, case, evaluate(ruleset, case))


def derive(
    ruleset: RuleSet, answers: Mapping[str, Any], *, birth_date: date, today: date
) -> tuple[dict[str, Any], list[Refusal]]:
    """Fill in the answers that follow from the birth date; name those that disagree with it."""
    given = dict(answers)
    refusals = []
    age = age_on(birth_date, today)
    for element in ruleset.elements:
        if element.derived_from != BIRTH_DATE:
            continue
        answer = given.get(element.key)
        # a wrong type is the engine's to name
        if type(answer) is int and answer != age:
            refusals.append(
                Refusal(
                    f"/answers/{element.key}",
                    "disagrees",
                    f"The birth date gives {age}, not {answer}. Leave this answer out, or check the patient.",
                )
            )
        elif answer is None:
            given[element.key] = age
    return given, refusals


def age_on(birth_date: date, day: date) -> int:
    """Whole years from the birth date to a day. Born on 29 February: a year older on 1 March."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def recheck(consultation: Consultation, *, patient: Patient) -> None:
    """Make sure the advice still holds today. Raises AdviceOutOfDate with what changed.

    It no longer holds when the scenario has another published version, or when an answer that
    follows from the patient's birth date has changed since. Within a transaction, no version is
    published until it ends.
    """
    try:
        version_id, ruleset = library.current_for_share(consultation.scenario_slug)
    except NoPublishedVersion:
        raise AdviceOutOfDate(
            "This guideline is no longer in use. Please start again with another scenario.",
            changes=["The scenario is no longer published."],
            current=None,
        ) from None
    today = timezone.localdate()
    kept = {
        key: value
        for key, value in consultation.answers.items()
        if not any(element.key == key and element.derived_from for element in ruleset.elements)
    }
    derived, _ = derive(ruleset, kept, birth_date=patient.birth_date, today=today)
    same_answers = all(consultation.answers.get(key) == value for key, value in derived.items())
    if version_id == consultation.version_id and same_answers:
        return
    try:
        now = advise(
            slug=consultation.scenario_slug,
            answers=kept,
            birth_date=patient.birth_date,
            today=today,
        )
    except Refused as refused:
        raise AdviceOutOfDate(
            "The guideline changed while you were ordering, and some answers have to be given again.",
            changes=[refusal.message for refusal in refused.refusals],
            current=None,
        ) from refused
    changes = difference(consultation.suggestion, now.suggestion)
    if version_id == consultation.version_id and not changes:
        return
    if version_id != consultation.version_id:
        before = consultation.suggestion["scenario"]["version"]
        changes = [
            f"Version {before} of the guideline was replaced by version {ruleset.version}.",
            *(changes or ["The advice for this patient is the same."]),
        ]
        message = "The guideline changed while you were ordering. Please check the new advice."
    else:
        message = "The patient's age changed since this advice was given. Please check the new advice."
    raise AdviceOutOfDate(message, changes=changes, current=now.suggestion)


def replay(consultation: Consultation) -> str:
    """Return the canonical advice that the stored answers give under their stored version."""
    ruleset = library.ruleset(consultation.version_id)
    today = timezone.localdate(consultation.created_at)
    case = Case.from_dict(ruleset, consultation.answers, today=today)
    return canonical_json(evaluate(ruleset, case).to_dict())


def _refusal(fault: Fault) -> Refusal:
    key = fault.key.replace("~", "~0").replace("/", "~1")  # RFC 6901
    pointer = f"/answers/{key}" if fault.key else "/answers"
    return Refusal(pointer, fault.code.replace("_", "-"), fault.message, fault.is_shape)
