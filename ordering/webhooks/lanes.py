"""Sending what is due, one lane of an endpoint at a time, and writing down how it went.

A lane is worked by one job at once (the queue's lock sees to that), so what happened to one order arrives in
the order in which it happened: a later message waits until the earlier one is delivered or given up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from procrastinate.contrib.django import app

from ordering.webhooks.backoff import DISABLE_AFTER, wait_after
from ordering.webhooks.models import LANES, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from ordering.webhooks.queueing import QUEUE, first_in_line, wake, wake_on_commit
from ordering.webhooks.secrets import UnreadableSecret, signature_header, unsealed
from ordering.webhooks.sending import Answer, Outcome, Send, send
from portal import audit

States = WebhookDelivery.Status
PatientData = WebhookEndpoint.PatientData
NOTIFY = "webhooks.notify"  # the task in `ordering.webhooks.tasks`
TURN_SECONDS = 20  # then the next endpoint has its turn
GONE = 410
WORTH_HURRYING = timedelta(minutes=1)  # a receiver that was away for less is tried again soon anyway


def work_lane(
    endpoint_id: UUID,
    lane: int,
    *,
    send: Send = send,
    now: Callable[[], datetime] = timezone.now,
    stopping: Callable[[], bool] = lambda: False,
    turn_seconds: float = TURN_SECONDS,
) -> int:
    """Send what is due in a lane and return how many attempts that were.

    Gives way after a while, or when the receiver cannot be reached, so that no endpoint keeps others waiting;
    what is left gets another turn.
    """
    end = time.monotonic() + turn_seconds
    made = 0
    while time.monotonic() < end and not stopping():
        delivery = _next(endpoint_id, lane, now())
        if delivery is None:
            return made
        answer = attempt(delivery, send=send, now=now)
        made += 1
        if answer.unreachable:
            break
    if not stopping() and _next(endpoint_id, lane, now()) is not None:
        wake(endpoint_id, lane)
    return made


def attempt(
    delivery: WebhookDelivery, *, send: Send = send, now: Callable[[], datetime] = timezone.now
) -> Answer:
    """Try once to deliver, and return how it went."""
    endpoint = delivery.endpoint
    started_at = now()
    timestamp = int(started_at.timestamp())
    try:
        secrets = [unsealed(secret.sealed) for secret in _signing(endpoint, started_at)]
    except UnreadableSecret:
        answer = Answer(Outcome.UNSIGNED, error="The secret cannot be read any more: rotate it.")
        record_attempt(delivery, answer, started_at=started_at, duration_ms=0)
        return answer
    headers = {
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_header(
            message_id=delivery.message_id, timestamp=timestamp, body=delivery.body, secrets=secrets
        ),
    }
    if not connection.in_atomic_block:
        connection.close()  # nobody else should wait for a connection while a receiver thinks
    began = time.monotonic()
    answer = send(endpoint.url, delivery.body, headers)
    duration_ms = int((time.monotonic() - began) * 1000)
    record_attempt(delivery, answer, started_at=started_at, duration_ms=duration_ms)
    return answer


@transaction.atomic
def record_attempt(
    delivery: WebhookDelivery, answer: Answer, *, started_at: datetime, duration_ms: int
) -> WebhookDelivery:
    """Write down an attempt, and when the next one is; return the delivery as it is then."""
    # the endpoint first, as every action does
    endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=delivery.endpoint_id)
    delivery = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    delivery.attempt_count += 1
    delivery.tries += 1
    WebhookAttempt.objects.create(
        delivery=delivery,
        number=delivery.attempt_count,
        started_at=started_at,
        duration_ms=duration_ms,
        outcome=answer.outcome,
        status_code=answer.status_code,
        error=answer.error,
        response_excerpt=answer.excerpt,
        manual=delivery.redelivery and delivery.tries == 1,
    )
    delivery.last_status_code = answer.status_code
    delivery.last_attempt_at = started_at
    delivery.last_duration_ms = duration_ms
    delivery.unreachable = answer.unreachable
    if answer.delivered:
        delivery.status, delivery.due_at, delivery.delivered_at = States.DELIVERED, None, started_at
    elif delivery.status == States.PENDING:
        _plan_next(delivery, answer, now=started_at)
    delivery.save()
    if answer.delivered:
        _note_success(endpoint, delivery, now=started_at)
    elif delivery.event_id is not None:
        _note_failure(endpoint, answer, now=started_at)
    return delivery


def _plan_next(delivery: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    asked = None if answer.retry_after is None else timedelta(seconds=answer.retry_after)
    due_at = now + wait_after(delivery.tries, asked=asked)
    if due_at > delivery.give_up_at or answer.status_code == GONE:
        delivery.status, delivery.due_at = States.FAILED, None
    else:
        delivery.due_at = due_at


def _note_success(endpoint: WebhookEndpoint, delivery: WebhookDelivery, *, now: datetime) -> None:
    if delivery.patient_data != PatientData.NONE and delivery.order is not None:
        audit.log(
            "webhook.patient-data-sent",
            action="R",
            entity="order",
            entity_id=delivery.order_id,
            organisation_id=endpoint.organisation_id,
            patient_id=delivery.order.patient_id,
            detail={"webhook": str(endpoint.pk), "patient_data": delivery.patient_data},
        )
    if endpoint.failing_since is None:
        return
    away_for = now - endpoint.failing_since
    endpoint.failing_since = None
    endpoint.save(update_fields=["failing_since"])
    if away_for >= WORTH_HURRYING:
        # it is back: what only waited for that need not wait any longer
        waiting = WebhookDelivery.objects.filter(
            endpoint=endpoint, status=States.PENDING, unreachable=True, due_at__gt=now
        )
        waiting.update(due_at=now)
        for lane in range(LANES):
            wake_on_commit(endpoint.pk, lane)


def _note_failure(endpoint: WebhookEndpoint, answer: Answer, *, now: datetime) -> None:
    because = WebhookEndpoint.DisabledBecause
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        endpoint.save(update_fields=["failing_since"])
    if not endpoint.is_active:
        return
    if answer.status_code == GONE:
        _disable(endpoint, because.GONE, now=now)
    elif now - endpoint.failing_since >= DISABLE_AFTER:
        _disable(endpoint, because.FAILING, now=now)


def _disable(endpoint: WebhookEndpoint, because: str, *, now: datetime) -> None:
    """Switch the endpoint off, and have its administrators told."""
    endpoint.status = WebhookEndpoint.Status.DISABLED
    endpoint.disabled_at = endpoint.updated_at = now
    endpoint.disabled_because = because
    endpoint.save(update_fields=["status", "disabled_at", "updated_at", "disabled_because"])
    audit.log(
        "webhook.disabled",
        action="U",
        outcome=audit.SERIOUS_FAILURE,
        entity="webhook",
        entity_id=endpoint.pk,
        organisation_id=endpoint.organisation_id,
        detail={"because": because, "failing_since": endpoint.failing_since},
    )
    app.configure_task(NOTIFY, queue=QUEUE).defer(endpoint=str(endpoint.pk))


def _next(endpoint_id: UUID, lane: int, now: datetime) -> WebhookDelivery | None:
    return (
        first_in_line(now)
        .filter(endpoint=endpoint_id, lane=lane)
        .select_related("endpoint")
        .order_by("due_at", "position")
        .first()
    )


def _signing(endpoint: WebhookEndpoint, now: datetime) -> list[WebhookSecret]:
    """Return the secrets that sign now, the current one first."""
    live = WebhookSecret.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), endpoint=endpoint)
    return list(live.order_by("-created_at", "-id"))
