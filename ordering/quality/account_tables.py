"""The account of consultations as tables."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from ordering.adherence import Adherence
from ordering.quality.accounting import Account, Line
from ordering.quality.small_groups import partition, shown
from ordering.quality.tables import Cell, Row, Table


def requesters_table(found: Iterable[Account], *, exact: bool) -> Table:
    """Return one row for each requester. Unless `exact`, small groups are hidden."""
    return Table(
        "requesters",
        _("Requesters"),
        _(
            "Consultations of the year by who signed the order that came of them, else by who asked; and how "
            "the chosen study stands to the guideline."
        ),
        (_("Requester"), _("NPI"), *_columns()),
        tuple(
            Row(
                account.person.display_name,
                (
                    Cell(account.person.npi or _("not recorded"), account.person.npi, is_figure=False),
                    *_counts(account.consultations, account.ordered, dict(account.by_adherence), exact=exact),
                ),
                url=reverse("feedback_report_of", args=[account.person.pk]),
            )
            for account in found
        ),
        empty=_("Nobody asked a guideline in this year."),
    )


def report_table(account: Account | None, *, exact: bool) -> Table:
    """Return one row for each criterion that a requester consulted, and what they come to."""
    lines = account.lines if account else []
    rows = [
        Row(
            line.scenario,
            (Cell(str(line.version), line.version), *_line(line, exact=exact)),
            url=reverse("guideline_version", args=[line.scenario, line.version]),
        )
        for line in lines
    ]
    if account and len(lines) > 1 and exact:
        total = _counts(account.consultations, account.ordered, dict(account.by_adherence), exact=exact)
        rows.append(Row(_("All together"), (Cell(""), *total)))
    return Table(
        "report",
        _("Consultations by criterion"),
        _("Every consultation of the year by the version of the guideline that was asked."),
        (_("Guideline"), _("Version"), *_columns()),
        tuple(rows),
        empty=_("No consultation in this year."),
    )


def _columns() -> list[str]:
    return [_("Consultations"), _("Led to an order"), *(str(label) for label in Adherence.labels)]


def _line(line: Line, *, exact: bool) -> list[Cell]:
    return _counts(line.consultations, line.ordered, dict(line.by_adherence), exact=exact)


def _counts(consultations: int, ordered: int, by_adherence: dict[str, int], *, exact: bool) -> list[Cell]:
    groups = {value: by_adherence.get(value, 0) for value in Adherence.values}
    if exact:
        return [Cell(str(number), number) for number in (consultations, ordered, *groups.values())]
    with_order = partition({"ordered": ordered, "not": consultations - ordered})["ordered"]
    cells = [shown(consultations), with_order.count, *(part.count for part in partition(groups).values())]
    return [Cell(count.text, count.value) for count in cells]
