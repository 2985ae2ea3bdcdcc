"""Finding, registering and opening patients. What was typed never stands in an address."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from guidelines import library
from ordering import history, patient_search, policies
from ordering.actions import PatientIdentity, create_patient
from ordering.exceptions import Refused
from ordering.forms import refuse
from ordering.forms.days import UnclearDay
from ordering.forms.patients import CONFIRMED, PatientForm, PatientSearchForm
from ordering.models import Consultation, Patient
from ordering.presenters.kept import kept_rows
from ordering.presenters.patient_history import baselines, patient_timeline, prior_rows, rulesets_of
from ordering.presenters.patient_lists import again_url, asked, rows_of, start_url
from ordering.presenters.patients import banner, listed_name
from ordering.presenters.worklist import row_of
from ordering.views.access import clinician_required, patient_of, reader_required
from ordering.views.keeping import kept_of
from ordering.views.responses import SeeOther
from portal import audit
from portal.models import User

SEARCHES = "patient-searches"  # in the session: {random key: what was typed}, so that Back and reload work
KEPT_SEARCHES = 10
ADVICE_ROWS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def patient_search_page(request: HttpRequest) -> HttpResponse:
    """Search by name, date of birth and record number; an exact record number opens the patient.

    `search` in the address is the key of a search in the session, `scenario` what an order is wanted for.
    """
    scenario = _scenario(request)
    if request.method != "POST":
        return _results(request, scenario)
    form = PatientSearchForm(request.POST)
    if not form.is_valid():
        return _search_page(request, form, scenario)
    try:
        sought = patient_search.read_search(form.cleaned_data["q"])
    except UnclearDay as unclear:
        form.add_error("q", str(unclear))
        return _search_page(request, form, scenario)
    patient = patient_search.exact(_organisation(request), sought)
    if patient is not None:
        _log_search(request, 1)
        opened = start_url(patient.pk, scenario) if scenario else reverse("patient_detail", args=[patient.pk])
        return SeeOther(opened)
    query = {"search": _remember(request, sought.text)} | ({"scenario": scenario} if scenario else {})
    return SeeOther(f"{reverse('patient_search')}?{urlencode(query)}")


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def patient_new(request: HttpRequest) -> HttpResponse:
    """Register a patient, after a look at those who may be the same person."""
    if request.method != "POST":
        return _new_page(request, PatientForm())
    form = PatientForm(request.POST)
    if not form.is_valid():
        return _new_page(request, form, taken=_holder(request, form.cleaned_data.get("mrn", "")))
    taken = _holder(request, form.cleaned_data["mrn"])
    if taken is not None:
        return _is_taken(request, form, taken)
    alike = patient_search.similar(_organisation(request), form.identity)
    # what was confirmed is the list that was shown; somebody may have registered the patient meanwhile
    if alike and set(request.POST.getlist(CONFIRMED)) != {str(patient.pk) for patient in alike}:
        return _new_page(request, form, alike=alike)
    user = _user(request)
    assert user.organisation is not None
    try:
        patient = create_patient(organisation=user.organisation, identity=form.identity, by=user)
    except Refused as refused:
        taken = _holder(request, form.cleaned_data["mrn"])
        if taken is not None:
            return _is_taken(request, form, taken)
        refuse(form, refused.refusals)
        return _new_page(request, form)
    messages.success(request, "The patient is registered. Check the name and date of birth above.")
    return SeeOther(reverse("patient_detail", args=[patient.pk]))


@require_safe
@reader_required
def patient_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a patient's orders, and advice on which none was placed."""
    patient = patient_of(request, pk)
    may_order = policies.may_order(_user(request))
    wanted = history.OrderFilter(patient.organisation_id, patient_id=patient.pk)
    told = history.orders(wanted).select_related("consultation")
    page = history.page_of(told.prefetch_related("statuses__by", "findings__recorded_by"))
    rulesets = rulesets_of(page.orders)
    prior = list(patient.prior_studies.select_related("recorded_by", "struck_by"))
    advice = (
        Consultation.objects.filter(patient=patient, order__isnull=True)
        .select_related("requester")
        .order_by("-created_at", "-pk")[:ADVICE_ROWS]
    )
    audit.log(
        "patient.viewed",
        action="R",
        entity="patient",
        entity_id=patient.pk,
        organisation_id=patient.organisation_id,
        patient_id=patient.pk,
    )
    return render(
        request,
        "ordering/patient_detail.html",
        {
            "patient": patient,
            "patient_banner": banner(patient),
            "patient_name": listed_name(patient),
            "rows": [row_of(order, may_order=may_order) for order in page.orders],
            "more_url": f"{reverse('order_list')}?{urlencode({'patient': str(patient.pk)})}"
            if page.older
            else "",
            "prior": prior_rows(prior, may_order=may_order),
            "baselines": baselines(page.orders, rulesets),
            "timeline": patient_timeline(page.orders, prior, rulesets),
            "advice": [asked(consultation, may_order=may_order) for consultation in advice],
            "kept": kept_rows(kept_of(_user(request)).filter(patient=patient)) if may_order else [],
            "may_order": may_order,
            "start_url": start_url(patient.pk),
            "again_url": again_url(page.orders[0]) if may_order and page.orders else "",
            "nav": "orders",
        },
    )


