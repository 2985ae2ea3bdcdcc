"""ServiceRequest: one order, and searching them."""

from __future__ import annotations

from django.db.models.functions import Coalesce
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from ordering.api.permissions import user_of
from ordering.fhir import bundles, translate
from ordering.fhir.query import ORDER_SEARCH, SORTS, uuid_of
from ordering.fhir.reading import order_record, with_everything
from ordering.fhir.views.base import FhirView, SearchView
from ordering.models import Order
from portal import audit


class ServiceRequest(FhirView):
    """One order, whatever its status."""

    kind = "ServiceRequest"

    def get(self, request: Request, pk: str) -> Response:
        """Return the ServiceRequest."""
        if (found := uuid_of(pk)) is None:
            raise Http404
        rows = with_everything(Order.objects.filter(pk=found))
        order = self.own(request, rows, lambda row: row.organisation_id, entity="order")
        made = translate.service_request(order_record(order), self.place(request))
        response = self.answer(request, made, order.updated_at)
        audit.log(
            "order.viewed",
            action="R",
            entity="order",
            entity_id=order.pk,
            organisation_id=order.organisation_id,
            patient_id=order.patient_id,
        )
        return response


class ServiceRequests(SearchView):
    """The organisation's orders, newest first unless asked otherwise."""

    kind = "ServiceRequest"
    known = ORDER_SEARCH
    sorts = tuple(SORTS)

    def get(self, request: Request) -> Response:
        """Return a page of the orders that are asked for."""
        place = self.place(request)
        search = self.asked(request, place)
        organisation_id = user_of(request).organisation_id
        found = Order.objects.filter(organisation=organisation_id).alias(
            authored_at=Coalesce("signed_at", "placed_at")
        )
        found = found.filter(search.condition)
        column, newest_first = SORTS[search.sort]
        rows: list[Order] = []
        after = ""
        total = found.count()
        if not search.total_only:
            rows, after = bundles.page_of(
                with_everything(found).annotate(authored_at=Coalesce("signed_at", "placed_at")),
                search,
                keys=(bundles.by_moment(column), bundles.BY_UUID),
                newest_first=newest_first,
            )
        audit.log(
            "orders.listed",
            action="R",
            entity="order",
            organisation_id=organisation_id,
            detail={"count": len(rows)},
        )
        made = [translate.service_request(order_record(order), place) for order in rows]
        return Response(
            bundles.searchset(self.kind, search, made, total=total, after=after, place=place),
            content_type=request.accepted_media_type,
        )


class ServiceRequestsPosted(ServiceRequests):
    """The same search, posted as a form: nothing of it is in the address."""

    http_method_names = ["post", "options"]

    def post(self, request: Request) -> Response:
        """Return a page of the orders that are asked for."""
        return ServiceRequests.get(self, request)
