"""From an event to what is to be sent, and waking the worker for it."""

from __future__ import annotations

import zlib
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from ordering.webhooks.backoff import GIVE_UP_AFTER
from ordering.webhooks.models import LANES, WebhookDelivery, WebhookEndpoint
from ordering.webhooks.payload import body_of, order_of
from portal.models import OutboxEvent

DELIVER = "webhooks.deliver"  # the task in `ordering.webhooks.tasks`
QUEUE = "webhooks"

Active = WebhookEndpoint.Status.ACTIVE


@transaction.atomic
def fan_out(event: OutboxEvent) -> None:
    """Queue the event for every endpoint that asked for it. Again for a known event changes nothing.

    Of what happened before it was made, an endpoint is not told, however late the worker comes to it.
    """
    endpoints = WebhookEndpoint.objects.filter(
        status=Active, events__contains=[event.type], created_at__lte=event.occurred_at
    )
    if event.organisation_id is not None:
        endpoints = endpoints.filter(organisation=event.organisation_id)
    queue(event, list(endpoints))


def queue(event: OutboxEvent, endpoints: list[WebhookEndpoint]) -> None:
    """Queue the event for these endpoints, in the caller's transaction; the body is made once and kept."""
    bodies = {
        level: body_of(event, patient_data=level)
        for level in {endpoint.patient_data for endpoint in endpoints}
    }
    now = timezone.now()
    deliveries = [
        WebhookDelivery(
            endpoint=endpoint,
            event=event,
            order_id=order_of(event),
            type=event.type,
            subject=event.subject,
            lane=lane_of(event.subject),
            position=event.pk,
            occurred_at=event.occurred_at,
            patient_data=endpoint.patient_data,
            body=bodies[endpoint.patient_data],
            due_at=now,
            give_up_at=now + GIVE_UP_AFTER,
        )
        for endpoint in endpoints
    ]
    WebhookDelivery.objects.bulk_create(deliveries, ignore_conflicts=True)
    for delivery in deliveries:
        wake_on_commit(delivery.endpoint_id, delivery.lane)


def lane_of(subject: str) -> int:
    """Return the lane of a subject: always the same, so that one lane keeps its order."""
    return zlib.crc32(subject.encode()) % LANES


def wake_on_commit(endpoint_id: UUID, lane: int) -> None:
    """Have the worker look at a lane once this transaction is committed."""
    transaction.on_commit(lambda: wake(endpoint_id, lane))


def wake(endpoint_id: UUID, lane: int) -> None:
    """Have the worker look at a lane; it is enough that one such job waits, and one at a time runs."""
    lock = f"webhook:{endpoint_id}:{lane}"
    job = app.configure_task(DELIVER, queue=QUEUE, lock=lock, queueing_lock=lock)
    try:
        with transaction.atomic():  # a refused insert must not end the caller's transaction
            job.defer(endpoint=str(endpoint_id), lane=lane)
    except AlreadyEnqueued:
        pass


def due_lanes(now: datetime) -> list[tuple[UUID, int]]:
    """Return the lanes that have something to send: due, and first of its subject."""
    return list(
        first_in_line(now).values_list("endpoint_id", "lane").order_by("endpoint_id", "lane").distinct()
    )


def first_in_line(now: datetime) -> QuerySet[WebhookDelivery]:
    """Return the deliveries to send now: pending, due, of an active endpoint, and first of their subject."""
    earlier = WebhookDelivery.objects.filter(
        endpoint=OuterRef("endpoint"),
        subject=OuterRef("subject"),
        status=WebhookDelivery.Status.PENDING,
        position__lt=OuterRef("position"),
    )
    return WebhookDelivery.objects.filter(
        ~Exists(earlier), status=WebhookDelivery.Status.PENDING, due_at__lte=now, endpoint__status=Active
    )
