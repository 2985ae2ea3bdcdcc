"""The job that follows each event."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from portal import audit
from portal.models import OutboxEvent
from portal.outbox.recording import ANNOUNCE, QUEUE
from portal.outbox.recording import announce as tell_listeners


@app.task(name=ANNOUNCE, queue=QUEUE, retry=RetryStrategy(wait=2, linear_wait=2))
def announce(event: int) -> None:
    """Tell the listeners; tried again until it works, because the next event of the subject waits for it."""
    with audit.acting(audit.system("outbox")):
        tell_listeners(OutboxEvent.objects.get(pk=event))
