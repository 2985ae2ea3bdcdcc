"""How far an order has come: the tag of a list and the status line of its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from ordering.models import Order, Progress
from ordering.presenters.steps import Step

S, E = Order.Status, Progress.Event

# what is awaited while the event named is the next one
AWAITED = {
    E.RECEIVED: "Waiting for radiology",
    E.SCHEDULED: "Waiting for an appointment",
    E.PERFORMED: "Waiting for the scan",
    E.REPORTED: "Waiting for the report",
}
DONE = {E.RECEIVED: "Received", E.SCHEDULED: "Scheduled", E.PERFORMED: "Performed", E.REPORTED: "Reported"}
RECORD, COMPARE, OUTCOME, CLOSED = "Record outcome", "Compare with baseline", "Outcome", "Closed"


@dataclass(frozen=True, slots=True)
class Tag:
    """A status in a list: words, an icon and a tone."""

    text: str
    tone: str
    icon: str


def furthest(order: Order) -> Progress | None:
    """Return the last thing on its way that radiology reported of an order. Reads the order's `progress`."""
    places = list(E.values)
    return max(order.progress.all(), key=lambda row: (places.index(row.event), row.pk), default=None)


def awaits_outcome(order: Order) -> bool:
    """Whether somebody has to record what the report showed, or compare it with the baseline."""
    if order.finding_provisional and order.status in (S.ACTIVE, S.COMPLETED):
        return True
    last = furthest(order)
    return order.status == S.ACTIVE and last is not None and last.event == E.REPORTED


def overdue_since(order: Order) -> date | None:
    """Return the day since which a study should have been done and was not; None where nothing is overdue.

    It was wanted by a day, or radiology had given an appointment. Reads the order's `progress`.
    """
    last = furthest(order)
    if order.status != S.ACTIVE or order.finding or (last and last.event in (E.PERFORMED, E.REPORTED)):
        return None
    booked = [row for row in order.progress.all() if row.event == E.SCHEDULED]
    days = []
    if order.wanted_by and order.wanted_by < timezone.localdate():
        days.append(order.wanted_by)
    if booked:
        at = max(booked, key=lambda row: (row.recorded_at, row.pk)).at
        if at < timezone.now():
            days.append(timezone.localdate(at))
    return min(days, default=None)


def tag_of(order: Order) -> Tag:
    """Return what a list says of an order's state."""
    if order.finding_provisional and order.status in (S.ACTIVE, S.COMPLETED):
        return Tag("Not yet compared", "act", "bell-fill")
    if order.status == S.ACTIVE:
        last = furthest(order)
        if last is None:
            return Tag("Signed", "wait", "hourglass-split")
        if last.event == E.REPORTED:
            return Tag("Reported", "act", "bell-fill")
        return Tag(DONE[E(last.event)], "wait", "hourglass-split")
    return {
        S.DRAFT: Tag("Draft", "info", "pencil-fill"),
        S.ON_HOLD: Tag("On hold", "wait", "pause-circle-fill"),
        S.REVOKED: Tag("Cancelled", "wait", "slash-circle"),
        S.COMPLETED: Tag("Completed", "ok", "check-circle-fill"),
        S.ENTERED_IN_ERROR: Tag("Entered in error", "over", "x-octagon"),
    }[S(order.status)]


def status_steps(order: Order) -> list[Step]:
    """Return the status line. What radiology never reported and can no longer report is left out."""
    if order.status == S.DRAFT:
        todo = ["Signed", *DONE.values(), OUTCOME, CLOSED]
        return [Step("Draft", "current"), *_steps(todo, "todo")]
    places = list(E.values)
    seen = {row.event for row in order.progress.all()}
    last = max((places.index(event) for event in seen), default=-1)
    done = ["Signed"] if order.signed_at else []
    done += [DONE[E(event)] for event in places if event in seen]
    ahead = [E(event) for event in places[last + 1 :]]
    if order.finding:
        ahead = []
    stopped = {S.ON_HOLD: "On hold", S.REVOKED: "Cancelled", S.ENTERED_IN_ERROR: "Entered in error"}
    if order.status == S.ON_HOLD:
        later = [*(DONE[event] for event in ahead), OUTCOME, CLOSED]
        return [*_steps(done, "done"), Step(stopped[S.ON_HOLD], "current"), *_steps(later, "todo")]
    if order.status in stopped:
        outcome = [OUTCOME] if order.finding else []
        return [*_steps([*done, *outcome], "done"), Step(stopped[S(order.status)], "current")]
    if order.finding_provisional:
        return [*_steps([*done, OUTCOME], "done"), Step(COMPARE, "current"), Step(CLOSED, "todo")]
    if order.status == S.COMPLETED:
        return _steps([*done, OUTCOME, CLOSED], "done")
    if not ahead:
        return [*_steps(done, "done"), Step(RECORD, "current"), Step(CLOSED, "todo")]
    later = [*(DONE[event] for event in ahead[1:]), OUTCOME, CLOSED]
    return [*_steps(done, "done"), Step(AWAITED[ahead[0]], "current"), *_steps(later, "todo")]


def _steps(labels: Sequence[str], state: str) -> list[Step]:
    return [Step(label, state) for label in labels]
