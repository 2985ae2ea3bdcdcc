"""The events in the order of their commits, for those who ask rather than be called.

Ids are given before a commit and become visible out of order: whoever followed them would miss events. The
audit trail seals every new row of the outbox at its commit, so `seq` has no such gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from portal.models import AuditEvent, OutboxEvent


@dataclass(frozen=True, slots=True)
class Entry:
    """An event and its place in the order of commits."""

    seq: int
    event: OutboxEvent


def entries(*, organisation_id: int, after: int, limit: int, types: Sequence[str] = ()) -> list[Entry]:
    """Return the organisation's events, and everybody's, after a place; oldest first. Two queries."""
    rows = AuditEvent.objects.filter(
        Q(organisation=str(organisation_id)) | Q(organisation=None),
        chain=0,
        seq__gt=after,
        entity=OutboxEvent._meta.db_table,
        event_type="row.insert",
    )
    if types:
        rows = rows.filter(after__type__in=list(types))
    # sealed rows have a place, and rows of the outbox an id
    places = {
        int(key or 0): seq or 0 for seq, key in rows.order_by("seq").values_list("seq", "entity_id")[:limit]
    }
    events = OutboxEvent.objects.in_bulk(list(places))
    return [Entry(seq, events[key]) for key, seq in places.items()]
