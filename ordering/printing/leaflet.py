"""The patient leaflet: why this scan, what it is, radiation, what to tell the staff; in plain words.

What depends on the scenario is content of the version that the order was placed under, with its source; what
no source says is left out. The words around it are the portal's and can be translated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from guidelines.engine import RuleSet
from guidelines.engine.terms import LEAFLET_PARTS
from guidelines.presenters.words import dose_words
from ordering.models import Order
from ordering.printing.requisition import Printed, sheet

WHY, STUDY, RADIATION, TELL_STAFF, AFTER = LEAFLET_PARTS


@dataclass(frozen=True, slots=True)
class Section:
    """Texts and a list under a heading."""

    title: str
    texts: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Leaflet:
    """A leaflet, ready for a page or a PDF."""

    sheet: Printed
    study: str
    sections: list[Section]
    source: str


def leaflet_of(order: Order, ruleset: RuleSet, *, printed_by: str) -> Leaflet:
    """Return the leaflet of a signed order. `ruleset` is the version that it was placed under."""
    said = _content(order, ruleset)
    sections = [
        Section(_("Why you are having this scan"), said[WHY]),
        Section(_("What the scan is"), said[STUDY]),
        Section(_("Radiation"), [_radiation(order, ruleset), *said[RADIATION]]),
        Section(_("Before the scan, tell the staff if"), items=said[TELL_STAFF]),
        Section(_("After the scan"), said[AFTER]),
        Section(_("Questions?"), [_contact()]),
    ]
    return Leaflet(
        sheet=sheet(order, _("Your scan"), printed_by=printed_by),
        study=order.study_label,
        sections=[section for section in sections if section.texts or section.items],
        source=_source(order, said),
    )


def _source(order: Order, said: dict[str, list[str]]) -> str:
    """Return what the leaflet rests on; of a guideline that says nothing of this study, no word."""
    if not order.study_code and not any(said.values()):
        return _("It does not replace a talk with your doctor.")
    return _(
        "Based on the guideline “%(title)s”, version %(number)s. It does not replace a talk with your doctor."
    ) % {"title": order.scenario_title, "number": order.version_number}


def _content(order: Order, ruleset: RuleSet) -> dict[str, list[str]]:
    """Return the scenario's texts for this order, by part.

    What the scenario says to its patients is said only where the guideline fits; what it says of a study goes
    with that study.
    """
    fits = order.consultation.suggestion["fit"] == "fits"
    said: dict[str, list[str]] = {name: [] for name in LEAFLET_PARTS}
    for row in ruleset.document.get("leaflet", []):
        about_study = row["study"] is not None
        if (row["study"] == order.study_code) if about_study else (fits or row["part"] == TELL_STAFF):
            said[row["part"]].append(row["text"])
    return said


def _radiation(order: Order, ruleset: RuleSet) -> str:
    radiation: dict[str, Any] | None = order.radiation
    if radiation is None:
        return _("How much radiation this scan uses is not recorded. Ask the staff about it.")
    if not radiation["level"]:
        return _("This scan does not use the kind of radiation that X-rays are made of.")
    answers = order.consultation.answers
    age = next((answers.get(row.key) for row in ruleset.elements if row.derived_from), None)
    dose = dose_words(radiation, age_years=age)
    level = _("This scan uses radiation. On a scale from 0 (none) to 5 (most) it is at level %(level)s.") % {
        "level": radiation["level"]
    }
    amount = _("The usual amount is %(dose)s. The letters mSv stand for a unit of radiation.") % {
        "dose": dose
    }
    return f"{level} {amount}" if dose else level


def _contact() -> str:
    if settings.PORTAL_PATIENT_CONTACT:
        return _("Ask us: %(contact)s") % {"contact": settings.PORTAL_PATIENT_CONTACT}
    return _(
        "Ask us. Name and telephone number (your clinic writes them here): ______________________________"
    )
