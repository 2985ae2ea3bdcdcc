"""Choosing a study on the strength of advice: what it is rated, whether a reason is needed, adherence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from guidelines.engine import RuleSet
from guidelines.models import Role
from ordering.adherence import adherence
from ordering.exceptions import Refusal, Refused
from ordering.models import REASONS_WITH_TEXT, OverrideReason

NO_REASON_NEEDED = frozenset({Role.SUGGESTED, Role.ALTERNATIVE})
MAX_STUDY_TEXT = 200
MAX_REASON_TEXT = 2000


@dataclass(frozen=True, slots=True)
class OverrideGiven:
    """The reason a person gave: one of OverrideReason, with text where the code asks for it."""

    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen study as the order stores it. `rating` is empty and `radiation` None when not given."""

    study_code: str
    study_name: str
    study_text: str
    rating: str
    radiation: dict[str, Any] | None
    reason: OverrideGiven | None
    adherence: str

    def as_fields(self) -> dict[str, Any]:
        """The columns of an order."""
        return {
            "study_code": self.study_code,
            "study_name": self.study_name,
            "study_text": self.study_text,
            "rating": self.rating,
            "radiation": self.radiation,
            "override_reason_code": self.reason.code if self.reason else "",
            "override_reason_text": self.reason.text if self.reason else "",
            "adherence": self.adherence,
        }


def choose(
    *,
    suggestion: dict[str, Any],
    ruleset: RuleSet,
    study: str | None,
    study_text: str = "",
    reason: OverrideGiven | None = None,
) -> Choice:
    """Return what an order for this study says. Raises Refused with every fault.

    `study` is a code of the scenario, or None with `study_text` for one outside it. With advice
    that does not fit, and for a study outside the scenario, nothing is rated.
    """
    study_text = study_text.strip()
    refusals = study_faults(ruleset=ruleset, study=study, study_text=study_text, reason=reason)
    advised = next((row for row in suggestion["studies"] if row["code"] == study), None)
    known = ruleset.studies.get(study) if study else None
    if reason is None and not refusals and needs_reason(advised):
        refusals.append(
            Refusal(
                "/override_reason",
                "required",
                "Give a reason for a study that is not suggested here.",
            )
        )
    if refusals:
        raise Refused(refusals)
    return Choice(
        study_code=study or "",
        study_name=known.name if known else "",
        study_text=study_text,
        rating=(advised["rating"] or "") if advised else "",
        radiation=advised["radiation"] if advised else None,
        reason=reason,
        adherence=adherence(suggestion["studies"], study, may_be=settings.PORTAL_MAY_BE_ADHERENCE),
    )


def study_faults(
    *, ruleset: RuleSet, study: str | None, study_text: str, reason: OverrideGiven | None
) -> list[Refusal]:
    """Return what is wrong with a choice whatever the advice: the study, its text, the reason."""
    refusals = _reason_faults(reason)
    if study and study_text.strip():
        refusals.append(
            Refusal(
                "/study_text",
                "two-studies",
                "Give a study of the scenario or a text, not both.",
            )
        )
    elif study and study not in ruleset.studies:
        refusals.append(Refusal("/study", "unknown-study", f"The scenario has no study “{study}”."))
    elif not study and not study_text.strip():
        refusals.append(
            Refusal(
                "/study",
                "required",
                "Choose a study, or name the study in words.",
            )
        )
    elif len(study_text) > MAX_STUDY_TEXT:
        refusals.append(Refusal("/study_text", "too-long", f"Use at most {MAX_STUDY_TEXT} characters."))
    return refusals


def needs_reason(advised: dict[str, Any] | None) -> bool:
    """Whether choosing this row of the advice needs a reason; None is a study the advice does not hold."""
    return advised is None or advised["role"] not in NO_REASON_NEEDED


def _reason_faults(reason: OverrideGiven | None) -> list[Refusal]:
    if reason is None:
        return []
    faults = []
    if reason.code not in OverrideReason.values:
        listed = ", ".join(OverrideReason.values)
        faults.append(Refusal("/override_reason/code", "not-in-list", f"Use one of: {listed}."))
    elif reason.code in REASONS_WITH_TEXT and not reason.text.strip():
        faults.append(Refusal("/override_reason/text", "required", "Say what the reason is."))
    if len(reason.text) > MAX_REASON_TEXT:
        faults.append(
            Refusal(
                "/override_reason/text",
                "too-long",
                f"Use at most {MAX_REASON_TEXT} characters.",
            )
        )
    return faults
