"""The tables of the quality page over orders and their reports, each with what it counts and of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guidelines.models import Rating
from ordering.models import Consultation, OverrideReason, Via
from ordering.quality import advice, orders
from ordering.quality.scope import Scope
from ordering.quality.small_groups import HIDDEN, Count, Part, part_of, partition, shown
from ordering.quality.tables import Cell, Row, Table, of_cell, share_cell, time_cell
from ordering.quality.words import Words, words_of

ENOUGH_FOR_P90 = 10  # below this the time that nine of ten stay below is that of one order
NOT_RATED = {
    orders.NO_RATING: gettext_lazy("Not rated: the guideline gives the study no rating"),
    orders.NOT_LISTED: gettext_lazy("Not rated: a study that is not in the guideline"),
    orders.NO_FIT: gettext_lazy("Not rated: the guideline does not fit the patient"),
}
SURFACES = {
    Via.PORTAL: gettext_lazy("Portal"),
    Via.API: gettext_lazy("API"),
    Via.CDS_HOOKS: gettext_lazy("CDS Hooks"),
    Via.COMMAND: gettext_lazy("Command line"),
}


@dataclass(frozen=True)
class Look:
    """One look at quality: a scope, and whether the looker may read what clinicians typed."""

    scope: Scope
    may_read_orders: bool

    @cached_property
    def asked(self) -> list[advice.Asked]:
        """What was asked in the period, of every scenario."""
        return advice.asked(self.scope)

    @cached_property
    def asked_here(self) -> list[advice.Asked]:
        """What was asked in the scope."""
        return [
            row
            for row in self.asked
            if self.scope.scenario in ("", row.scenario)
            and (not self.scope.scenario or self.scope.version in (None, row.version))
        ]

    @cached_property
    def signed(self) -> orders.Signed:
        """The signed orders."""
        return orders.signed(self.scope)

    @cached_property
    def findings(self) -> dict[tuple[str, str], orders.Reported]:
        """What reports showed."""
        return orders.findings(self.scope)

    @cached_property
    def feedback(self) -> advice.Feedback:
        """What EHRs told of cards."""
        return advice.feedback(self.scope)

    @cached_property
    def words(self) -> Words:
        """What codes mean."""
        return words_of(self.asked, scenario=self.scope.scenario, version=self.scope.version)

    @cached_property
    def rated(self) -> Mapping[str, Part]:
        """Signed orders by rating, and by why they have none, as they may be shown."""
        kinds = [*Rating.values, *NOT_RATED]
        return partition({kind: self.signed.kinds.get(kind, 0) for kind in kinds})

    @property
    def scorable(self) -> Part:
        """The signed orders that the guideline could rate."""
        rated = sum(self.signed.kinds.get(rating, 0) for rating in Rating.values)
        hidden = [kind for kind, part in self.rated.items() if part.count.value is None]
        part = part_of(rated, self.signed.total)
        if part.count.value is not None and len({kind in NOT_RATED for kind in hidden}) > 1:
            # the sum of all rated ones would tell two groups of hidden rows apart
            return Part(Count(HIDDEN, None), part.whole, None)
        return part


def appropriateness(look: Look) -> Table:
    """Return signed orders by the rating of their study."""
    labels = dict(Rating.choices) | NOT_RATED
    return Table(
        "appropriateness",
        _("Appropriateness when signed"),
        _("Signed orders by the rating of the chosen study at that time. Each order is in one row."),
        (_("Rating"), _("Share"), _("Orders")),
        tuple(
            Row(
                str(labels[kind]),
                (share_cell(part), of_cell(part)),
                bar=part.percent,
                rating=kind if kind in Rating.values else None,
            )
            for kind, part in look.rated.items()
            if part.count.value != 0 or kind in Rating.values
        )
        if look.signed.total
        else (),
        empty=_("No order was signed in this period."),
        has_bars=True,
    )


def overrides(look: Look) -> Table:
    """Return the reasons given for studies that were not suggested."""
    reasons = partition(Counter({code: look.signed.reasons.get(code, 0) for code in OverrideReason.values}))
    total = sum(look.signed.reasons.values())
    return Table(
        "overrides",
        _("Reasons for another study"),
        _("Signed orders for a study that was neither suggested nor an alternative, by the reason given."),
        (_("Reason"), _("Share"), _("Orders")),
        tuple(
            Row(str(OverrideReason(code).label), (share_cell(part), of_cell(part)), bar=part.percent)
            for code, part in sorted(reasons.items(), key=lambda item: -(item[1].count.value or 0))
            if part.count.value != 0
        )
        if total
        else (),
        note=_("%(part)s signed orders carry a reason.") % {"part": _of(part_of(total, look.signed.total))},
        empty=_("Every signed order was for a suggested study or an alternative."),
        has_bars=True,
    )


def not_documented(look: Look) -> Table:
    """Return for each question how many signed orders lack its answer."""
    found = orders.not_documented(look.scope)
    versions = {row.version_id: row.scenario for row in look.asked_here}
    missing: Counter[tuple[str, str]] = Counter()
    wholes: Counter[str] = Counter()
    for version_id, count in found.orders.items():
        slug = versions.get(version_id, "")
        wholes[slug] += count
        for key, number in found.missing[version_id].items():
            missing[slug, key] += number
    several = len(wholes) > 1
    rows = []
    for slug in wholes:
        known = look.words.elements(slug)
        gone = sorted({key for name, key in missing if name == slug} - set(known))
        for key in [*known, *gone]:
            part = part_of(missing[slug, key], wholes[slug])
            rows.append(
                Row(
                    look.words.element(slug, key),
                    (share_cell(part), of_cell(part)),
                    sub=look.words.title(slug) if several else "",
                    bar=part.percent,
                )
            )
    return Table(
        "not-documented",
        _("Not documented when signed"),
        _("For each question, the signed orders whose advice had no answer to it."),
        (_("Question"), _("Share"), _("Orders")),
        tuple(rows),
        empty=_("No order was signed in this period."),
        has_bars=True,
    )


def reports(look: Look) -> Table:
    """Return what reports showed, and how often a linked order followed."""
    parts = partition({key: found.count for key, found in look.findings.items()})
    several = len({slug for slug, _finding in parts}) > 1
    rows = []
    for (slug, finding), part in sorted(parts.items(), key=lambda item: -(item[1].count.value or 0)):
        followed = part_of(look.findings[slug, finding].followed, look.findings[slug, finding].count)
        hidden = part.count.value is None
        rows.append(
            Row(
                look.words.finding(slug, finding),
                (share_cell(part), of_cell(part), Cell(HIDDEN) if hidden else of_cell(followed)),
                sub=look.words.title(slug) if several else "",
                bar=part.percent,
            )
        )
    return Table(
        "reports",
        _("After the report"),
        _(
            "Signed orders with a recorded finding, by the latest one; and how many of them led to a linked "
            "order that was signed and not withdrawn."
        ),
        (_("Finding"), _("Share"), _("Orders"), _("Linked follow-up")),
        tuple(rows),
        empty=_("No finding was recorded for orders signed in this period."),
        has_bars=True,
    )


def times(look: Look) -> Table:
    """Return how long it takes to sign, and until the outcome is recorded."""
    by_surface = orders.time_to_sign(look.scope)
    rows = [
        _times_row(
            _("From opening to signature, %(surface)s") % {"surface": SURFACES[Via(via)]}, by_surface[via]
        )
        for via in Via.values
        if via in by_surface
    ]
    outcome = orders.time_to_outcome(look.scope)
    if outcome.count:
        rows.append(_times_row(_("From signature to outcome"), outcome))
    return Table(
        "times",
        _("How long it takes"),
        _(
            "An order is opened by its first recorded advice or its draft, whichever came first; what "
            "somebody read or typed before that is not recorded. Its outcome is the first finding that was "
            "compared with the baseline, or had none to compare with."
        ),
        (_("Time"), _("Orders"), _("Half take at most"), _("Nine of ten take at most")),
        tuple(rows),
        note=_("Times of fewer than 5 orders are hidden, and nine of ten below 10 orders."),
        empty=_("No order was signed in this period."),
    )


def asked_by_fit(look: Look) -> Table:
    """Return consultations by whether the scenario fits, and how many led to an order."""
    counts: Counter[str] = Counter()
    ordered: Counter[str] = Counter()
    for row in look.asked_here:
        counts[row.fit] += row.count
        ordered[row.fit] += row.ordered
    parts = partition({fit: counts[fit] for fit in Consultation.Fit.values})
    return Table(
        "consultations",
        _("Questions asked"),
        _(
            "Every consultation, through whatever surface, by whether the guideline fits; and how many led "
            "to a signed order."
        ),
        (_("Answer"), _("Share"), _("Consultations"), _("Led to an order")),
        tuple(
            Row(
                str(Consultation.Fit(fit).label),
                (share_cell(part), of_cell(part), _led_to(part, ordered[fit], counts[fit])),
                bar=part.percent,
            )
            for fit, part in parts.items()
        )
        if counts
        else (),
        empty=_("Nothing was asked in this period."),
        has_bars=True,
    )


def asked_by_scenario(look: Look) -> Table:
    """Return consultations by scenario and surface, and how many led to an order."""
    counts: Counter[tuple[str, str]] = Counter()
    ordered: Counter[tuple[str, str]] = Counter()
    for row in look.asked_here:
        counts[row.scenario, row.via] += row.count
        ordered[row.scenario, row.via] += row.ordered
    parts = partition(counts)
    return Table(
        "scenarios",
        _("Scenarios and surfaces"),
        _(
            "How often each scenario was asked through each surface, and how many of these led to a signed "
            "order."
        ),
        (_("Scenario"), _("Through"), _("Consultations"), _("Led to an order")),
        tuple(
            Row(
                look.words.title(key[0]),
                (
                    Cell(str(SURFACES[Via(key[1])]), is_figure=False),
                    of_cell(parts[key]),
                    _led_to(parts[key], ordered[key], counts[key]),
                ),
            )
            for key in sorted(counts, key=lambda key: (-(parts[key].count.value or 0), key))
        ),
        empty=_("Nothing was asked in this period."),
    )


def _led_to(part: Part, ordered: int, asked: int) -> Cell:
    return Cell(HIDDEN) if part.count.value is None else of_cell(part_of(ordered, asked))


def _times_row(heading: str, found: orders.Times) -> Row:
    count = shown(found.count)
    p50 = None if count.value is None else found.p50
    p90 = found.p90 if found.count >= ENOUGH_FOR_P90 else None
    return Row(heading, (Cell(count.text, count.value), time_cell(p50), time_cell(p90)))


def _of(part: Part) -> str:
    return of_cell(part).text
