"""The audit record of one order as a file, for those who may read the trail; taking it is recorded."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ordering.models import Order
from ordering.views.access import order_of, reader_required
from portal import audit, spreadsheets
from portal.models import AuditEvent

FIELDS = (
    "seq",
    "id",
    "recorded_at",
    "event_type",
    "action",
    "outcome",
    "actor",
    "actor_role",
    "via",
    "entity",
    "entity_id",
    "reason",
    "before",
    "after",
    "request_id",
)


@require_safe
@reader_required
def order_audit_json(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return every event of the order as JSON, oldest first, with the hashes of the chain."""
    order = order_of(request, pk)
    rows = _rows(order, "json")
    said = {
        "order": order.number,
        "id": str(order.pk),
        "exported_at": timezone.now().isoformat(),
        "count": len(rows),
        "events": rows,
    }
    text = json.dumps(said, ensure_ascii=False, indent=1, default=str)
    return _file(text, "application/json; charset=utf-8", order, "json")


@require_safe
@reader_required
def order_audit_csv(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return every event of the order as CSV, oldest first; no cell of it is a formula."""
    order = order_of(request, pk)
    rows = _rows(order, "csv")
    names = [*FIELDS, "hash"]
    text = "".join(spreadsheets.csv_lines(names, ([row[name] for name in names] for row in rows)))
    return _file(text, "text/csv; charset=utf-8", order, "csv")


def _rows(order: Order, form: str) -> list[dict[str, Any]]:
    """Return the events of the order and of the advice that it rests on, and record that they were taken."""
    about_order = Q(entity__in=("order", "ordering_order"), entity_id=str(order.pk))
    about_advice = Q(
        entity__in=("consultation", "ordering_consultation"), entity_id=str(order.consultation_id)
    )
    events = AuditEvent.objects.filter(
        about_order | about_advice, organisation=str(order.organisation_id)
    ).order_by("id")
    rows = [
        {name: getattr(event, name) for name in FIELDS}
        | {
            "recorded_at": event.recorded_at.isoformat(),
            "hash": bytes(event.hash).hex() if event.hash else None,
        }
        for event in events
    ]
    audit.log(
        "export.made",
        action="R",
        entity="order",
        entity_id=order.pk,
        organisation_id=order.organisation_id,
        patient_id=order.patient_id,
        detail={"what": "audit record of an order", "format": form, "count": len(rows)},
    )
    return rows


def _file(text: str, content_type: str, order: Order, ending: str) -> HttpResponse:
    response = HttpResponse(text, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="audit-{order.number}.{ending}"'
    return response
