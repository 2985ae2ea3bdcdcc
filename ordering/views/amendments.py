"""Amending an order: one page that says what happens, then a draft that will replace it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from ordering.actions import amend_order
from ordering.actions.requests import REPLACEABLE
from ordering.exceptions import IllegalTransition, StaleOrder
from ordering.models import Consultation, Order, Via
from ordering.presenters.patients import banner, listed_name
from ordering.views.access import clinician_required, order_of
from ordering.views.responses import CONFLICT, SeeOther
from portal import audit


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def order_amend(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Explain the amendment; POST begins it and goes on to the draft, or to what has to be answered anew."""
    order = order_of(request, pk)
    if order.status not in REPLACEABLE:
        said = f"Order {order.number} is {order.get_status_display().lower()}, so it cannot be amended."
        messages.info(request, said)
        return redirect("order_detail", pk=order.pk)
    if request.method != "POST":
        audit.log(
            "order.viewed",
            action="R",
            entity="order",
            entity_id=order.pk,
            organisation_id=order.organisation_id,
            patient_id=order.patient_id,
        )
        return _page(request, order)
    revision = request.POST.get("revision", "")
    try:
        begun = amend_order(
            order=order,
            by=request.user,  # type: ignore[arg-type]
            via=Via.PORTAL,
            revision=int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0,
        )
    except StaleOrder as stale:
        return _page(request, order_of(request, pk), conflict=str(stale), status=CONFLICT)
    except IllegalTransition as refusal:
        messages.warning(request, str(refusal))
        return SeeOther(reverse("order_detail", args=[order.pk]))
    if isinstance(begun, Order):
        return SeeOther(reverse("order_review", args=[begun.pk]))
    if isinstance(begun, Consultation):
        messages.warning(request, "The advice is not what it was. Choose the study again.")
        return SeeOther(reverse("suggestion", args=[begun.pk]))
    messages.warning(request, "The guideline asks something else now. Check the answers before you go on.")
    query = urlencode({"from": str(order.consultation_id), "replaces": str(order.pk)})
    address = reverse("order_new", kwargs={"patient": order.patient_id, "slug": order.scenario_slug})
    return SeeOther(f"{address}?{query}")


def _page(request: HttpRequest, order: Order, *, conflict: str = "", status: int = 200) -> HttpResponse:
    return render(
        request,
        "ordering/order_amend.html",
        {
            "order": order,
            "patient_banner": banner(order.patient),
            "patient_name": listed_name(order.patient),
            "conflict": conflict,
            "nav": "orders",
        },
        status=status,
    )
