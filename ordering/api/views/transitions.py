"""Moving an order on: sign, cancel, hold, resume, entered in error."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from ordering import actions, policies
from ordering.api import output
from ordering.api.fields import StrictInput
from ordering.api.idempotency import once
from ordering.api.input import HoldInput, NothingInput, ReasonInput
from ordering.api.permissions import need, user_of
from ordering.api.preconditions import revision_to_change
from ordering.api.schema import describe
from ordering.api.shapes import OrderSerializer
from ordering.api.views.base import ApiView
from ordering.models import Order, Via
from portal.models import ApiToken

REFUSES = (400, 404, 409, 412, 413, 415, 422)


class Transition(ApiView):
    """A step of an order's status. `If-Match` is checked where it is sent."""

    needs = {"POST": need(ApiToken.Scope.ORDERS_WRITE, policy=policies.may_order)}
    form: ClassVar[StrictInput]

    def move(self, **step: Any) -> Order:
        """Carry out the step; `step` holds order, by, via, revision and the values of the body."""
        raise NotImplementedError

    def answer(self, request: Request, pk: UUID) -> Response:
        """Return the order after its step."""
        order = self.order(request, pk)
        values = self.read(request, self.form)

        def act() -> Response:
            revision = revision_to_change(order, request.headers.get("If-Match"))
            moved = self.move(order=order, by=user_of(request), via=Via.API, revision=revision, **values)
            return Response(output.order(moved.pk), headers={"ETag": moved.etag})

        return once(request, values, act)


class Sign(Transition):
    """Sign a draft."""

    form = NothingInput()

    @describe(
        "sign_order",
        "Sign a draft",
        takes=NothingInput,
        gives={200: OrderSerializer},
        refuses=REFUSES,
        tagged=True,
        matches="optional",
        idempotent=True,
        of=("id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Return the signed order; whoever signs becomes its requester."""
        return self.answer(request, pk)

    def move(self, **step: Any) -> Order:
        """Sign."""
        return actions.sign_order(**step)


class Cancel(Transition):
    """Withdraw an order."""

    form = ReasonInput()

    @describe(
        "cancel_order",
        "Cancel an order",
        takes=ReasonInput,
        gives={200: OrderSerializer},
        refuses=REFUSES,
        tagged=True,
        matches="optional",
        idempotent=True,
        of=("id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Return the order, revoked for a reason."""
        return self.answer(request, pk)

    def move(self, **step: Any) -> Order:
        """Cancel."""
        return actions.cancel_order(**step)


class Hold(Transition):
    """Let an order wait."""

    form = HoldInput()

    @describe(
        "hold_order",
        "Put an order on hold",
        takes=HoldInput,
        gives={200: OrderSerializer},
        refuses=REFUSES,
        tagged=True,
        matches="optional",
        idempotent=True,
        of=("id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Return the order, on hold."""
        return self.answer(request, pk)

    def move(self, **step: Any) -> Order:
        """Hold."""
        return actions.hold_order(**step)


class Resume(Transition):
    """Let an order go on."""

    form = NothingInput()

    @describe(
        "resume_order",
        "Resume an order",
        takes=NothingInput,
        gives={200: OrderSerializer},
        refuses=REFUSES,
        tagged=True,
        matches="optional",
        idempotent=True,
        of=("id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Return the order, active again."""
        return self.answer(request, pk)

    def move(self, **step: Any) -> Order:
        """Resume."""
        return actions.resume_order(**step)


class EnteredInError(Transition):
    """Mark an order as one that should never have existed."""

    form = ReasonInput()

    @describe(
        "enter_order_in_error",
        "Mark an order as entered in error",
        takes=ReasonInput,
        gives={200: OrderSerializer},
        refuses=REFUSES,
        tagged=True,
        matches="optional",
        idempotent=True,
        of=("id",),
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Return the order, entered in error."""
        return self.answer(request, pk)

    def move(self, **step: Any) -> Order:
        """Mark."""
        return actions.enter_in_error(**step)
