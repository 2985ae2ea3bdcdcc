"""Step 3 of an order: check everything, make sure of the patient, sign."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guidelines import library
from guidelines.models import State
from ordering.actions import change_draft, sign_order
from ordering.choosing import OverrideGiven
from ordering.exceptions import (
    AdviceOutOfDate,
    IllegalTransition,
    NotReplaceable,
    Refused,
    StaleOrder,
)
from ordering.forms import SignForm, refuse
from ordering.models import Order, Via
from ordering.presenters.patients import banner, listed_name, spoken_name
from ordering.presenters.review import review_page
from ordering.presenters.steps import steps
from ordering.views.access import clinician_required, order_of
from ordering.views.responses import SeeOther
from ordering.views.study_choice import advice_changed, change_address
from ordering.views.withdrawn import withdrawal_of
from portal import audit

FAILURES = "identity-check-failures"  # in the session: {order id: how often a wrong year was typed}
LOGGED_FROM = 2  # the first slip is a typing error; the second may be the wrong patient


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def order_review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the draft as it would be signed. POST keeps priority and note, and leaves."""
    order = order_of(request, pk)
    if order.status != Order.Status.DRAFT:
        return redirect("order_detail", pk=order.pk)
    if request.method == "POST":
        return _save(request, order)
    _log_view(order)
    return _page(request, order, SignForm.about(order, order.patient))


@require_POST
@clinician_required
def order_sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign the order if the signer knows the patient. A second click signs nothing twice."""
    order = order_of(request, pk)
    if order.status != Order.Status.DRAFT:
        return _signed_already(request, order)
    form = SignForm(request.POST, signing=True, birth_date=order.patient.birth_date)
    if not form.is_valid():
        if form.mistaken:
            form = _count_failure(request, order, form)
        return _page(request, order, form)
    try:
        with transaction.atomic():
            revision = _keep(request, order, form)
            sign_order(order=order, by=request.user, via=Via.PORTAL, revision=revision)  # type: ignore[arg-type]
    except AdviceOutOfDate as change:
        return advice_changed(request, order.consultation, order, change)
    except StaleOrder as stale:
        return _stale(request, order, form, stale)
    except Refused as refused:
        refuse(form, refused.refusals)
        return _page(request, order, form)
    except NotReplaceable as refusal:
        form.add_error(None, str(refusal))
        return _page(request, order_of(request, pk), form)
    except IllegalTransition:
        order.refresh_from_db()
        return _signed_already(request, order)
    request.session.get(FAILURES, {}).pop(str(order.pk), None)
    return SeeOther(reverse("order_signed", args=[order.pk]))


@require_safe
@clinician_required
def order_signed(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say that the order is signed, its number, and what happens next."""
    order = order_of(request, pk)
    if order.status == Order.Status.DRAFT:
        return redirect("order_review", pk=order.pk)
    if order.status != Order.Status.ACTIVE:
        return redirect("order_detail", pk=order.pk)
    _log_view(order)
    return render(
        request,
        "ordering/order_signed.html",
        {
            "order": order,
            "patient_banner": banner(order.patient),
            "patient_name": listed_name(order.patient),
            "nav": "new-order",
        },
    )


def _save(request: HttpRequest, order: Order) -> HttpResponse:
    form = SignForm(request.POST, birth_date=order.patient.birth_date)
    if not form.is_valid():
        return _page(request, order, form)
    try:
        _keep(request, order, form)
    except AdviceOutOfDate as change:
        return advice_changed(request, order.consultation, order, change)
    except StaleOrder as stale:
        return _stale(request, order, form, stale)
    except Refused as refused:
        refuse(form, refused.refusals)
        return _page(request, order, form)
    except IllegalTransition:
        order.refresh_from_db()
        return _signed_already(request, order)
    messages.success(request, f"Draft {order.number} is saved. Nothing was sent.")
    return SeeOther(reverse("patient_detail", args=[order.patient_id]))


def _keep(request: HttpRequest, order: Order, form: SignForm) -> int:
    """Keep priority, day and note if they changed; return the revision to sign. Raises like change_draft."""
    priority, note, revision = (form.cleaned_data[name] for name in ("priority", "note", "revision"))
    wanted_by = form.cleaned_data["wanted_by"]
    if (priority, note, wanted_by) == (order.priority, order.note, order.wanted_by):
        return int(revision)
    reason = OverrideGiven(order.override_reason_code, order.override_reason_text)
    changed = change_draft(
        order=order,
        by=request.user,  # type: ignore[arg-type]
        study=order.study_code or None,
        study_text=order.study_text,
        reason=reason if reason.code else None,
        priority=priority,
        note=note,
        wanted_by=wanted_by,
        revision=revision,
    )
    return changed.revision


def _count_failure(request: HttpRequest, order: Order, form: SignForm) -> SignForm:
    """Count a wrong year of birth. From the second on it is recorded, and the field is emptied."""
    failures = request.session.setdefault(FAILURES, {})
    failures[str(order.pk)] = count = failures.get(str(order.pk), 0) + 1
    request.session.modified = True
    if count >= LOGGED_FROM:
        audit.log(
            "order.identity-check-failed",
            outcome=audit.MINOR_FAILURE,
            entity="order",
            entity_id=order.pk,
            organisation_id=order.organisation_id,
            patient_id=order.patient_id,
            detail={"failures": count},
        )
        form.retype("year_of_birth", "")
    return form


def _stale(request: HttpRequest, order: Order, form: SignForm, stale: StaleOrder) -> HttpResponse:
    """Show the order as it is now, with the typed priority and note, and say that it changed.

    Of two clicks at one moment the later one finds the order signed, and shows that.
    """
    order = order_of(request, order.pk)
    if order.status != Order.Status.DRAFT:
        return _signed_already(request, order)
    form.retype("revision", str(order.revision))
    form.add_error(None, str(stale))
    return _page(request, order, form)


def _signed_already(request: HttpRequest, order: Order) -> HttpResponse:
    if order.status == Order.Status.ACTIVE and order.signed_by_id == request.user.pk:
        return SeeOther(reverse("order_signed", args=[order.pk]))
    messages.info(request, f"Order {order.number} is {order.get_status_display().lower()} already.")
    return SeeOther(reverse("order_detail", args=[order.pk]))


def _page(request: HttpRequest, order: Order, form: SignForm) -> HttpResponse:
    ruleset = library.ruleset(order.consultation.version_id)
    page = review_page(order, ruleset, change_url=change_address(order.consultation, order))
    return render(
        request,
        "ordering/order_review.html",
        {
            "order": order,
            "form": form,
            "page": page,
            "current": order.consultation.version.state == State.PUBLISHED,
            "withdrawn": withdrawal_of(order.consultation),
            "patient_banner": banner(order.patient),
            "patient_name": listed_name(order.patient),
            "spoken_name": spoken_name(order.patient),
            "steps": steps(3),
            "nav": "new-order",
        },
    )


def _log_view(order: Order) -> None:
    audit.log(
        "order.viewed",
        action="R",
        entity="order",
        entity_id=order.pk,
        organisation_id=order.organisation_id,
        patient_id=order.patient_id,
    )
