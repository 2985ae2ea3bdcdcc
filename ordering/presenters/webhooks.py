"""Webhooks and their deliveries as pages show them: no patient data for those who may not read orders."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleLessThan
from django.urls import reverse

from ordering import policies
from ordering.webhooks import history
from ordering.webhooks.history import Health
from ordering.webhooks.models import TEST_TYPE, WebhookDelivery, WebhookEndpoint
from ordering.webhooks.sending import USER_AGENT
from portal.models import OutboxEvent, User

States = WebhookDelivery.Status
PAGE_ROWS = 25
_STATUS_TAGS = {
    States.DELIVERED: ("ok", "check-circle-fill"),
    States.PENDING: ("wait", "hourglass-split"),
    States.FAILED: ("over", "x-octagon"),
}
_QUIET = Health(delivered=0, failed=0, pending=0, last_delivered_at=None, oldest_pending_at=None)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: words, tone and icon."""

    text: str
    tone: str
    icon: str


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """An endpoint with how it does. `note` says why nothing is sent, or since when it fails."""

    pk: UUID
    name: str
    url: str
    tag: Tag
    note: str
    note_at: datetime | None
    events: list[str]
    patient_data: str
    health: Health
    is_active: bool
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as the table shows it. `order_url` is empty for who may not open the order."""

    pk: UUID
    event: str
    label: str
    order_number: str
    order_url: str
    tag: Tag
    redelivery: bool
    attempts: int
    duration_ms: int | None
    status_code: int | None
    occurred_at: datetime
    last_attempt_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of deliveries; `status` is what narrows it, empty for all."""

    rows: list[DeliveryRow]
    status: str
    older_url: str | None
    newest_url: str | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try."""

    number: int
    at: datetime
    duration_ms: int
    outcome: str
    delivered: bool
    status_code: int | None
    error: str
    excerpt: str
    manual: bool


@dataclass(frozen=True, slots=True)
class DeliveryDetail:
    """A delivery with what was sent and what came back."""

    row: DeliveryRow
    message_id: str
    headers: list[tuple[str, str]]
    body: str
    redacted: bool
    attempts: list[AttemptRow]
    give_up_at: datetime | None


def webhook_rows(user: User) -> list[WebhookRow]:
    """Return the endpoints of the person's organisation. Two queries."""
    assert user.organisation_id is not None
    health = history.health(user.organisation_id)
    found = history.endpoints(user.organisation_id).select_related("created_by")
    return [webhook_row(endpoint, health) for endpoint in found]


def webhook_row(endpoint: WebhookEndpoint, health: dict[UUID, Health]) -> WebhookRow:
    """Return one endpoint."""
    known = health.get(endpoint.pk, _QUIET)
    tag, note, note_at = _state(endpoint, known)
    return WebhookRow(
        pk=endpoint.pk,
        name=name_of(endpoint),
        url=endpoint.url,
        tag=tag,
        note=note,
        note_at=note_at,
        events=endpoint.events,
        patient_data=endpoint.get_patient_data_display(),
        health=known,
        is_active=endpoint.is_active,
        created_by=endpoint.created_by.display_name,
        created_at=endpoint.created_at,
    )


def name_of(endpoint: WebhookEndpoint) -> str:
    """Return what people call the endpoint: its name, else its host."""
    return endpoint.description.strip() or urlsplit(endpoint.url).hostname or endpoint.url


def delivery_row(delivery: WebhookDelivery, user: User) -> DeliveryRow:
    """Return one delivery; its order must have been fetched with it."""
    opens = delivery.order_id is not None and policies.may_read_orders(user)
    tone, icon = _STATUS_TAGS[States(delivery.status)]
    return DeliveryRow(
        pk=delivery.pk,
        event=delivery.type,
        label="Test" if delivery.type == TEST_TYPE else OutboxEvent.Type(delivery.type).label,
        order_number=delivery.order.number if delivery.order else "",
        order_url=reverse("order_detail", args=[delivery.order_id]) if opens else "",
        tag=Tag(delivery.get_status_display(), tone, icon),
        redelivery=delivery.redelivery,
        attempts=delivery.attempt_count,
        duration_ms=delivery.last_duration_ms,
        status_code=delivery.last_status_code,
        occurred_at=delivery.occurred_at,
        last_attempt_at=delivery.last_attempt_at,
        next_at=delivery.due_at,
    )


