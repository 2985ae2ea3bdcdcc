"""What happened to an order, newest first: advice, statuses, radiology's progress, findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.formats import date_format

from ordering.models import Finding, Order, OrderStatus, Progress, Via
from ordering.presenters.stages import AWAITED, COMPARE, RECORD, status_steps
from portal.display_zone import in_display_zone

S = Order.Status
VIA_WORDS = {
    Via.PORTAL: "",
    Via.API: "over the API",
    Via.CDS_HOOKS: "from the record system",
    Via.COMMAND: "from the command line",
}
STATUS_WORDS = {
    S.DRAFT: "Draft started",
    S.ACTIVE: "Signed",
    S.ON_HOLD: "Put on hold",
    S.REVOKED: "Cancelled",
    S.COMPLETED: "Closed",
    S.ENTERED_IN_ERROR: "Marked as entered in error",
}
NOW_WORDS = {
    RECORD: "The outcome is waiting to be recorded",
    COMPARE: "The finding is waiting to be compared with the baseline",
    "Draft": "Waiting to be finished and signed",
    "On hold": "On hold until somebody resumes it",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One point of the timeline. `now` marks what is awaited."""

    title: str
    by: str = ""
    at: datetime | None = None
    detail: str = ""
    url: str = ""
    link_text: str = ""
    now: bool = False
    day: date | None = None  # instead of a moment, where only the day is known


def timeline(
    order: Order,
    *,
    statuses: Iterable[OrderStatus],
    findings: Sequence[Finding],
    labels: Mapping[str, str],
) -> list[Entry]:
    """Return the timeline. `labels` are the words of the guideline's findings, by key.

    Reads the order's consultation and progress.
    """
    told = [*_advice(order), *_statuses(statuses), *_progress(order), *_findings(findings, labels)]
    # what happened at one moment is told in the order in which it is caused
    told.sort(key=lambda item: item[:2], reverse=True)
    return [*_awaited(order), *(entry for _, _, entry in told)]


def via_words(via: str) -> str:
    """Return how something came in, where that is not the portal."""
    return VIA_WORDS.get(Via(via), "")


def _advice(order: Order) -> list[tuple[datetime, int, Entry]]:
    consultation = order.consultation
    given = consultation.suggestion
    first = given["studies"][0]["name"] if given["studies"] else ""
    words = f"Advice given: {first} first" if first else "Advice given: no criteria apply"
    version = f"Guideline version {given['scenario']['version']}"
    entry = Entry(
        words,
        at=consultation.created_at,
        detail=_sentence(", ".join(filter(None, (version, via_words(consultation.via))))),
        url=reverse("order_advice", args=[order.pk]),
        link_text="See exactly what was shown",
    )
    return [(consultation.created_at, 0, entry)]


def _statuses(statuses: Iterable[OrderStatus]) -> list[tuple[datetime, int, Entry]]:
    entries = []
    before = ""
    for place, row in enumerate(statuses):
        title = "Resumed" if before == S.ON_HOLD and row.status == S.ACTIVE else STATUS_WORDS[S(row.status)]
        by = f"by {row.by.display_name}"
        entry = Entry(title, by, row.at, _sentence(via_words(row.via), row.reason))
        entries.append((row.at, 10 + place * 10, entry))
        before = row.status
    return entries


def _progress(order: Order) -> list[tuple[datetime, int, Entry]]:
    entries = []
    places = list(Progress.Event.values)
    for row in order.progress.all():
        ahead = row.at > row.recorded_at
        title = row.get_event_display()
        if ahead:
            title = f"{title} for {date_format(in_display_zone(row.at), 'd-M-Y H:i')}"
        moment = row.recorded_at if ahead else row.at
        detail = _sentence(f"Accession number {row.accession}" if row.accession else "", via_words(row.via))
        entries.append((moment, 20 + places.index(row.event), Entry(title, at=moment, detail=detail)))
    return entries


def _findings(findings: Sequence[Finding], labels: Mapping[str, str]) -> list[tuple[datetime, int, Entry]]:
    return [
        (
            row.recorded_at,
            25,  # before the order is closed by it
            Entry(
                f"Finding recorded: {labels.get(row.finding, row.finding)}",
                f"by {row.recorded_by.display_name}",
                row.recorded_at,
                _sentence(
                    "Not yet compared with the baseline" if row.provisional else "",
                    via_words(row.via),
                ),
            ),
        )
        for row in findings
    ] + [
        (seen.at, 26, Entry("Finding acknowledged", f"by {seen.by.display_name}", seen.at))
        for row in findings
        if (seen := getattr(row, "acknowledgement", None)) is not None
    ]


def _awaited(order: Order) -> list[Entry]:
    current = next((step.label for step in status_steps(order) if step.state == "current"), "")
    if current in NOW_WORDS:
        return [Entry(NOW_WORDS[current], now=True)]
    return [Entry(current, now=True)] if current in AWAITED.values() else []


def _sentence(*parts: str) -> str:
    """Return the parts as sentences; an abbreviation inside keeps its capitals."""
    return " ".join(f"{part[:1].upper()}{part[1:].rstrip('.')}." for part in parts if part)
