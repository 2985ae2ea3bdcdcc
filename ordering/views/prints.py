"""Requisition and leaflet of an order: pages that print well, and PDFs made here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from guidelines import library
from ordering.models import Order
from ordering.presenters.patients import banner, listed_name
from ordering.printing.leaflet import Leaflet, leaflet_of
from ordering.printing.pdf import leaflet_pdf, requisition_pdf
from ordering.printing.requisition import Requisition, may_be_printed, requisition_of
from ordering.views.access import order_of, reader_required
from portal import audit
from portal.models import User

Made = TypeVar("Made", Requisition, Leaflet)


@require_safe
@reader_required
def requisition(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the requisition as a page to print."""
    return _page(request, pk, "requisition", requisition_of)


@require_safe
@reader_required
def requisition_file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the requisition as a PDF."""
    return _file(request, pk, "requisition", requisition_of, requisition_pdf)


@require_safe
@reader_required
def leaflet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the patient leaflet as a page to print."""
    return _page(request, pk, "leaflet", leaflet_of)


@require_safe
@reader_required
def leaflet_file(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return the patient leaflet as a PDF."""
    return _file(request, pk, "leaflet", leaflet_of, leaflet_pdf)


def _page(
    request: HttpRequest, pk: UUID, what: str, make: Callable[..., Requisition | Leaflet]
) -> HttpResponse:
    order = order_of(request, pk)
    if not may_be_printed(order):
        return _nothing_to_print(request, order)
    _log(order, what, "page")
    return render(
        request,
        f"ordering/{what}.html",
        {
            "order": order,
            "patient_banner": banner(order.patient),
            "patient_name": listed_name(order.patient),
            "print": make(order, library.ruleset(order.consultation.version_id), printed_by=_name(request)),
            "file_url": reverse(f"{what}_pdf", args=[order.pk]),
            "nav": "orders",
        },
    )


def _file(
    request: HttpRequest,
    pk: UUID,
    what: str,
    make: Callable[..., Made],
    draw: Callable[[Made], bytes],
) -> HttpResponse:
    order = order_of(request, pk)
    if not may_be_printed(order):
        return _nothing_to_print(request, order)
    _log(order, what, "pdf")
    made = make(order, library.ruleset(order.consultation.version_id), printed_by=_name(request))
    response = HttpResponse(draw(made), content_type="application/pdf")
    # no patient data in the name of a file
    response["Content-Disposition"] = f'inline; filename="{what}-{order.number}.pdf"'
    return response


def _nothing_to_print(request: HttpRequest, order: Order) -> HttpResponse:
    messages.info(request, f"Order {order.number} was never signed, so there is nothing to print.")
    return redirect("order_detail", pk=order.pk)


def _name(request: HttpRequest) -> str:
    assert isinstance(request.user, User)
    return request.user.display_name


def _log(order: Order, what: str, form: str) -> None:
    audit.log(
        "order.printed",
        action="R",
        entity="order",
        entity_id=order.pk,
        organisation_id=order.organisation_id,
        patient_id=order.patient_id,
        detail={"what": what, "form": form},
    )
