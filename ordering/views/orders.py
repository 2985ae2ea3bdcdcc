"""The history of orders, and the pages of one order that only show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from guidelines import library
from ordering import history, patient_search, policies
from ordering.forms.days import UnclearDay
from ordering.forms.filters import OrderFilterForm
from ordering.forms.findings import FindingForm
from ordering.forms.patients import PatientSearchForm
from ordering.models import Order, Patient
from ordering.presenters.advice import guideline_url
from ordering.presenters.order import advice_as_given, order_page
from ordering.presenters.patient_lists import PatientRow, rows_of
from ordering.presenters.patients import banner, listed_name
from ordering.presenters.timeline import via_words
from ordering.presenters.trail import TRAIL_ROWS, trail_of
from ordering.presenters.worklist import row_of
from ordering.views.access import order_of, patient_of, reader_required
from ordering.views.responses import SeeOther
from portal import audit
from portal.models import User

FILTERS = ("status", "study", "rating", "placed_from", "placed_to", "patient")


@require_http_methods(["GET", "HEAD", "POST"])
@reader_required
def order_list(request: HttpRequest) -> HttpResponse:
    """List the organisation's orders, newest first. Filters are in the address; a typed patient is posted."""
    if request.method == "POST":
        return _patient_named(request)
    organisation_id = _organisation(request)
    filters = OrderFilterForm({name: request.GET.get(name, "") for name in FILTERS}, auto_id="filter_%s")
    if not filters.is_valid():
        return _list_page(request, filters, patient=None, page=None)
    patient = (
        patient_of(request, filters.cleaned_data["patient"]) if filters.cleaned_data["patient"] else None
    )
    wanted = filters.wanted(organisation_id, patient.pk if patient else None)
    before, after = (_edge(request, name) for name in ("before", "after"))
    page = history.page_of(history.orders(wanted), before=before, after=after)
    audit.log(
        "orders.listed",
        action="R",
        entity="order",
        organisation_id=organisation_id,
        patient_id=patient.pk if patient else None,
        detail={"page": "history", "count": len(page.orders)},
    )
    return _list_page(request, filters, patient=patient, page=page, is_filtered=wanted.is_filtered)


@require_safe
@reader_required
def order_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show an order: how far it has come, what was found and follows, and what was asked."""
    order = order_of(request, pk)
    viewed("order.viewed", order)
    return detail_page(request, order)


@require_safe
@reader_required
def order_advice(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the advice that the order was placed on, exactly as it was given. Nothing is worked out anew."""
    order = order_of(request, pk)
    consultation = order.consultation
    page, answers = advice_as_given(consultation, library.ruleset(consultation.version_id))
    viewed("order.viewed", order, page="advice")
    return render(
        request,
        "ordering/order_advice.html",
        _about(order)
        | {
            "page": page,
            "answers": answers,
            "consultation": consultation,
            "by": consultation.requester.display_name,
            "via": via_words(consultation.via),
            "source": consultation.suggestion["source"],
            "guideline_url": guideline_url(consultation.scenario_slug, page.version),
        },
    )


