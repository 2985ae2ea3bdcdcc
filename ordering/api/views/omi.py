"""An order as HL7 v2, for systems that take nothing newer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from ordering import policies
from ordering.api.permissions import need
from ordering.api.preconditions import not_modified
from ordering.api.schema import describe
from ordering.api.views.base import ApiView
from ordering.hl7.reading import omi, orders_to_send
from ordering.models import Order
from portal import audit
from portal.models import ApiToken

TEXT, HL7 = "text/plain", "application/hl7-v2"  # the second as HL7 over HTTP has it
OTHER_NAMES = {"x-application/hl7-v2+er7": HL7}


class OrderMessage(ApiView):
    """The OMI^O23 message of one order."""

    needs = {"GET": need(ApiToken.Scope.ORDERS_READ, policy=policies.may_read_orders)}

    @describe(
        "get_order_omi",
        "Read an order as HL7 v2",
        gives={200: None, 304: None},
        texts=(TEXT, HL7),
        refuses=(400, 404, 409),
        tagged=True,
        of=("id",),
    )
    def get(self, request: Request, pk: UUID) -> HttpResponse:
        """Return OMI^O23 of HL7 v2.5.1, in UTF-8; its segments end with a carriage return.

        A draft has none (409, `not-signed`): radiology is told of an order once it is signed.
        """
        found = self.order(request, pk)
        order = orders_to_send(Order.objects.filter(pk=found.pk)).get()
        text = omi(order, base=request.build_absolute_uri("/").rstrip("/"))
        unchanged = not_modified(order.etag, request.headers.get("If-None-Match"))
        audit.log(
            "order.exported",
            action="R",
            entity="order",
            entity_id=order.pk,
            organisation_id=order.organisation_id,
            patient_id=order.patient_id,
            detail={"format": "hl7-v2"},
        )
        if unchanged:
            return Response(status=304, headers={"ETag": order.etag})
        return HttpResponse(
            text.encode(),
            content_type=f"{media_type_for(request.headers.get('Accept', ''))}; charset=utf-8",
            headers={"ETag": order.etag},
        )


def media_type_for(accept: str) -> str:
    """Return the name that a caller prefers for the text; plain text for one that names none of ours."""
    names = {TEXT: TEXT, HL7: HL7} | OTHER_NAMES
    asked = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return next((names[name] for name in asked if name in names), TEXT)
