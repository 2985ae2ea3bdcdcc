"""Where a version that runs in silence answers otherwise than the one in use."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Func, Q, QuerySet, TextField
from django.utils.translation import gettext as _

from ordering.quality.presenters import Look
from ordering.quality.scope import Scope
from ordering.quality.small_groups import part_of, partition
from ordering.quality.tables import Cell, Row, Table, count_cell, of_cell, share_cell
from ordering.silent_models import SilentComparison

Outcome = SilentComparison.Outcome
CHANGES = 30  # kinds of difference that are listed, the most frequent first


class Each(Func):
    """Each text of a JSON list, on a row of its own."""

    function = "jsonb_array_elements_text"
    set_returning = True
    output_field = TextField()


def compared(scope: Scope) -> QuerySet[SilentComparison]:
    """Return the consultations of a scope that a silent version was asked too, by when it was."""
    asked = SilentComparison.objects.filter(
        compared_at__gte=scope.period.start, compared_at__lt=scope.period.end
    )
    if scope.organisation_id is not None:
        asked = asked.filter(organisation_id=scope.organisation_id)
    if scope.scenario:
        asked = asked.filter(run__scenario__slug=scope.scenario)
        if scope.version is not None:
            asked = asked.filter(consultation__version__number=scope.version)
    return asked.order_by()


def silent(look: Look) -> Table:
    """Return for each silent run how often it answers otherwise."""
    runs: Any = (
        compared(look.scope)
        .values("run", "run__version__title", "run__version__number", "run__started_at", "run__ended_at")
        .annotate(
            **{str(outcome): Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome.values},
            first=Count("pk", filter=Q(outcome=Outcome.DIFFERENT) & ~Q(first_given=F("first_silent"))),
        )
        .order_by("-run")
    )
    rows = []
    for run in runs:
        parts = partition({outcome: run[outcome] for outcome in Outcome.values})
        different = parts[Outcome.DIFFERENT]
        first = part_of(run["first"], run[Outcome.DIFFERENT])
        rows.append(
            Row(
                _("Version %(version)s of %(title)s")
                % {"version": run["run__version__number"], "title": run["run__version__title"]},
                (
                    share_cell(different),
                    of_cell(different),
                    count_cell(first) if different.count.value is not None else Cell(different.count.text),
                    count_cell(parts[Outcome.FAILED]),
                ),
                sub=_("has ended") if run["run__ended_at"] else _("runs now"),
                bar=different.percent,
            )
        )
    return Table(
        "silent",
        _("In silence beside the version in use"),
        _(
            "Consultations that a version not yet published was asked too: how often it answers otherwise, "
            "puts another study first, or does not take the answers. Nobody who asked saw it."
        ),
        (_("Version"), _("Share"), _("Differs"), _("Another study first"), _("Could not be asked")),
        tuple(rows),
        empty=_("No version ran in silence in this period."),
        has_bars=True,
    )


def silent_changes(look: Look) -> Table:
    """Return in what silent versions differ, in sentences about the content."""
    differing = compared(look.scope).filter(outcome=Outcome.DIFFERENT)
    whole = differing.count()
    found: Any = list(
        differing.annotate(change=Each("changes"))
        .values("change")
        .annotate(count=Count("pk", distinct=True))
        .order_by("-count", "change")[:CHANGES]
    )
    parts = [(row["change"], part_of(row["count"], whole)) for row in found]
    return Table(
        "silent-changes",
        _("Where the silent version differs"),
        _("Consultations with a different answer, by what differs. One answer can differ in several ways."),
        (_("Difference"), _("Share"), _("Consultations")),
        tuple(Row(change, (share_cell(part), of_cell(part)), bar=part.percent) for change, part in parts),
        empty=_("No answer differed in this period."),
        has_bars=True,
    )
