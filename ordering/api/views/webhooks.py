"""Webhooks: who is told of what, what was delivered, and sending it again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from ordering import policies
from ordering.api import webhook_output as output
from ordering.api.filters import PAGING, cursor, limit_of, one_of, read_query
from ordering.api.input import NothingInput
from ordering.api.paging import page_of
from ordering.api.permissions import need, user_of
from ordering.api.schema import describe, in_query
from ordering.api.views.base import ApiView
from ordering.api.webhook_input import RangeInput, RotationInput, WebhookChangeInput, WebhookInput
from ordering.webhooks import actions, history
from ordering.webhooks.models import WebhookDelivery, WebhookEndpoint
from portal import audit
from portal.models import ApiToken

MANAGE = need(ApiToken.Scope.WEBHOOKS, policy=policies.may_use_webhooks_api)
BY_CREATED_AT = (("created_at", datetime.fromisoformat), ("id", UUID))
BODY = (400, 404, 413, 415, 422)
STATUS = OpenApiParameter(
    "status",
    {"type": "array", "items": {"type": "string", "enum": WebhookDelivery.Status.values}, "minItems": 1},
    description="Where a delivery stands; several separated by commas, or the parameter several times.",
    style="form",
    explode=False,
)


class WebhookView(ApiView):
    """A view of one webhook, if it is the organisation's own."""

    def handle_exception(self, exc: Exception) -> Response:
        """Answer 404 for a webhook that was deleted just now."""
        return super().handle_exception(Http404() if isinstance(exc, WebhookEndpoint.DoesNotExist) else exc)

    def endpoint(self, request: Request, pk: UUID) -> WebhookEndpoint:
        """Return the webhook. Raises Http404; asking for another organisation's is recorded."""
        organisation_id = user_of(request).organisation_id
        assert organisation_id is not None  # the policy has seen to it
        found = history.endpoint(organisation_id, pk)
        if found is None:
            if history.belongs_to_another(organisation_id, pk):
                audit.denied(request, entity="webhook", entity_id=pk, reason="another organisation")
            raise Http404
        return found

    def delivery(self, request: Request, webhook: UUID, delivery: UUID) -> WebhookDelivery:
        """Return a delivery of the webhook. Raises Http404."""
        found = history.delivery(self.endpoint(request, webhook), delivery)
        if found is None:
            raise Http404
        return found


class Webhooks(WebhookView):
    """The organisation's webhooks."""

    needs = {"GET": MANAGE, "POST": MANAGE}
    form = WebhookInput()

    @describe(
        "list_webhooks",
        "List webhooks",
        gives={200: output.WebhookPageSerializer},
        refuses=(400,),
        query=in_query("limit", "cursor"),
    )
    def get(self, request: Request) -> Response:
        """Return a page of the organisation's webhooks, newest first."""
        query = read_query(request, {**PAGING, "cursor": cursor(BY_CREATED_AT)})
        organisation_id = user_of(request).organisation_id
        assert organisation_id is not None
        page = page_of(
            history.endpoints(organisation_id),
            by=BY_CREATED_AT,
            cursor=query.get("cursor"),
            limit=limit_of(query),
            fields=output.WEBHOOK_FIELDS,
        )
        return Response(page.body(request, [output.webhook(row) for row in page.rows]))

    @describe(
        "create_webhook",
        "Create a webhook",
        takes=WebhookInput,
        gives={201: output.WebhookWithSecretSerializer},
        refuses=(400, 413, 415, 422),
    )
    def post(self, request: Request) -> Response:
        """Return the new webhook with its signing secret, which is shown this once."""
        values = self.read(request, self.form)
        endpoint, secret = actions.create_endpoint(by=user_of(request), **values)
        location = request.build_absolute_uri(f"/api/v1/webhooks/{endpoint.pk}/")
        return Response(output.webhook(endpoint, secret=secret), status=201, headers={"Location": location})


class WebhookDetail(WebhookView):
    """One webhook."""

    needs = {"GET": MANAGE, "PATCH": MANAGE, "DELETE": MANAGE}
    form = WebhookChangeInput()

    @describe(
        "get_webhook",
        "Read a webhook",
        gives={200: output.WebhookSerializer},
        refuses=(400, 404),
        of=("webhook",),
    )
    def get(self, request: Request, webhook: UUID) -> Response:
        """Return the webhook, without its secret."""
        return Response(output.webhook(self.endpoint(request, webhook)))

    @describe(
        "change_webhook",
        "Change a webhook",
        takes=WebhookChangeInput,
        gives={200: output.WebhookSerializer},
        refuses=BODY,
        of=("webhook",),
    )
    def patch(self, request: Request, webhook: UUID) -> Response:
        """Return the changed webhook. Messages that wait go to the new address."""
        endpoint = self.endpoint(request, webhook)
        values = self.read(request, self.form)
        return Response(
            output.webhook(actions.change_endpoint(endpoint=endpoint, by=user_of(request), **values))
        )

    @describe("delete_webhook", "Delete a webhook", gives={204: None}, refuses=(400, 404), of=("webhook",))
    def delete(self, request: Request, webhook: UUID) -> Response:
        """Delete the webhook; what waits is not sent any more."""
        actions.delete_endpoint(endpoint=self.endpoint(request, webhook), by=user_of(request))
        return Response(status=204)


