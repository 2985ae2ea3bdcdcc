"""What clinicians typed where the guidelines had nothing to offer: for editors, as far as it is common."""

from __future__ import annotations

from django.db.models import Count
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from ordering.quality import orders
from ordering.quality.presenters import Look
from ordering.quality.scope import Scope
from ordering.quality.small_groups import SMALLEST, shown
from ordering.quality.tables import Cell, Row, Table
from ordering.working_models import UnmatchedPhrase


def unlisted(look: Look) -> Table:
    """Return the studies that clinicians named in words, because no scenario lists them."""
    at_least = 1 if look.may_read_orders else SMALLEST
    phrases, others = orders.unlisted(look.scope, at_least=at_least)
    note = ""
    if others:
        note = (
            _("Other phrases are not listed.")
            if look.may_read_orders
            else _("Phrases of fewer than 5 orders are left out: what was typed may name a patient.")
        )
    return Table(
        "not-listed",
        _("Studies that no scenario lists"),
        _(
            "Signed orders whose study was named in words, by what was typed. Editors decide whether the "
            "guideline should list it."
        ),
        (_("As typed"), _("Orders")),
        tuple(Row(row.phrase, (Cell(shown(row.count).text, shown(row.count).value),)) for row in phrases),
        note=note,
        empty=_("No phrase to show in this period."),
    )


def unmatched(look: Look) -> Table:
    """Return what was searched for and matched no scenario."""
    at_least = 1 if look.may_read_orders else SMALLEST
    phrases, others = searches(look.scope, at_least=at_least)
    note = ""
    if others:
        note = (
            _("Other phrases are not listed.")
            if look.may_read_orders
            else _("Phrases of fewer than 5 searches are left out: what was typed may name a patient.")
        )
    return Table(
        "unmatched",
        _("Searches that found no scenario"),
        _("What was typed to find a scenario, where none matched. It belongs to no scenario and no version."),
        (_("As typed"), _("Searches")),
        tuple(Row(row.phrase, (Cell(shown(row.count).text, shown(row.count).value),)) for row in phrases),
        note=note,
        empty=_("No phrase to show in this period."),
    )


def searches(scope: Scope, *, at_least: int = 1) -> tuple[list[orders.Unlisted], int]:
    """Return the searches that matched nothing, the most frequent first, and how many others there are."""
    found = UnmatchedPhrase.objects.filter(asked_at__gte=scope.period.start, asked_at__lt=scope.period.end)
    if scope.organisation_id is not None:
        found = found.filter(organisation_id=scope.organisation_id)
    phrases = found.order_by().annotate(typed=Lower("phrase")).values("typed").annotate(count=Count("pk"))
    told = list(phrases.filter(count__gte=at_least).order_by("-count", "typed")[: orders.PHRASES])
    return [orders.Unlisted(row["typed"], row["count"]) for row in told], phrases.count() - len(told)