@require_safe
@reader_required
def order_trail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show who did what to the order, and who looked at it; `before` in the address pages on."""
    order = order_of(request, pk)
    before = request.GET.get("before", "")
    trail = trail_of(
        order, before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    )
    viewed("order.trail-viewed", order)
    older = f"{request.path}?before={trail.older}" if trail.older else None
    newest = request.path if before else None
    return render(
        request,
        "ordering/order_trail.html",
        _about(order) | {"trail": trail, "older_url": older, "newest_url": newest, "most": TRAIL_ROWS},
    )


def detail_page(
    request: HttpRequest,
    order: Order,
    *,
    form: FindingForm | None = None,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    """Return the page of an order; `form` is a finding that was not recorded, `conflict` says why."""
    user = _user(request)
    ruleset = library.ruleset(order.consultation.version_id)
    page = order_page(order, ruleset, may_order=policies.may_order(user))
    if form is None and page.can_report:
        form = FindingForm(ruleset, initial={"revision": order.revision}, baseline=page.baseline)
    return render(
        request,
        "ordering/order_detail.html",
        _about(order)
        | {
            "page": page,
            "form": form if page.can_report else None,
            "conflict": conflict,
            "may_order": policies.may_order(user),
            "guideline_url": guideline_url(order.scenario_slug, order.version_number),
        },
        status=status,
    )


def viewed(event: str, order: Order, **detail: str) -> None:
    """Record that somebody looked at an order."""
    audit.log(
        event,
        action="R",
        entity="order",
        entity_id=order.pk,
        organisation_id=order.organisation_id,
        patient_id=order.patient_id,
        detail=detail or None,
    )


def _about(order: Order) -> dict[str, Any]:
    return {
        "order": order,
        "patient_banner": banner(order.patient),
        "patient_name": listed_name(order.patient),
        "nav": "orders",
    }


def _list_page(
    request: HttpRequest,
    filters: OrderFilterForm,
    *,
    patient: Patient | None,
    page: history.OrderPage | None,
    is_filtered: bool = True,
    patient_form: PatientSearchForm | None = None,
    candidates: list[PatientRow] | None = None,
    status: int = 200,
) -> HttpResponse:
    user = _user(request)
    may_order = policies.may_order(user)
    kept = _kept(filters.data)
    without_patient = {name: value for name, value in kept.items() if name != "patient"}
    orders = page.orders if page else []
    return render(
        request,
        "ordering/order_list.html",
        {
            "filters": filters,
            "form": patient_form or filters,
            "patient_form": patient_form or PatientSearchForm(auto_id="patient_%s"),
            "patient_row": rows_of([patient])[0] if patient else None,
            "candidates": [
                (row, _address(without_patient | {"patient": str(row.pk)})) for row in candidates or []
            ],
            "kept": kept.items(),
            "rows": [row_of(order, may_order=may_order) for order in orders],
            "listed": page is not None,
            "is_filtered": is_filtered,
            "clear_url": reverse("order_list"),
            "without_patient_url": _address(without_patient),
            "older_url": _address(kept | {"before": str(page.older)}) if page and page.older else None,
            "newer_url": _address(kept | {"after": str(page.newer)}) if page and page.newer else None,
            "may_order": may_order,
        },
        status=status,
    )


def _patient_named(request: HttpRequest) -> HttpResponse:
    """Turn what was typed about a patient into the identifier that may stand in an address."""
    kept = _kept(request.POST)
    kept.pop("patient", None)
    filters = OrderFilterForm({name: kept.get(name, "") for name in FILTERS}, auto_id="filter_%s")
    form = PatientSearchForm(request.POST, auto_id="patient_%s")
    candidates: list[Patient] = []
    if form.is_valid():
        try:
            sought = patient_search.read_search(form.cleaned_data["q"])
        except UnclearDay as unclear:
            form.add_error("q", str(unclear))
        else:
            candidates = _candidates(request, sought)
            if len(candidates) == 1:
                return SeeOther(_address(kept | {"patient": str(candidates[0].pk)}))
            if not candidates:
                form.add_error(
                    "q", "No patient fits this. Check the spelling, or search by date of birth or MRN."
                )
            elif len(candidates) > patient_search.MOST:
                form.add_error(
                    "q", f"More than {patient_search.MOST} patients fit this. Add one more identifier."
                )
                candidates = []
    return _list_page(
        request, filters, patient=None, page=None, patient_form=form, candidates=rows_of(candidates)
    )


def _candidates(request: HttpRequest, sought: patient_search.Sought) -> list[Patient]:
    organisation_id = _organisation(request)
    exact = patient_search.exact(organisation_id, sought)
    found = (
        [exact]
        if exact
        else list(patient_search.matching(organisation_id, sought)[: patient_search.MOST + 1])
    )
    audit.log(
        "patients.searched",
        action="R",
        entity="patient",
        organisation_id=organisation_id,
        detail={"count": min(len(found), patient_search.MOST)},
    )
    return found


def _edge(request: HttpRequest, name: str) -> Order | None:
    """Return the order at the edge of the page that the address names; anything else begins at the newest."""
    try:
        pk = UUID(request.GET.get(name, ""))
    except ValueError:
        return None
    return Order.objects.filter(organisation_id=_organisation(request), pk=pk).only("placed_at").first()


def _kept(values: Any) -> dict[str, str]:
    """Return the filters that say something."""
    return {name: value for name in FILTERS if (value := values.get(name, ""))}


def _address(filters: dict[str, str]) -> str:
    return reverse("order_list") + (f"?{urlencode(filters)}" if filters else "")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _organisation(request: HttpRequest) -> int:
    organisation_id = _user(request).organisation_id
    assert organisation_id is not None
    return organisation_id
