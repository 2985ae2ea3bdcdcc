"""Moving an order on: sign, cancel, hold, resume, entered in error. One view, and a row for each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from ordering import actions, policies
from ordering.api import output
from ordering.api.fields import StrictInput
from ordering.api.idempotency import once
from ordering.api.input import HoldInput, NothingInput, ReasonInput
from ordering.api.order_shapes import OrderSerializer
from ordering.api.permissions import need, user_of
from ordering.api.preconditions import revision_to_change
from ordering.api.schema import describe
from ordering.api.views.base import ApiView
from ordering.models import Order, Via
from portal.models import ApiToken

Act = Callable[..., Order]  # takes order, by, via, revision and the values of the body


class Transition(ApiView):
    """A step of an order's status. `If-Match` is checked where it is sent."""

    needs = {"POST": need(ApiToken.Scope.ORDERS_WRITE, policy=policies.may_order)}
    form: ClassVar[StrictInput]
    act: ClassVar[Act]

    def answer(self, request: Request, pk: UUID) -> Response:
        """Return the order after its step."""
        order = self.order(request, pk)
        values = self.read(request, self.form)

        def move() -> Response:
            revision = revision_to_change(order, request.headers.get("If-Match"))
            moved = self.act(order=order, by=user_of(request), via=Via.API, revision=revision, **values)
            return Response(output.order(moved.pk), headers={"ETag": moved.etag})

        return once(request, values, move)


def transition(
    operation_id: str, summary: str, returns: str, *, takes: type[StrictInput], by: Act
) -> type[Transition]:
    """Return the view of one step: what the action `by` does, with the body `takes`."""

    def post(self: Transition, request: Request, pk: UUID) -> Response:
        return self.answer(request, pk)

    post.__doc__ = returns  # the description of the operation
    described = describe(
        operation_id,
        summary,
        takes=takes,
        gives={200: OrderSerializer},
        refuses=(400, 404, 409, 412, 413, 415, 422),
        tagged=True,
        matches="optional",
        idempotent=True,
        of=("id",),
    )(post)
    members: dict[str, Any] = {
        "__doc__": f"{summary}.",
        "__module__": __name__,
        "form": takes(),
        "act": staticmethod(by),
        "post": described,
    }
    return type(operation_id.title().replace("_", ""), (Transition,), members)


Sign = transition(
    "sign_order",
    "Sign a draft",
    "Return the signed order; whoever signs becomes its requester.",
    takes=NothingInput,
    by=actions.sign_order,
)
Cancel = transition(
    "cancel_order",
    "Cancel an order",
    "Return the order, revoked for a reason.",
    takes=ReasonInput,
    by=actions.cancel_order,
)
Hold = transition(
    "hold_order",
    "Put an order on hold",
    "Return the order, on hold.",
    takes=HoldInput,
    by=actions.hold_order,
)
Resume = transition(
    "resume_order",
    "Resume an order",
    "Return the order, active again.",
    takes=NothingInput,
    by=actions.resume_order,
)
EnteredInError = transition(
    "enter_order_in_error",
    "Mark an order as entered in error",
    "Return the order, entered in error.",
    takes=ReasonInput,
    by=actions.enter_in_error,
)
