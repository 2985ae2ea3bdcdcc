"""Provenance and AuditEvent of an order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from ordering.api.permissions import user_of
from ordering.api.views.events import CLINICAL
from ordering.fhir import bundles, trail
from ordering.fhir.query import AUDIT_SEARCH, PROVENANCE_SEARCH, Search, by_number_id
from ordering.fhir.reading import event_record, status_records
from ordering.fhir.views.base import FhirView, SearchView
from ordering.models import OrderStatus
from portal import audit
from portal.models import AuditEvent

BY_SEQ: bundles.Key = ("seq", int)


def _statuses() -> QuerySet[OrderStatus]:
    return OrderStatus.objects.select_related("by", "order")


def _events() -> QuerySet[AuditEvent]:
    # only what is sealed has its place in the chain
    return AuditEvent.objects.filter(CLINICAL, entity="order", seq__isnull=False)


class ProvenanceRead(FhirView):
    """One step in an order's life."""

    kind = "Provenance"

    def get(self, request: Request, pk: str) -> Response:
        """Return the Provenance."""
        place = self.place(request)
        rows = _statuses().filter(by_number_id(pk, place))
        status = self.own(request, rows, lambda row: row.order.organisation_id, entity="order-status")
        _log_viewed(status.order_id, user_of(request).organisation_id, status.order.patient_id)
        made = trail.provenance(status_records([status])[0], place)
        return self.answer(request, made, status.at)


class ProvenanceSearch(SearchView):
    """The steps of an order, latest first."""

    kind = "Provenance"
    known = PROVENANCE_SEARCH

    def get(self, request: Request) -> Response:
        """Return a page of steps."""
        place = self.place(request)
        search = self.asked(request, place)
        self.named(search)
        organisation_id = user_of(request).organisation_id
        found = _statuses().filter(search.condition, order__organisation=organisation_id)
        rows, after, total = _page(found, search, bundles.BY_ID)
        for order_id, patient_id in sorted({(row.order_id, row.order.patient_id) for row in rows}):
            _log_viewed(order_id, organisation_id, patient_id)
        made = [trail.provenance(record, place) for record in status_records(rows)]
        bundle = bundles.searchset(self.kind, search, made, total=total, after=after, place=place)
        return Response(bundle, content_type=request.accepted_media_type)


class AuditEventRead(FhirView):
    """One event of the trail."""

    kind = "AuditEvent"

    def get(self, request: Request, pk: str) -> Response:
        """Return the AuditEvent."""
        place = self.place(request)
        rows = _events().filter(by_number_id(pk, place))
        event = self.own(request, rows, lambda row: row.organisation, entity="audit-event")
        order = _order_of(event)
        _log_viewed(order, user_of(request).organisation_id, event.patient_ref)
        made = trail.audit_event(event_record(event, order=order), place)
        return self.answer(request, made, event.recorded_at)


class AuditEventSearch(SearchView):
    """The trail of an order, latest first."""

    kind = "AuditEvent"
    known = AUDIT_SEARCH

    def get(self, request: Request) -> Response:
        """Return a page of events."""
        place = self.place(request)
        search = self.asked(request, place)
        self.named(search)
        organisation_id = user_of(request).organisation_id
        found = _events().filter(search.condition, organisation=str(organisation_id))
        rows, after, total = _page(found, search, BY_SEQ)
        for order, patient_id in sorted({(_order_of(row), row.patient_ref or "") for row in rows}):
            _log_viewed(order, organisation_id, patient_id)
        made = [trail.audit_event(event_record(row, order=_order_of(row)), place) for row in rows]
        bundle = bundles.searchset(self.kind, search, made, total=total, after=after, place=place)
        return Response(bundle, content_type=request.accepted_media_type)


class ProvenancePosted(ProvenanceSearch):
    """The same search, posted as a form."""

    http_method_names = ["post", "options"]

    def post(self, request: Request) -> Response:
        """Return a page of steps."""
        return ProvenanceSearch.get(self, request)


class AuditEventPosted(AuditEventSearch):
    """The same search, posted as a form."""

    http_method_names = ["post", "options"]

    def post(self, request: Request) -> Response:
        """Return a page of events."""
        return AuditEventSearch.get(self, request)


def _page(found: QuerySet[Any], search: Search, key: bundles.Key) -> tuple[list[Any], str, int]:
    total = found.count()
    if search.total_only:
        return [], "", total
    rows, after = bundles.page_of(found, search, keys=(key,), newest_first=True)
    return rows, after, total


def _order_of(event: AuditEvent) -> UUID:
    try:
        return UUID(event.entity_id or "")
    except ValueError:
        raise Http404 from None


def _log_viewed(order: UUID, organisation_id: int | None, patient_id: object) -> None:
    audit.log(
        "order.trail-viewed",
        action="R",
        entity="order",
        entity_id=order,
        organisation_id=organisation_id,
        patient_id=patient_id,
    )
