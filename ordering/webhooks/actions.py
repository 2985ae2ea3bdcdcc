"""Every write of webhooks that a person asks for. What the worker writes is in `lanes`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ordering.exceptions import Refusal, Refused
from ordering.webhooks.backoff import GIVE_UP_AFTER
from ordering.webhooks.checking import EVENTS as EVENTS
from ordering.webhooks.checking import MAX_DESCRIPTION as MAX_DESCRIPTION
from ordering.webhooks.checking import endpoint_faults
from ordering.webhooks.exceptions import WebhookNotActive
from ordering.webhooks.models import LANES, TEST_TYPE, WebhookDelivery, WebhookEndpoint, WebhookSecret
from ordering.webhooks.payload import test_body
from ordering.webhooks.queueing import lane_of, queue, wake_on_commit
from ordering.webhooks.secrets import new_secret, sealed
from portal import audit
from portal.models import OutboxEvent, User

Status = WebhookEndpoint.Status
MAX_ENDPOINTS = 50  # of an organisation
TEST_GIVE_UP_AFTER = timedelta(minutes=10)
OVERLAP = timedelta(hours=24)  # how long the former secret still signs after a rotation
LONGEST_OVERLAP = timedelta(days=7)


@transaction.atomic
def create_endpoint(
    *,
    by: User,
    url: str,
    events: Sequence[str] = EVENTS,
    patient_data: str = WebhookEndpoint.PatientData.NONE,
    description: str = "",
) -> tuple[WebhookEndpoint, str]:
    """Return the new endpoint of the person's organisation, and its secret, which nobody can read again.

    Raises Refused with every fault.
    """
    assert by.organisation_id is not None
    faults = endpoint_faults(url=url, events=events, patient_data=patient_data, description=description)
    # a lock, so that two at once do not both become the last one
    list(
        WebhookEndpoint.objects.select_for_update(no_key=True)
        .filter(organisation=by.organisation_id)
        .values("pk")
    )
    known = WebhookEndpoint.objects.filter(organisation=by.organisation_id).exclude(status=Status.DELETED)
    if known.count() >= MAX_ENDPOINTS:
        faults.append(
            Refusal(
                "", "too-many", f"An organisation has {MAX_ENDPOINTS} webhooks at most; delete one first."
            )
        )
    if faults:
        raise Refused(faults)
    now = timezone.now()
    endpoint = WebhookEndpoint.objects.create(
        organisation_id=by.organisation_id,
        url=url,
        description=description,
        events=_in_order(events),
        patient_data=patient_data,
        created_by=by,
        created_at=now,
        updated_at=now,
    )
    secret = _add_secret(endpoint)
    _log("webhook.created", endpoint, action="C")
    return endpoint, secret


@transaction.atomic
def change_endpoint(
    *,
    endpoint: WebhookEndpoint,
    by: User,
    url: str | None = None,
    events: Sequence[str] | None = None,
    patient_data: str | None = None,
    description: str | None = None,
    active: bool | None = None,
) -> WebhookEndpoint:
    """Return the endpoint with what is given changed. Raises Refused with every fault.

    Messages that wait go to the new address, with the patient data that was asked for when they were made.
    """
    # before the lock: a name may take its time to resolve, and the worker waits for nobody
    faults = endpoint_faults(url=url, events=events, patient_data=patient_data, description=description)
    if faults:
        raise Refused(faults)
    endpoint = _locked(endpoint)
    changes: dict[str, Any] = {
        name: value
        for name, value in {
            "url": url,
            "events": None if events is None else _in_order(events),
            "patient_data": patient_data,
            "description": description,
        }.items()
        if value is not None and value != getattr(endpoint, name)
    }
    if changes:
        _save(endpoint, **changes)
        _log("webhook.changed", endpoint, action="U", changed=sorted(changes))
    if active is True:
        _enable(endpoint)
    elif active is False:
        _disable(endpoint)
    return endpoint


def enable_endpoint(*, endpoint: WebhookEndpoint, by: User) -> WebhookEndpoint:
    """Return the endpoint, active again; everything that waits is sent."""
    return change_endpoint(endpoint=endpoint, by=by, active=True)


def disable_endpoint(*, endpoint: WebhookEndpoint, by: User) -> WebhookEndpoint:
    """Return the endpoint, switched off: nothing is sent, and new events are not queued."""
    return change_endpoint(endpoint=endpoint, by=by, active=False)


@transaction.atomic
def delete_endpoint(*, endpoint: WebhookEndpoint, by: User) -> None:
    """Delete the endpoint: nobody sees it any more, nothing is sent, its secrets sign nothing."""
    endpoint = _locked(endpoint)
    now = timezone.now()
    pending = WebhookDelivery.objects.filter(endpoint=endpoint, status=WebhookDelivery.Status.PENDING)
    pending.update(status=WebhookDelivery.Status.FAILED, due_at=None)
    _live_secrets(endpoint, now).update(expires_at=now)
    _save(endpoint, status=Status.DELETED)
    _log("webhook.deleted", endpoint, action="D")


@transaction.atomic
def rotate_secret(
    *, endpoint: WebhookEndpoint, by: User, overlap: timedelta = OVERLAP
) -> tuple[WebhookEndpoint, str]:
    """Return the endpoint and its new secret. Messages carry both signatures until the overlap is over.

    Raises Refused for an overlap that is negative or longer than a week.
    """
    endpoint = _locked(endpoint)
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        hours = int(LONGEST_OVERLAP.total_seconds() // 3600)
        raise Refused([Refusal("/overlap_hours", "out-of-range", f"Use 0 to {hours} hours.")])
    now = timezone.now()
    end = now + overlap
    _live_secrets(endpoint, now).filter(Q(expires_at=None) | Q(expires_at__gt=end)).update(expires_at=end)
    secret = _add_secret(endpoint)
    _save(endpoint)
    _log("webhook.secret-rotated", endpoint, action="U", former_until=end.isoformat())
    return endpoint, secret


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, by: User) -> WebhookDelivery:
    """Return a delivery that tells of nothing. Raises WebhookNotActive."""
    endpoint = _locked(endpoint)
    _refuse_inactive(endpoint)
    now = timezone.now()
    subject = f"test:{uuid4()}"
    delivery = WebhookDelivery.objects.create(
        endpoint=endpoint,
        type=TEST_TYPE,
        subject=subject,
        lane=lane_of(subject),
        position=0,
        occurred_at=now,
        patient_data=WebhookEndpoint.PatientData.NONE,
        body=test_body(now),
        due_at=now,
        give_up_at=now + TEST_GIVE_UP_AFTER,
    )
    delivery.refresh_from_db()
    _log("webhook.test-sent", endpoint, action="E", delivery=str(delivery.pk))
    wake_on_commit(endpoint.pk, delivery.lane)
    return delivery


@transaction.atomic
def redeliver(*, delivery: WebhookDelivery, by: User) -> WebhookDelivery:
    """Return the delivery, to be sent (again) now, with the same id. Raises WebhookNotActive."""
    endpoint = _locked(delivery.endpoint)
    _refuse_inactive(endpoint)
    delivery = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    _again(WebhookDelivery.objects.filter(pk=delivery.pk), by_hand=True)
    delivery.refresh_from_db()
    _log("webhook.redelivered", endpoint, action="E", delivery=str(delivery.pk))
    wake_on_commit(endpoint.pk, delivery.lane)
    return delivery


@transaction.atomic
def redeliver_range(
    *,
    endpoint: WebhookEndpoint,
    by: User,
    since: datetime,
    until: datetime | None = None,
    everything: bool = False,
) -> int:
    """Send again what happened from `since` until before `until` (now); return how many messages that are.

    Those that failed, and events that were never queued because the endpoint was disabled; with
    `everything` also those that were delivered. Raises WebhookNotActive and Refused.
    """
    endpoint = _locked(endpoint)
    _refuse_inactive(endpoint)
    until = until or timezone.now()
    if timezone.now() - since > timedelta(days=settings.PORTAL_WEBHOOK_KEEP_DAYS):
        days = settings.PORTAL_WEBHOOK_KEEP_DAYS
        raise Refused([Refusal("/since", "out-of-range", f"Deliveries are kept for {days} days only.")])
    if since >= until:
        raise Refused([Refusal("/until", "out-of-range", "The end must be later than the beginning.")])
    within = Q(occurred_at__gte=since, occurred_at__lt=until)
    mine = WebhookDelivery.objects.filter(within, endpoint=endpoint).exclude(type=TEST_TYPE)
    if not everything:
        mine = mine.exclude(status=WebhookDelivery.Status.DELIVERED)
    count = _again(mine, by_hand=True)
    missed = list(
        OutboxEvent.objects.filter(
            within,
            Q(organisation=endpoint.organisation_id) | Q(organisation=None),
            type__in=endpoint.events,
            occurred_at__gte=endpoint.created_at,  # what happened before was never meant for it
        )
        .exclude(pk__in=WebhookDelivery.objects.filter(endpoint=endpoint).exclude(event=None).values("event"))
        .order_by("pk")
    )
    for event in missed:
        queue(event, [endpoint])
    count += len(missed)
    _log(
        "webhook.range-redelivered",
        endpoint,
        action="E",
        since=since.isoformat(),
        until=until.isoformat(),
        everything=everything,
        count=count,
    )
    _wake_all(endpoint)
    return count


def _again(deliveries: QuerySet[WebhookDelivery], *, by_hand: bool) -> int:
    """Make these deliveries due now, with all their time before them."""
    now = timezone.now()
    values: dict[str, Any] = {
        "status": WebhookDelivery.Status.PENDING,
        "due_at": now,
        "give_up_at": now + GIVE_UP_AFTER,
        "tries": 0,
    }
    if by_hand:
        values["redelivery"] = True
    return deliveries.update(**values)


def _enable(endpoint: WebhookEndpoint) -> None:
    if endpoint.is_active:
        return
    _save(endpoint, status=Status.ACTIVE, disabled_at=None, disabled_because="", failing_since=None)
    pending = WebhookDelivery.objects.filter(endpoint=endpoint, status=WebhookDelivery.Status.PENDING)
    waiting = _again(pending, by_hand=False)
    _log("webhook.enabled", endpoint, action="U", waiting=waiting)
    _wake_all(endpoint)


def _disable(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        return
    _save(
        endpoint,
        status=Status.DISABLED,
        disabled_at=timezone.now(),
        disabled_because=WebhookEndpoint.DisabledBecause.PERSON,
    )
    _log("webhook.disabled", endpoint, action="U", because=endpoint.disabled_because)


def _in_order(events: Sequence[str]) -> list[str]:
    return [event for event in EVENTS if event in events]


def _locked(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    return (
        WebhookEndpoint.objects.select_for_update(no_key=True)
        .exclude(status=Status.DELETED)
        .get(pk=endpoint.pk)
    )


def _save(endpoint: WebhookEndpoint, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(endpoint, name, value)
    endpoint.updated_at = timezone.now()
    endpoint.save(update_fields=[*changes, "updated_at"])


def _refuse_inactive(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        raise WebhookNotActive


def _add_secret(endpoint: WebhookEndpoint) -> str:
    secret = new_secret()
    WebhookSecret.objects.create(endpoint=endpoint, sealed=sealed(secret))
    return secret


def _live_secrets(endpoint: WebhookEndpoint, now: datetime) -> QuerySet[WebhookSecret]:
    return WebhookSecret.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), endpoint=endpoint)


def _wake_all(endpoint: WebhookEndpoint) -> None:
    for lane in range(LANES):
        wake_on_commit(endpoint.pk, lane)


def _log(event: str, endpoint: WebhookEndpoint, *, action: str, **detail: Any) -> None:
    audit.log(
        event,
        action=action,
        entity="webhook",
        entity_id=endpoint.pk,
        organisation_id=endpoint.organisation_id,
        # the address may hold a token of the receiver: its host is enough to know it by
        detail={"events": endpoint.events, "patient_data": endpoint.patient_data, **detail},
    )
