"""The tables that watch over safety: signals, what fires and what stopped, what EHRs tell of cards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ordering.quality import advice, orders
from ordering.quality.presenters import Look
from ordering.quality.scope import By
from ordering.quality.small_groups import FEWER, HIDDEN, SMALLEST, Part, part_of, partition, shown
from ordering.quality.tables import Cell, Row, Table, count_cell, of_cell, share_cell
from ordering.quality.words import KINDS, Said

ENOUGH_TO_MISS = 50  # consultations after which something that never fired is worth a look
ACCEPTED, OVERRIDDEN = "accepted", "overridden"  # CDS Hooks 2.0: outcomes of a card


def signals(look: Look) -> Table:
    """Return the few numbers that say first whether something goes wrong."""
    other, same, signed = orders.ordered_again(look.scope)
    found = look.findings.values()
    compared = part_of(sum(row.compared for row in found), sum(row.count for row in found))
    rows = [
        _signal(_("The guideline could rate the order"), look.scorable, _("signed orders")),
        _rate(_("Withdrawn, then ordered for another patient within 10 minutes"), other, signed),
        _rate(_("Withdrawn, then ordered again for the same patient within 10 minutes"), same, signed),
        _signal(
            _("Outcome recorded within 7 days of the report"),
            part_of(*orders.outcomes_in_time(look.scope)),
            _("reported orders"),
        ),
        _signal(_("Compared with the baseline study"), compared, _("orders with a finding")),
    ]
    return Table(
        "signals",
        _("Safety signals"),
        _("What tells first that something goes wrong."),
        (_("Signal"), _("Share"), _("Orders")),
        tuple(rows) if signed else (),
        empty=_("No order was signed in this period."),
    )


def firing(look: Look) -> Table:
    """Return how often each rule, advisory and unmet criterion fired over time, and what stopped firing."""
    found = advice.fired(look.scope)
    sayable: dict[advice.Code, Said] = {}
    for slug in look.words.rulesets:
        sayable |= look.words.sayable(slug)
    said = sayable | {code: look.words.said(code) for code in found.firings if code not in sayable}
    several = len({slug for slug, _code in said}) > 1
    rows, flagged = [], []
    order = list(said)
    for code, what in sorted(said.items(), key=lambda item: (not found.has_stopped(item[0]), item[0][0])):
        total = sum(found.asked.get(code[0], {}).values())
        row = _firing_row(code, what, found, total)
        if row is None:
            continue
        if what.in_use and found.has_stopped(code):
            flagged.append(f"{row.heading}: {row.flag}")
        if several:
            row = _named(row, look.words.title(code[0]))
        rows.append((order.index(code), row))
    rows.sort(key=lambda item: (not item[1].flag, item[0]))
    return Table(
        "firing",
        _("What fires"),
        _(
            "Consultations in which an order rule, an advisory or an unmet criterion spoke, by when they "
            "were asked; and their share of all consultations of the scenario in the period."
        ),
        (
            _("What"),
            _("Kind"),
            _("Share"),
            _("All"),
            *(_stretch(day, look.scope.by) for day in found.stretches),
        ),
        tuple(row for _place, row in rows),
        note=_(
            "Flagged as stopped: it is in the version in use, has not fired in the last 30 days, and 5 "
            "firings or more were to be expected from the 180 days before."
        ),
        empty=_("Nothing was asked in this period."),
        is_wide=True,
        flagged=tuple(flagged),
    )


def feedback(look: Look) -> Table:
    """Return what EHRs told of cards."""
    told = look.feedback
    outcomes = {
        _("Accepted"): told.outcomes.get(ACCEPTED, 0),
        _("Overridden"): told.outcomes.get(OVERRIDDEN, 0),
        _("Something else"): sum(
            count for outcome, count in told.outcomes.items() if outcome not in (ACCEPTED, OVERRIDDEN)
        ),
    }
    rows = [
        Row(name, (share_cell(part), of_cell(part)), bar=part.percent)
        for name, part in partition(outcomes).items()
    ]
    if told.unknown:
        unknown = shown(told.unknown)
        rows.append(
            Row(_("Cards that this portal did not give"), (Cell(""), Cell(unknown.text, unknown.value)))
        )
    return Table(
        "feedback",
        _("CDS Hooks: what became of cards"),
        _("Cards that an EHR sent feedback on, by the last outcome it told of each."),
        (_("Outcome"), _("Share"), _("Cards")),
        tuple(rows) if told.entries else (),
        note=_("%(given)s cards were given, %(entries)s reports of feedback came back; a repeat counts once.")
        % {"given": shown(told.cards).text, "entries": shown(told.entries).text}
        if told.entries
        else "",
        empty=_("No EHR sent feedback in this period."),
        has_bars=True,
    )


def feedback_reasons(look: Look) -> Table:
    """Return the reasons that EHRs give for overriding a card."""
    told = look.feedback
    parts = partition(told.reasons)
    rows = [
        Row(words or code or _("No reason named"), (count_cell(part),), sub=code if words else "")
        for (code, words), part in sorted(parts.items(), key=lambda item: -(item[1].count.value or 0))
        # what an EHR sends as a reason may be anything: below five, only for those who may read orders
        if look.may_read_orders or part.count.value is not None
    ]
    return Table(
        "feedback-reasons",
        _("CDS Hooks: reasons for overriding"),
        _("Cards with a reason, as the EHR named it."),
        (_("Reason"), _("Cards")),
        tuple(rows),
        note=""
        if len(rows) == len(parts)
        else _("Reasons of fewer than %(smallest)s cards are left out.") % {"smallest": SMALLEST},
        empty=_("No reason to show in this period."),
    )


def _signal(heading: str, part: Part, of: str) -> Row:
    if not part.whole.value and part.whole.text == "0":
        return Row(heading, (Cell(""), Cell(_("none yet"))), sub="")
    return Row(heading, (share_cell(part), of_cell(part)), sub=of)


def _rate(heading: str, count: int, signed: int) -> Row:
    part = part_of(count, signed)
    per_hundred = ""
    if part.count.value is not None and signed >= SMALLEST:
        per_hundred = _("%(rate)s per 100") % {"rate": f"{100 * count / signed:.1f}" if count else "0"}
    return Row(heading, (Cell(per_hundred), of_cell(part)), sub=_("signed orders"))


def _firing_row(code: advice.Code, what: Said, found: advice.Fired, asked: int) -> Row | None:
    """Return the row of something that fired or could have; None where there was nothing to fire in."""
    known = found.firings.get(code)
    by_stretch: Mapping[date, int] = known.by_stretch if known else {}
    total = sum(by_stretch.values())
    if not asked and not (known and found.has_stopped(code)):
        return None
    whole = part_of(total, asked)
    counts = partition({day: by_stretch.get(day, 0) for day in found.stretches})
    # what the months come to would say what the total hides
    hidden = whole.count.value is None and whole.count.text != FEWER
    cells = [
        Cell(HIDDEN) if hidden and by_stretch.get(day) else Cell(part.count.text, part.count.value)
        for day, part in counts.items()
    ]
    most = max((part.count.value or 0 for part in counts.values()), default=0)
    heights = () if hidden else tuple(_height(part, most) for part in counts.values())
    flag = ""
    if what.in_use and known is not None and found.has_stopped(code):
        flag = _(
            "Stopped firing: not once in the last 30 days, and about %(expected)s were to be expected."
        ) % {"expected": round(found.expected(code))}
    sub = ""
    if not total and not flag and what.in_use and asked >= ENOUGH_TO_MISS:
        sub = _("Not once in %(asked)s consultations") % {"asked": asked}
    elif not what.in_use:
        sub = _("Not in the version in use")
    return Row(
        what.text,
        (Cell(_(KINDS[what.kind]), is_figure=False), share_cell(whole), of_cell(whole), *cells),
        sub=sub,
        columns=heights if total else (),
        flag=flag,
    )


def _height(part: Part, most: int) -> int | None:
    return None if part.count.value is None or not most else round(100 * part.count.value / most)


def _named(row: Row, scenario: str) -> Row:
    sub = f"{scenario}. {row.sub}" if row.sub else scenario
    return Row(row.heading, row.cells, sub=sub, columns=row.columns, flag=row.flag)


def _stretch(day: date, by: By) -> str:
    return date_format(day, "M Y") if by == By.MONTH else date_format(day, "d-M-Y")