def delivery_page(
    endpoint: WebhookEndpoint, user: User, *, status: str = "", before: str = ""
) -> DeliveryPage:
    """Return a page of deliveries, newest first. One query, and one for the delivery that `before` names.

    A status or delivery that there is not asks for nothing.
    """
    found = history.deliveries(endpoint).select_related("order")
    status = status if status in States.values else ""
    if status:
        found = found.filter(status=status)
    mark = _named(endpoint, before)
    if mark is not None:
        columns = Tuple(F("created_at"), F("id"))
        found = found.filter(TupleLessThan(columns, (mark.created_at, mark.pk)))
    rows = list(found.order_by("-created_at", "-id")[: PAGE_ROWS + 1])
    query = f"status={status}&" if status else ""
    path = reverse("webhook_detail", args=[endpoint.pk])
    older = f"{path}?{query}before={rows[PAGE_ROWS - 1].pk}" if len(rows) > PAGE_ROWS else None
    newest = f"{path}?{query}".rstrip("?&") if mark is not None else None
    return DeliveryPage([delivery_row(row, user) for row in rows[:PAGE_ROWS]], status, older, newest)


def _named(endpoint: WebhookEndpoint, pk: str) -> WebhookDelivery | None:
    try:
        return history.delivery(endpoint, UUID(pk)) if pk else None
    except ValueError:  # an address may say anything
        return None


def delivery_detail(delivery: WebhookDelivery, user: User) -> DeliveryDetail:
    """Return a delivery in full, as far as the person may see it. One query."""
    attempts = [
        AttemptRow(
            number=attempt.number,
            at=attempt.started_at,
            duration_ms=attempt.duration_ms,
            outcome=attempt.get_outcome_display(),
            delivered=attempt.outcome == attempt.Outcome.DELIVERED,
            status_code=attempt.status_code,
            error=attempt.error,
            excerpt=history.excerpt_for(user, delivery, attempt),
            manual=attempt.manual,
        )
        for attempt in history.attempts(delivery)
    ]
    shown = history.body_for(user, delivery)
    last = attempts[-1].at if attempts else None
    return DeliveryDetail(
        row=delivery_row(delivery, user),
        message_id=delivery.message_id,
        headers=[
            ("Content-Type", "application/json"),
            ("User-Agent", USER_AGENT),
            ("webhook-id", delivery.message_id),
            ("webhook-timestamp", str(int(last.timestamp())) if last else "set at each attempt"),
            ("webhook-signature", "v1,… made anew at each attempt, and kept nowhere"),
        ],
        body=json.dumps(json.loads(shown), indent=2, ensure_ascii=False),
        redacted=json.loads(shown) != json.loads(delivery.body),
        attempts=attempts[::-1],
        give_up_at=delivery.give_up_at if delivery.status == States.PENDING else None,
    )


def _state(endpoint: WebhookEndpoint, health: Health) -> tuple[Tag, str, datetime | None]:
    because = WebhookEndpoint.DisabledBecause
    if not endpoint.is_active:
        by_portal = endpoint.disabled_because in {because.FAILING, because.GONE}
        text = "Switched off by the portal" if by_portal else "Disabled"
        tag = Tag(text, "over" if by_portal else "wait", "x-octagon" if by_portal else "pause-circle-fill")
        return tag, endpoint.get_disabled_because_display(), endpoint.disabled_at
    if endpoint.failing_since is not None:
        return Tag("Failing", "act", "exclamation-triangle-fill"), "Fails since", endpoint.failing_since
    if health.last_delivered_at is None:
        return Tag("Active", "info", "check-lg"), "Nothing delivered yet", None
    return Tag("Healthy", "ok", "check-circle-fill"), "Last delivered", health.last_delivered_at