def _results(request: HttpRequest, scenario: str) -> HttpResponse:
    """Show the empty box, or what a search of the session found."""
    text = request.session.get(SEARCHES, {}).get(request.GET.get("search", ""), "")
    if not text:
        return _search_page(request, PatientSearchForm(), scenario)
    sought = patient_search.read_search(text)
    found = list(patient_search.matching(_organisation(request), sought)[: patient_search.MOST + 1])
    _log_search(request, min(len(found), patient_search.MOST))
    many = len(found) > patient_search.MOST
    shown = found[: patient_search.MOST]
    confusable = patient_search.confusable(shown)
    results = {
        "text": text,
        "rows": rows_of(shown, confusable=confusable, scenario=scenario),
        "many": many,
        "most": patient_search.MOST,
        "confusable": bool(confusable),
    }
    return _search_page(request, PatientSearchForm(initial={"q": text}), scenario, results=results)


def _search_page(
    request: HttpRequest,
    form: PatientSearchForm,
    scenario: str,
    *,
    results: dict[str, Any] | None = None,
) -> HttpResponse:
    title = next((edition.title for edition in library.published() if edition.slug == scenario), "")
    return render(
        request,
        "ordering/patient_search.html",
        {
            "form": form,
            "scenario": scenario,
            "scenario_title": title,
            "results": results,
            "nav": "new-order",
        },
    )


def _new_page(
    request: HttpRequest,
    form: PatientForm,
    *,
    alike: list[Patient] | None = None,
    taken: Patient | None = None,
) -> HttpResponse:
    if taken is not None and form.is_bound:
        form.add_error(
            "mrn", "A patient with this MRN is registered already. Open that patient, or check the number."
        )
    return render(
        request,
        "ordering/patient_new.html",
        {
            "form": form,
            "alike": rows_of(alike or []),
            "taken": rows_of([taken] if taken else []),
            "confirmed_name": CONFIRMED,
            "nav": "new-order",
        },
    )


def _is_taken(request: HttpRequest, form: PatientForm, taken: Patient) -> HttpResponse:
    """The same person again is a second click or a known patient: open it. Anybody else is a mistake."""
    known = PatientIdentity(taken.mrn, taken.family_name, taken.given_name, taken.birth_date, taken.sex)
    if known == form.identity:
        messages.info(request, "This patient is registered already.")
        return SeeOther(reverse("patient_detail", args=[taken.pk]))
    return _new_page(request, form, taken=taken)


def _holder(request: HttpRequest, mrn: str) -> Patient | None:
    return Patient.objects.filter(organisation_id=_organisation(request), mrn=mrn).first() if mrn else None


def _remember(request: HttpRequest, text: str) -> str:
    """Keep what was typed in the session and return the key that stands for it in addresses."""
    key = secrets.token_urlsafe(8)
    kept = list(request.session.get(SEARCHES, {}).items())[-(KEPT_SEARCHES - 1) :]
    request.session[SEARCHES] = dict([*kept, (key, text)])
    return key


def _log_search(request: HttpRequest, count: int) -> None:
    audit.log(
        "patients.searched",
        action="R",
        entity="patient",
        organisation_id=_organisation(request),
        detail={"count": count},  # never what was typed
    )


def _scenario(request: HttpRequest) -> str:
    """Return the scenario that an order is wanted for, if the address or the form names one in use."""
    wanted = request.POST.get("scenario") or request.GET.get("scenario", "")
    return wanted if wanted and wanted in {edition.slug for edition in library.published()} else ""


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _organisation(request: HttpRequest) -> int:
    organisation_id = _user(request).organisation_id
    assert organisation_id is not None
    return organisation_id
