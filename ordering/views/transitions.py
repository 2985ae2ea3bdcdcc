"""Cancelling, holding, resuming an order, marking it as entered in error: one page each, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ordering.actions import cancel_order, enter_in_error, hold_order, resume_order
from ordering.exceptions import IllegalTransition, Refused, StaleOrder
from ordering.forms import refuse
from ordering.forms.transitions import TransitionForm
from ordering.models import Order, Via
from ordering.presenters.patients import banner, listed_name
from ordering.transitions import allowed
from ordering.views.access import clinician_required, order_of
from ordering.views.responses import CONFLICT, SeeOther
from portal import audit

S = Order.Status


@dataclass(frozen=True, slots=True)
class Change:
    """A change of status as its page puts it. `reason` is required, optional or none."""

    name: str
    act: Callable[..., Order]
    wanted: str
    title: str
    means: str
    button: str
    done: str
    reason: str = "required"


CANCEL = Change(
    "order_cancel",
    cancel_order,
    S.REVOKED,
    "Cancel order",
    "The study will not be done. The order stays in the history with your reason, "
    "and cannot be made active again.",
    "Cancel this order",
    "The order is cancelled.",
)
HOLD = Change(
    "order_hold",
    hold_order,
    S.ON_HOLD,
    "Put order on hold",
    "The study is not done for now. You or a colleague can resume the order at any time.",
    "Put on hold",
    "The order is on hold.",
    reason="optional",
)
RESUME = Change(
    "order_resume",
    resume_order,
    S.ACTIVE,
    "Resume order",
    "The order becomes active again as it was signed.",
    "Resume this order",
    "The order is active again.",
    reason="none",
)
ERROR = Change(
    "order_entered_in_error",
    enter_in_error,
    S.ENTERED_IN_ERROR,
    "Mark as entered in error",
    "For an order that should never have existed, such as one for the wrong patient. "
    "It stays in the history, marked as an error, and cannot be changed any more.",
    "Mark as entered in error",
    "The order is marked as entered in error.",
)


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def order_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Withdraw an order for a reason."""
    return _change(request, pk, CANCEL)


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def order_hold(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put an order on hold."""
    return _change(request, pk, HOLD)


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def order_resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make an order active again after a hold."""
    return _change(request, pk, RESUME)


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def order_entered_in_error(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Mark an order as one that should never have existed."""
    return _change(request, pk, ERROR)


def _change(request: HttpRequest, pk: UUID, change: Change) -> HttpResponse:
    """Show the page, or do it. Sent twice it is done once; sent from an old page the text comes back."""
    order = order_of(request, pk)
    possible = _possible(order, change)
    if request.method != "POST":
        if not possible:
            messages.info(request, _impossible(order))
            return redirect("order_detail", pk=order.pk)
        audit.log(
            "order.viewed",
            action="R",
            entity="order",
            entity_id=order.pk,
            organisation_id=order.organisation_id,
            patient_id=order.patient_id,
        )
        return _page(request, order, change, _form(change, initial={"revision": order.revision}))
    if order.status == change.wanted:  # the form was sent twice, or somebody else was quicker
        return SeeOther(reverse("order_detail", args=[order.pk]))
    if not possible:
        messages.warning(request, _impossible(order))
        return SeeOther(reverse("order_detail", args=[order.pk]))
    form = _form(change, data=request.POST)
    if not form.is_valid():
        return _page(request, order, change, form)
    given: dict[str, Any] = {name: value for name, value in form.cleaned_data.items() if name != "revision"}
    try:
        change.act(
            order=order, by=request.user, via=Via.PORTAL, revision=form.cleaned_data["revision"], **given
        )
    except Refused as refused:
        refuse(form, refused.refusals)
        return _page(request, order, change, form)
    except (StaleOrder, IllegalTransition) as refusal:
        order = order_of(request, pk)
        if not _possible(order, change):
            return SeeOther(reverse("order_detail", args=[order.pk]))
        data = request.POST.copy()
        data["revision"] = str(order.revision)
        return _page(request, order, change, _form(change, data=data), conflict=str(refusal), status=CONFLICT)
    messages.success(request, change.done)
    return SeeOther(reverse("order_detail", args=[order.pk]))


def _possible(order: Order, change: Change) -> bool:
    """Whether the status allows the change; signing a draft is another page."""
    return allowed(order.status, change.wanted) and not (change is RESUME and order.status != S.ON_HOLD)


def _impossible(order: Order) -> str:
    return f"Order {order.number} is {order.get_status_display().lower()}, so this is not possible."


def _form(change: Change, **given: Any) -> TransitionForm:
    return TransitionForm(reason=change.reason, **given)


def _page(
    request: HttpRequest,
    order: Order,
    change: Change,
    form: TransitionForm,
    *,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "ordering/order_transition.html",
        {
            "order": order,
            "patient_banner": banner(order.patient),
            "patient_name": listed_name(order.patient),
            "change": change,
            "form": form,
            "conflict": conflict,
            "nav": "orders",
        },
        status=status,
    )
