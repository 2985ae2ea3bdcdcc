"""What a message says: Standard Webhooks' `type`, `timestamp` and `data`, with no more than was asked for."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from ordering.api import output
from ordering.api.rendering import instant, json_bytes
from ordering.models import Order
from ordering.webhooks.models import TEST_TYPE, WebhookEndpoint
from portal.models import OutboxEvent

Json = dict[str, Any]
PatientData = WebhookEndpoint.PatientData
REDACTED = "[redacted]"


def order_of(event: OutboxEvent) -> UUID | None:
    """Return the key of the order that an event is about, if it is about one."""
    kind, _, key = event.subject.partition(":")
    return UUID(key) if kind == "order" else None


def body_of(event: OutboxEvent, *, patient_data: str) -> str:
    """Return the message of an event, exactly as it is signed and sent."""
    return message(event.type, event.occurred_at, data_of(event, patient_data=patient_data))


def test_body(at: datetime) -> str:
    """Return the message of a test."""
    return message(TEST_TYPE, at, {"text": "This is a test. Nothing has happened to any order."})


def message(kind: str, at: datetime, data: Json) -> str:
    """Return a message as text."""
    return json_bytes({"type": kind, "timestamp": instant(at), "data": data}).decode()


def data_of(event: OutboxEvent, *, patient_data: str) -> Json:
    """Return what a message says of an event: the facts of that moment, and of the order what is asked for.

    `ids` and `full` read the order as it is now; the facts are those of the event.
    """
    data: Json = {"event_id": str(event.uid), **event.data}
    order_id = order_of(event)
    if order_id is None or patient_data == PatientData.NONE:
        return data
    if patient_data == PatientData.IDS:
        return data | {"order": data["order"] | _identifiers(order_id)}
    whole = output.order(order_id)
    if "finding" in data:
        known = {finding["id"]: finding for finding in whole["findings"]}
        data["finding"] = known.get(data["finding"]["id"], data["finding"])
    return data | {"order": whole}


def redacted(body: str) -> str:
    """Return a message as somebody may see it who may not see patients: identifiers of the order alone."""
    said = json.loads(body)
    data = said.get("data", {})
    order = data.get("order")
    if isinstance(order, dict):
        data["order"] = {
            key: value if key in {"id", "number", "status", "priority"} else REDACTED
            for key, value in order.items()
        }
    finding = data.get("finding")
    if isinstance(finding, dict):
        data["finding"] = {
            key: value if key in {"id", "provisional"} else REDACTED for key, value in finding.items()
        }
    return json.dumps(said, ensure_ascii=False)


def _identifiers(order_id: UUID) -> Json:
    order = Order.objects.select_related("patient").get(pk=order_id)
    return {
        "patient": {"id": str(order.patient_id), "mrn": order.patient.mrn},
        "requester": {"id": order.requester_id},
        "scenario": {"slug": order.scenario_slug, "version": order.version_number},
        "study": {"code": order.study_code} if order.study_code else None,
        "consultation": {"id": str(order.consultation_id)},
        "parent": str(order.parent_id) if order.parent_id else None,
    }
