"""Writing events, and telling those who listen once the change is committed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from portal.models import Organisation, OutboxEvent

ANNOUNCE = "outbox.announce"  # the task in `portal.outbox.tasks`
QUEUE = "outbox"

Listener = Callable[[OutboxEvent], None]
_listeners: list[Listener] = []


@transaction.atomic(savepoint=False)
def record(
    *,
    type: str,  # noqa: A002 - its name in the event
    subject: str,
    data: dict[str, Any],
    organisation: Organisation | int | None,
    occurred_at: datetime | None = None,
) -> OutboxEvent:
    """Return the event, written in the transaction of the caller; None is for every organisation.

    The caller holds the lock of the subject, so that its events are in order. The job that announces it is
    in the same transaction: either both are there after a crash, or neither.
    """
    assert type in OutboxEvent.Type.values, type
    event = OutboxEvent.objects.create(
        organisation_id=organisation.pk if isinstance(organisation, Organisation) else organisation,
        type=type,
        subject=subject,
        occurred_at=occurred_at or timezone.now(),
        data=data,
    )
    # one lock for each subject: its events are announced one after the other, as they happened
    app.configure_task(ANNOUNCE, queue=QUEUE, lock=f"outbox:{subject}").defer(event=event.pk)
    return event


def listen(listener: Listener) -> None:
    """Have `listener` told of every event, in a job. It may be told again of one that it knows."""
    if listener not in _listeners:
        _listeners.append(listener)


def announce(event: OutboxEvent) -> None:
    """Tell the listeners of an event."""
    for listener in _listeners:
        listener(event)
