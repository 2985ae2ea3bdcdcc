"""What comes back from radiology: findings of the report, and progress on the way there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from guidelines import library
from ordering import actions, policies
from ordering.actions.findings import content_faults
from ordering.api import output
from ordering.api.idempotency import once
from ordering.api.input import FindingInput, ProgressInput
from ordering.api.order_shapes import FindingSerializer, ProgressSerializer
from ordering.api.permissions import need, user_of
from ordering.api.placing import Asked
from ordering.api.preconditions import revision_to_change
from ordering.api.schema import describe
from ordering.api.views.base import ApiView
from ordering.models import Order, Via
from portal.models import ApiToken

REFUSES = (400, 404, 409, 413, 415, 422)


class Findings(ApiView):
    """Findings of an order's report."""

    needs = {"POST": need(ApiToken.Scope.FINDINGS_WRITE, policy=policies.may_order)}
    form = FindingInput()

    @describe(
        "record_finding",
        "Record a finding",
        takes=FindingInput,
        gives={201: FindingSerializer},
        refuses=(*REFUSES, 412),
        matches="optional",
        idempotent=True,
        of=("id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Return the finding with its next steps. Unless provisional, it completes the order."""
        order = self.order(request, pk)
        asked = self.ask(request, self.form)

        def act() -> Response:
            values = _checked(asked, order)
            revision = revision_to_change(order, request.headers.get("If-Match"))
            recorded = actions.record_finding(
                order=order, by=user_of(request), via=Via.API, revision=revision, **values
            )
            return Response(output.finding(recorded), status=201)

        return once(request, asked.sent, act)


class ProgressSteps(ApiView):
    """Steps of an order's way through radiology."""

    needs = {
        "POST": need(ApiToken.Scope.ORDERS_WRITE, ApiToken.Scope.FINDINGS_WRITE, policy=policies.may_order)
    }
    form = ProgressInput()

    @describe(
        "record_progress",
        "Report progress",
        takes=ProgressInput,
        gives={201: ProgressSerializer},
        refuses=REFUSES,
        idempotent=True,
        of=("id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Return the step. It is shown on the order's timeline and does not change its status."""
        order = self.order(request, pk)
        asked = self.ask(request, self.form)

        def act() -> Response:
            asked.give_up_if_faulty()
            recorded = actions.record_progress(order=order, by=user_of(request), via=Via.API, **asked.values)
            return Response(output.progress(recorded), status=201)

        return once(request, asked.sent, act)


def _checked(asked: Asked, order: Order) -> dict[str, Any]:
    """Return the values of a sound body. Raises Refused with every fault, also the content's."""
    if asked.faults:
        ruleset = library.ruleset(order.consultation.version_id)
        asked.faults += content_faults(
            ruleset,
            finding=asked.values.get("finding"),
            complications=asked.values.get("complications", ()),
        )
    asked.give_up_if_faulty()
    return asked.values
