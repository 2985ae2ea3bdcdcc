"""The trail of one order: who did what to it, and who looked."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from rest_framework.request import Request
from rest_framework.response import Response

from ordering import policies
from ordering.api.filters import PAGING, cursor, limit_of, read_query
from ordering.api.order_shapes import EventPageSerializer
from ordering.api.paging import BY_CHAIN, page_of
from ordering.api.permissions import need
from ordering.api.rendering import instant
from ordering.api.schema import describe, in_query
from ordering.api.views.base import ApiView
from portal import audit
from portal.models import ApiToken, AuditEvent

FIELDS = ["seq", "event_type", "recorded_at", "actor", "actor_role", "via", "reason", "after", "request_id"]
CLINICAL = Q(event_type__startswith="order.") | Q(event_type__startswith="finding.")


class Events(ApiView):
    """The clinical events of an order."""

    needs = {"GET": need(ApiToken.Scope.AUDIT_READ, policy=policies.may_read_trail)}

    @describe(
        "list_events",
        "Read the trail of an order",
        gives={200: EventPageSerializer},
        refuses=(400, 404),
        query=in_query("limit", "cursor"),
        of=("id",),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Return a page of events, newest first, in the order in which they were committed."""
        order = self.order(request, pk)
        query = read_query(request, {**PAGING, "cursor": cursor(BY_CHAIN)})
        page = page_of(
            AuditEvent.objects.filter(
                CLINICAL,
                entity="order",
                entity_id=str(order.pk),
                organisation=str(order.organisation_id),
                seq__isnull=False,
            ),
            by=BY_CHAIN,
            cursor=query.get("cursor"),
            limit=limit_of(query),
            fields=FIELDS,
        )
        audit.log(
            "order.trail-viewed",
            action="R",
            entity="order",
            entity_id=order.pk,
            organisation_id=order.organisation_id,
            patient_id=order.patient_id,
        )
        events = [
            {
                "seq": row["seq"],
                "kind": row["event_type"],
                "at": instant(row["recorded_at"]),
                "actor": row["actor"],
                "role": row["actor_role"] or "",
                "via": row["via"] or "",
                "reason": row["reason"] or "",
                "detail": row["after"] or {},
                "request_id": row["request_id"] or "",
            }
            for row in page.rows
        ]
        return Response(page.body(request, events))
