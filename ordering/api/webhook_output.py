"""What answers about webhooks say, and their shapes for the OpenAPI document."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from rest_framework import serializers

from ordering.api.rendering import instant
from ordering.api.shapes import AnyObject, choice, moment, page_shape, string, uuid, whole, yes_no
from ordering.webhooks import history
from ordering.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from ordering.webhooks.payload import data_of
from portal.models import OutboxEvent, User
from portal.outbox.feed import Entry

Json = dict[str, Any]

WEBHOOK_FIELDS = [
    "id",
    "url",
    "description",
    "events",
    "patient_data",
    "status",
    "disabled_at",
    "disabled_because",
    "failing_since",
    "created_at",
    "updated_at",
]
STATUS = [(value, label) for value, label in WebhookEndpoint.Status.choices if value != "deleted"]


def webhook(row: Json | WebhookEndpoint, *, secret: str | None = None) -> Json:
    """Return a webhook; its secret only when it was made just now."""
    if isinstance(row, WebhookEndpoint):
        row = {field: getattr(row, field) for field in WEBHOOK_FIELDS}
    said = {
        "id": str(row["id"]),
        "url": row["url"],
        "description": row["description"],
        "events": row["events"],
        "patient_data": row["patient_data"],
        "active": row["status"] == WebhookEndpoint.Status.ACTIVE,
        "status": row["status"],
        "disabled_at": instant(row["disabled_at"]),
        "disabled_because": row["disabled_because"] or None,
        "failing_since": instant(row["failing_since"]),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }
    return said if secret is None else said | {"secret": secret}


def deliveries(rows: Sequence[WebhookDelivery], *, reader: User) -> list[Json]:
    """Return deliveries with their attempts; one query for those."""
    attempts: dict[UUID, list[WebhookAttempt]] = defaultdict(list)
    for attempt in WebhookAttempt.objects.filter(delivery__in=rows).order_by("number"):
        attempts[attempt.delivery_id].append(attempt)
    return [_delivery(row, attempts[row.pk], reader) for row in rows]


def delivery(row: WebhookDelivery, *, reader: User) -> Json:
    """Return one delivery with its attempts and what is sent, as the reader may see it."""
    return deliveries([row], reader=reader)[0] | {"message": json.loads(history.body_for(reader, row))}


def event(entry: Entry) -> Json:
    """Return an event of the feed. Of patients it says nothing; the order itself does."""
    return {
        "seq": entry.seq,
        "id": str(entry.event.uid),
        "type": entry.event.type,
        "timestamp": instant(entry.event.occurred_at),
        "data": data_of(entry.event, patient_data=WebhookEndpoint.PatientData.NONE),
    }


def _delivery(row: WebhookDelivery, attempts: list[WebhookAttempt], reader: User) -> Json:
    return {
        "id": str(row.pk),
        "message_id": row.message_id,
        "type": row.type,
        "occurred_at": instant(row.occurred_at),
        "status": row.status,
        "redelivery": row.redelivery,
        "status_code": row.last_status_code,
        "duration_ms": row.last_duration_ms,
        "attempt_count": row.attempt_count,
        "attempts": [
            {
                "number": attempt.number,
                "started_at": instant(attempt.started_at),
                "duration_ms": attempt.duration_ms,
                "outcome": attempt.outcome,
                "status_code": attempt.status_code,
                "error": attempt.error,
                "response_excerpt": history.excerpt_for(reader, row, attempt),
            }
            for attempt in attempts
        ],
        "next_attempt_at": instant(row.due_at),
        "delivered_at": instant(row.delivered_at),
        "created_at": instant(row.created_at),
    }


class WebhookSerializer(serializers.Serializer):
    """An address that is told of your organisation's events."""

    id = uuid("Identifier.")
    url = string("Where messages are sent.")
    description = string("What it is, for people.")
    events = serializers.ListField(
        child=serializers.ChoiceField(choices=OutboxEvent.Type.choices), help_text="What it is told of."
    )
    patient_data = choice(WebhookEndpoint.PatientData.choices, "How much of the patient messages hold.")
    active = yes_no("Whether anything is sent.")
    status = choice(STATUS, "active or disabled.")
    disabled_at = moment("When it was disabled.", allow_null=True)
    disabled_because = choice(WebhookEndpoint.DisabledBecause.choices, "Why it is disabled.", allow_null=True)
    failing_since = moment("The first failure after the last success, if any.", allow_null=True)
    created_at = moment("When it was made.")
    updated_at = moment("When it was changed last.")


class WebhookWithSecretSerializer(WebhookSerializer):
    """A webhook with its new secret."""

    secret = string("The signing secret, `whsec_...`. It is shown this once.")


class AttemptSerializer(serializers.Serializer):
    """One try to deliver."""

    number = whole("The how-manieth it was.")
    started_at = moment("When it began.")
    duration_ms = whole("How long it took, in milliseconds.")
    outcome = choice(WebhookAttempt.Outcome.choices, "How it went.")
    status_code = whole("HTTP status of the answer, if there was one.", allow_null=True)
    error = string("What went wrong; empty if nothing did.")
    response_excerpt = string("The beginning of the answer's body.")


class DeliverySerializer(serializers.Serializer):
    """One message to one webhook."""

    id = uuid("Identifier.")
    message_id = string("The `webhook-id` of every attempt.")
    type = string("Kind of event, or `webhook.test`.")
    occurred_at = moment("When it happened.")
    status = choice(WebhookDelivery.Status.choices, "Where it stands.")
    redelivery = yes_no("Whether it was sent again by hand.")
    status_code = whole("HTTP status of the last attempt, if there was an answer.", allow_null=True)
    duration_ms = whole("Milliseconds of the last attempt.", allow_null=True)
    attempt_count = whole("How many attempts there were.")
    attempts = AttemptSerializer(many=True, help_text="Oldest first.")
    next_attempt_at = moment("When it is tried next, while it is pending.", allow_null=True)
    delivered_at = moment("When the receiver took it.", allow_null=True)
    created_at = moment("When it was queued.")


class DeliveryDetailSerializer(DeliverySerializer):
    """One message with what is sent."""

    message = AnyObject(help_text="The body; patient data is left out for those who may not see patients.")


class RedeliveredSerializer(serializers.Serializer):
    """How many messages are sent again."""

    count = whole("Messages.")


class FeedEventSerializer(serializers.Serializer):
    """Something that happened in your organisation, or to a guideline."""

    seq = whole("Place in the order of commits: pass the last one on as `after`.")
    id = uuid("Identifier; `data.event_id` of a webhook's message.")
    type = choice(OutboxEvent.Type.choices, "What happened.")
    timestamp = moment("When.")
    data = AnyObject(  # type: ignore[assignment]  # taken off the class by its metaclass
        help_text="As in a webhook's message without patient data."
    )


class FeedSerializer(serializers.Serializer):
    """Events, oldest first."""

    next = serializers.URLField(allow_null=True, help_text="More of them; null when these are all by now.")
    after = whole("What to pass as `after` next time.")
    results = FeedEventSerializer(many=True, help_text="The events.")


WebhookPageSerializer = page_shape("WebhookPageSerializer", WebhookSerializer, "A page of webhooks.")
DeliveryPageSerializer = page_shape(
    "DeliveryPageSerializer", DeliverySerializer, "A page of deliveries, newest first."
)
