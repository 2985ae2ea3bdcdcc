"""Orders: placing, listing, reading and changing them."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from ordering import policies
from ordering.api import output, placing
from ordering.api.filters import ORDER_FILTERS, PAGING, cursor, filtered, limit_of, read_query
from ordering.api.idempotency import once
from ordering.api.input import DraftChangeInput, OrderInput
from ordering.api.order_shapes import OrderPageSerializer, OrderSerializer
from ordering.api.paging import BY_PLACED_AT, page_of
from ordering.api.permissions import need, user_of
from ordering.api.preconditions import not_modified, revision_to_change
from ordering.api.schema import describe, in_query
from ordering.api.views.base import ApiView
from ordering.models import Order
from portal import audit
from portal.models import ApiToken

READ = need(ApiToken.Scope.ORDERS_READ, policy=policies.may_read_orders)
WRITE = need(ApiToken.Scope.ORDERS_WRITE, policy=policies.may_order)


class Orders(ApiView):
    """The organisation's orders."""

    needs = {"GET": READ, "POST": WRITE}
    form = OrderInput()

    @describe(
        "list_orders",
        "List orders",
        gives={200: OrderPageSerializer},
        refuses=(400,),
        query=in_query(*ORDER_FILTERS, "limit", "cursor"),
    )
    def get(self, request: Request) -> Response:
        """Return a page of the organisation's orders, newest first."""
        query = read_query(request, {**ORDER_FILTERS, **PAGING, "cursor": cursor(BY_PLACED_AT)})
        organisation_id = user_of(request).organisation_id
        assert organisation_id is not None  # the policy has seen to it
        page = page_of(
            filtered(
                Order.objects.filter(organisation=organisation_id), query, organisation_id=organisation_id
            ),
            by=BY_PLACED_AT,
            cursor=query.get("cursor"),
            limit=limit_of(query),
            fields=output.ORDER_FIELDS,
        )
        audit.log(
            "orders.listed",
            action="R",
            entity="order",
            organisation_id=organisation_id,
            detail={"count": len(page.rows)},
        )
        return Response(page.body(request, output.orders(page.rows)))

    @describe(
        "place_order",
        "Place an order",
        takes=OrderInput,
        gives={201: OrderSerializer},
        refuses=(400, 409, 413, 415, 422),
        idempotent=True,
        tagged=True,
    )
    def post(self, request: Request) -> Response:
        """Return the new order: signed, or with `"sign": false` a draft."""
        asked = self.ask(request, self.form)

        def act() -> Response:
            order = placing.place(asked)
            location = request.build_absolute_uri(f"/api/v1/orders/{order.pk}/")
            return Response(
                output.order(order.pk), status=201, headers={"ETag": order.etag, "Location": location}
            )

        return once(request, asked.sent, act)


class OrderDetail(ApiView):
    """One order."""

    needs = {"GET": READ, "PATCH": WRITE}
    form = DraftChangeInput()

    @describe(
        "get_order",
        "Read an order",
        gives={200: OrderSerializer, 304: None},
        refuses=(400, 404),
        tagged=True,
        of=("id",),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Return the order with its consultation, statuses, findings, parent and follow-ups."""
        order = self.order(request, pk)
        unchanged = not_modified(order.etag, request.headers.get("If-None-Match"))
        audit.log(
            "order.viewed",
            action="R",
            entity="order",
            entity_id=order.pk,
            organisation_id=order.organisation_id,
            patient_id=order.patient_id,
        )
        if unchanged:
            return Response(status=304, headers={"ETag": order.etag})
        return Response(output.order(order.pk), headers={"ETag": order.etag})

    @describe(
        "change_order",
        "Change a draft",
        takes=DraftChangeInput,
        gives={200: OrderSerializer},
        refuses=(400, 404, 409, 412, 413, 415, 422, 428),
        tagged=True,
        matches="required",
        of=("id",),
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Return the changed draft. Answers replace all answers; another study needs its own reason."""
        order = self.order(request, pk)
        asked = self.ask(request, self.form)
        asked.give_up_if_malformed()
        revision = revision_to_change(order, request.headers.get("If-Match"), required=True)
        order = placing.change(asked, order=order, revision=revision)
        return Response(output.order(order.pk), headers={"ETag": order.etag})
