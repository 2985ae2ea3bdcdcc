"""The requisition: everything that radiology needs of one order on paper, as it was signed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from guidelines.engine import RuleSet
from guidelines.presenters.words import dose_words
from ordering.advice import age_on
from ordering.models import Order
from ordering.presenters.answers import NOT_DOCUMENTED, answer_text, check_keys, with_days
from ordering.presenters.baseline import baseline_of
from ordering.presenters.order import adherence_words
from ordering.presenters.patients import listed_name
from ordering.printing.barcodes import Barcode, code_128

S = Order.Status
MARK_TEXT = 200  # characters
FIT_WORDS = {
    "fits": "The guideline fits: every criterion is met.",
    "needs_answers": "Not known whether the guideline fits: answers are missing.",
    "does_not_fit": "The guideline does not fit this patient, so no study is rated.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a print. `missing` is an answer that nobody documented: unknown, never no."""

    label: str
    value: str
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Lines under a heading."""

    title: str
    lines: list[Line] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Printed:
    """What every page of a print carries: who it is about, which order, and whether it may be used."""

    title: str
    patient_name: str
    identifiers: list[Line]
    number: str
    barcode: Barcode
    organisation: str
    mark: str  # in large letters on every page; empty for an order that stands
    mark_text: str
    training: bool
    printed: str


@dataclass(frozen=True, slots=True)
class Requisition:
    """A requisition, ready for a page or a PDF."""

    sheet: Printed
    study: str
    facts: list[Line]
    blocks: list[Block]
    signed: str


def may_be_printed(order: Order) -> bool:
    """Whether there is anything to print: a draft asks nothing of anybody."""
    return order.signed_at is not None


def requisition_of(order: Order, ruleset: RuleSet, *, printed_by: str) -> Requisition:
    """Return the requisition of a signed order. `ruleset` is the version that it was placed under."""
    given, answers = order.consultation.suggestion, order.consultation.answers
    checked = with_days(ruleset, check_keys(ruleset))
    others = [element.key for element in ruleset.elements if element.key not in checked]
    assert order.signed_at is not None
    assert order.signed_by is not None
    signed_at = moment_words(order.signed_at)
    return Requisition(
        sheet=sheet(order, _("Imaging requisition"), printed_by=printed_by),
        study=order.study_label,
        facts=_facts(order, ruleset),
        blocks=[
            Block(_("Question"), _question(order, given)),
            Block(_("Compare with"), _baseline(order, ruleset)),
            Block(_("Safety and checks"), _answers(ruleset, answers, checked)),
            Block(
                _("Clinical answers"),
                [Line(_("Fit"), FIT_WORDS[given["fit"]]), *_answers(ruleset, answers, others)],
            ),
            Block(_("Guideline"), _guideline(order, given)),
        ],
        signed=_("Signed electronically by %(name)s on %(moment)s.")
        % {"name": order.signed_by.display_name, "moment": signed_at},
    )


def sheet(order: Order, title: str, *, printed_by: str) -> Printed:
    """Return what every page of a print of this order carries."""
    patient = order.patient
    born = date_format(patient.birth_date, "d-M-Y")
    age = age_on(patient.birth_date, timezone.localdate())
    mark, text = _mark(order)
    return Printed(
        title=title,
        patient_name=listed_name(patient),
        identifiers=[
            Line(_("Born"), f"{born} ({age} y)"),
            Line(_("Sex"), patient.get_sex_display()),
            Line(_("MRN"), patient.mrn),
        ],
        number=order.number,
        barcode=code_128(order.number),
        organisation=str(order.organisation),
        mark=mark,
        mark_text=text,
        training=settings.PORTAL_TRAINING,
        printed=_("Printed %(moment)s by %(name)s. The portal holds the order as it stands now.")
        % {"moment": moment_words(timezone.now()), "name": printed_by},
    )


def moment_words(moment: datetime) -> str:
    """Return a moment as prints write it, with the zone: nobody can look it up at the foot of a page."""
    local = timezone.localtime(moment)
    zone = local.strftime("%z")
    return f"{date_format(local, 'd-M-Y H:i')} (UTC{zone[:3]}:{zone[3:]})"


def _mark(order: Order) -> tuple[str, str]:
    """Return what stands large on every page of an order that must not be carried out, and why."""
    if order.status not in (S.REVOKED, S.ENTERED_IN_ERROR, S.ON_HOLD, S.COMPLETED):
        return "", ""
    last = order.statuses.last()
    reason = last.reason if last else ""
    if len(reason) > MARK_TEXT:  # it stands on every page
        reason = _("See the order for the reason.")
    words = {
        S.REVOKED: (_("CANCELLED: do not perform"), reason),
        S.ENTERED_IN_ERROR: (_("ENTERED IN ERROR: do not perform"), reason),
        S.ON_HOLD: (_("ON HOLD: do not perform for now"), reason),
        S.COMPLETED: (_("COMPLETED: the study was reported"), ""),
    }
    return words[S(order.status)]


def _facts(order: Order, ruleset: RuleSet) -> list[Line]:
    age = next(
        (order.consultation.answers.get(row.key) for row in ruleset.elements if row.derived_from), None
    )
    facts = [Line(_("Priority"), order.get_priority_display())]
    if order.wanted_by:
        facts.append(Line(_("Wanted by"), date_format(order.wanted_by, "D d-M-Y")))
    facts += [
        Line(_("Rating"), order.get_rating_display() if order.rating else _("Not rated")),
        Line(_("Radiation"), radiation_words(order.radiation, age)),
    ]
    return facts


def radiation_words(radiation: dict[str, Any] | None, age_years: int | None) -> str:
    """Return level and dose band in words."""
    if radiation is None:
        return _("Level not recorded")
    if not radiation["level"]:
        return _("No ionising radiation")
    level = _("Level %(level)s of 5") % {"level": radiation["level"]}
    dose = dose_words(radiation, age_years=age_years)
    return f"{level}, {dose}" if dose else level


def _question(order: Order, given: dict[str, Any]) -> list[Line]:
    lines = [Line(_("Scenario"), order.scenario_title)]
    titles = [f"{row['title'].rstrip('?.')}?" for row in given["questions"]]
    if titles:
        lines.append(Line(_("Asked of the scan"), " ".join(titles)))
    if order.parent:
        said = f"{order.parent.number}, {order.parent.study_label}"
        lines.append(Line(_("Follow-up of order"), said))
    if order.replaces:
        lines.append(Line(_("Replaces order"), order.replaces.number))
    chosen = next((row for row in given["studies"] if row["code"] == order.study_code), None)
    cautions = [remark["text"] for remark in chosen["cautions"]] if chosen else []
    cautions += [row["text"] for row in given["advisories"] if row["severity"] != "info"]
    cautions += [row["text"] for row in given["contradictions"]]
    lines += [Line(_("Please note"), text) for text in cautions]
    if order.note:
        lines.append(Line(_("Note for radiology"), order.note))
    return lines


def _baseline(order: Order, ruleset: RuleSet) -> list[Line]:
    baseline = baseline_of(order, ruleset)
    if baseline is None:
        return []
    lines = [Line(_("Baseline study"), baseline.answered, missing=baseline.answered == NOT_DOCUMENTED)]
    lines += [Line(_("On record"), text) for text in baseline.records]
    if not baseline.records:
        lines.append(
            Line(_("On record"), _("No study of that day is on record here; accession not recorded"))
        )
    return lines


def _answers(ruleset: RuleSet, answers: dict[str, Any], keys: list[str]) -> list[Line]:
    lines = []
    for key in keys:
        element = ruleset.element(key)
        lines.append(
            Line(
                element.short_label, answer_text(element, answers.get(key)), missing=answers.get(key) is None
            )
        )
    return lines


def _guideline(order: Order, given: dict[str, Any]) -> list[Line]:
    version = _("%(title)s, version %(number)s") % {
        "title": order.scenario_title,
        "number": order.version_number,
    }
    lines = [
        Line(_("Version used"), version),
        Line(_("Fingerprint"), order.consultation.digest),
        Line(_("Guideline and choice"), adherence_words(order)),
    ]
    if order.override_reason_code:
        said = order.override_reason_text
        reason = str(order.get_override_reason_code_display())
        lines.append(Line(_("Reason for the choice"), f"{reason}: {said}" if said else reason))
    source = given["source"]
    if source and source["title"]:
        reviewed = [source["title"], source["reviewer"] or ""]
        lines.append(Line(_("Source"), ", ".join(part for part in reviewed if part)))
    return lines