class Rotation(WebhookView):
    """The signing secret of a webhook."""

    needs = {"POST": MANAGE}
    form = RotationInput()

    @describe(
        "rotate_webhook_secret",
        "Rotate the secret of a webhook",
        takes=RotationInput,
        gives={200: output.WebhookWithSecretSerializer},
        refuses=BODY,
        of=("webhook",),
    )
    def post(self, request: Request, webhook: UUID) -> Response:
        """Return the webhook with a new secret. Until the overlap is over, messages carry both signatures."""
        endpoint = self.endpoint(request, webhook)
        overlap = timedelta(hours=self.read(request, self.form)["overlap_hours"])
        endpoint, secret = actions.rotate_secret(endpoint=endpoint, by=user_of(request), overlap=overlap)
        return Response(output.webhook(endpoint, secret=secret))


class Test(WebhookView):
    """A message that tells of nothing."""

    needs = {"POST": MANAGE}
    form = NothingInput()

    @describe(
        "test_webhook",
        "Send a test",
        takes=NothingInput,
        gives={202: output.DeliveryDetailSerializer},
        refuses=(*BODY, 409),
        of=("webhook",),
    )
    def post(self, request: Request, webhook: UUID) -> Response:
        """Return the delivery of a message of type `webhook.test`, which the worker sends at once."""
        endpoint = self.endpoint(request, webhook)
        self.read(request, self.form)
        delivery = actions.send_test(endpoint=endpoint, by=user_of(request))
        return Response(output.delivery(delivery, reader=user_of(request)), status=202)


class Deliveries(WebhookView):
    """What was, and will be, sent to a webhook."""

    needs = {"GET": MANAGE}

    @describe(
        "list_webhook_deliveries",
        "List deliveries",
        gives={200: output.DeliveryPageSerializer},
        refuses=(400, 404),
        query=[STATUS, *in_query("limit", "cursor")],
        of=("webhook",),
    )
    def get(self, request: Request, webhook: UUID) -> Response:
        """Return a page of deliveries with their attempts, newest first."""
        endpoint = self.endpoint(request, webhook)
        query = read_query(
            request,
            {
                "status": one_of(WebhookDelivery.Status.values),
                **PAGING,
                "cursor": cursor(BY_CREATED_AT),
            },
        )
        found = history.deliveries(endpoint)
        if "status" in query:
            found = found.filter(status__in=query["status"])
        page = page_of(
            found, by=BY_CREATED_AT, cursor=query.get("cursor"), limit=limit_of(query), fields=["id"]
        )
        rows = history.deliveries(endpoint).in_bulk([row["id"] for row in page.rows])
        said = output.deliveries([rows[row["id"]] for row in page.rows], reader=user_of(request))
        return Response(page.body(request, said))


class DeliveryDetail(WebhookView):
    """One delivery."""

    needs = {"GET": MANAGE}

    @describe(
        "get_webhook_delivery",
        "Read a delivery",
        gives={200: output.DeliveryDetailSerializer},
        refuses=(400, 404),
        of=("webhook", "delivery"),
    )
    def get(self, request: Request, webhook: UUID, delivery: UUID) -> Response:
        """Return the delivery with its attempts and what is sent."""
        found = self.delivery(request, webhook, delivery)
        if found.order is not None and found.patient_data != WebhookEndpoint.PatientData.NONE:
            audit.log(
                "webhook.delivery-viewed",
                action="R",
                entity="order",
                entity_id=found.order_id,
                organisation_id=found.endpoint.organisation_id,
                patient_id=found.order.patient_id,
            )
        return Response(output.delivery(found, reader=user_of(request)))


class Redelivery(WebhookView):
    """Sending one delivery again."""

    needs = {"POST": MANAGE}
    form = NothingInput()

    @describe(
        "redeliver_webhook_delivery",
        "Send a delivery again",
        takes=NothingInput,
        gives={202: output.DeliveryDetailSerializer},
        refuses=(*BODY, 409),
        of=("webhook", "delivery"),
    )
    def post(self, request: Request, webhook: UUID, delivery: UUID) -> Response:
        """Return the delivery, which is sent again at once with the same `webhook-id`."""
        found = self.delivery(request, webhook, delivery)
        self.read(request, self.form)
        again = actions.redeliver(delivery=found, by=user_of(request))
        return Response(output.delivery(again, reader=user_of(request)), status=202)


class RangeRedelivery(WebhookView):
    """Sending a range of deliveries again."""

    needs = {"POST": MANAGE}
    form = RangeInput()

    @describe(
        "redeliver_webhook_range",
        "Send a range of deliveries again",
        takes=RangeInput,
        gives={202: output.RedeliveredSerializer},
        refuses=(*BODY, 409),
        of=("webhook",),
    )
    def post(self, request: Request, webhook: UUID) -> Response:
        """Return how many messages are sent again: what failed, waits, or was missed while disabled."""
        endpoint = self.endpoint(request, webhook)
        values = self.read(request, self.form)
        count = actions.redeliver_range(endpoint=endpoint, by=user_of(request), **values)
        return Response({"count": count}, status=202)
