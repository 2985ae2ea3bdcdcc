"""The audit trail of one order, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from ordering.models import Order
from portal.models import AuditEvent, User

TRAIL_ROWS = 50
CLINICAL = (
    Q(event_type__startswith="order.") | Q(event_type__startswith="finding.") | Q(event_type="export.made")
)
EVENT_WORDS = {
    "order.placed": "Draft saved",
    "order.changed": "Draft changed",
    "order.signed": "Signed",
    "order.held": "Put on hold",
    "order.resumed": "Resumed",
    "order.cancelled": "Cancelled",
    "order.completed": "Closed",
    "order.entered-in-error": "Marked as entered in error",
    "order.viewed": "Looked at",
    "order.trail-viewed": "Trail looked at",
    "order.exported": "Sent to another system",
    "order.received": "Received by radiology",
    "order.scheduled": "Scheduled",
    "order.performed": "Performed",
    "order.reported": "Reported",
    "finding.recorded": "Finding recorded",
    "finding.acknowledged": "Finding acknowledged",
    "order.printed": "Printed",
    "export.made": "Trail downloaded",
}


@dataclass(frozen=True, slots=True)
class TrailRow:
    """One event: what, when, who, through what, why."""

    words: str
    kind: str
    at: datetime
    who: str
    via: str
    reason: str
    is_change: bool


@dataclass(frozen=True, slots=True)
class Trail:
    """A page of the trail, newest first; `older` is the last event's id when there are more."""

    rows: list[TrailRow]
    older: int | None


def trail_of(order: Order, *, before: int | None = None) -> Trail:
    """Return the clinical events of an order. Two queries."""
    events = AuditEvent.objects.filter(
        CLINICAL, entity="order", entity_id=str(order.pk), organisation=str(order.organisation_id)
    ).order_by("-id")
    if before is not None:
        events = events.filter(id__lt=before)
    found = list(
        events.only("id", "event_type", "recorded_at", "actor", "via", "reason", "action")[: TRAIL_ROWS + 1]
    )
    names = _names(event.actor for event in found)
    shown = found[:TRAIL_ROWS]
    rows = [
        TrailRow(
            words=EVENT_WORDS.get(event.event_type, event.event_type),
            kind=event.event_type,
            at=event.recorded_at,
            who=names.get(event.actor, event.actor),
            via=event.via or "",
            reason=event.reason or "",
            is_change=event.action != AuditEvent.Action.READ,
        )
        for event in shown
    ]
    return Trail(rows, shown[-1].id if len(found) > TRAIL_ROWS else None)


def _names(actors: Iterable[str]) -> dict[str, str]:
    """Return how people are called, by the actor that the trail names: "user:7:jdoe"."""
    by_key = {}
    for actor in set(actors):
        kind, _, rest = actor.partition(":")
        key, _, username = rest.partition(":")
        if kind == "user" and key.isdigit():
            by_key[int(key)] = (actor, username)
    return {
        by_key[person.pk][0]: f"{person.display_name} ({by_key[person.pk][1]})"
        for person in User.objects.filter(pk__in=by_key)
    }
