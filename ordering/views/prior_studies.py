"""Studies that were done elsewhere: entering one by hand, and striking one that was an error."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from ordering.actions import record_prior_study, strike_prior_study
from ordering.exceptions import Refused
from ordering.forms import refuse
from ordering.forms.prior_studies import PriorStudyForm, StrikeForm
from ordering.models import Patient
from ordering.presenters.baseline import prior_words
from ordering.presenters.patients import banner, listed_name
from ordering.views.access import clinician_required, patient_of, prior_study_of
from ordering.views.responses import SeeOther
from portal import audit


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def prior_study_new(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enter a study of the patient. The same form sent twice enters it once."""
    patient = patient_of(request, pk)
    if request.method != "POST":
        _viewed(patient)
        return _page(request, "prior_study_new", patient, PriorStudyForm())
    form = PriorStudyForm(request.POST)
    if not form.is_valid():
        return _page(request, "prior_study_new", patient, form)
    try:
        record_prior_study(patient=patient, by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
    except Refused as refused:
        refuse(form, refused.refusals)
        return _page(request, "prior_study_new", patient, form)
    messages.success(request, "The prior study is saved.")
    return SeeOther(reverse("patient_detail", args=[patient.pk]) + "#prior")


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def prior_study_strike(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Mark an entry as an error, for a reason. It stays in sight, struck."""
    study = prior_study_of(request, pk)
    back = reverse("patient_detail", args=[study.patient_id]) + "#prior"
    if study.struck_at is not None:
        messages.info(request, "This study is marked as entered in error already.")
        return redirect(back)
    form = StrikeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            strike_prior_study(study=study, by=request.user, reason=form.cleaned_data["reason"])  # type: ignore[arg-type]
        except Refused as refused:
            refuse(form, refused.refusals)
        else:
            messages.success(request, "The study is marked as entered in error.")
            return SeeOther(back)
    if request.method != "POST":
        _viewed(study.patient)
    return _page(request, "prior_study_strike", study.patient, form, study=study, words=prior_words(study))


def _viewed(patient: Patient) -> None:
    audit.log(
        "patient.viewed",
        action="R",
        entity="patient",
        entity_id=patient.pk,
        organisation_id=patient.organisation_id,
        patient_id=patient.pk,
    )


def _page(
    request: HttpRequest, name: str, patient: Patient, form: PriorStudyForm | StrikeForm, **more: object
) -> HttpResponse:
    return render(
        request,
        f"ordering/{name}.html",
        {
            "patient": patient,
            "patient_banner": banner(patient),
            "patient_name": listed_name(patient),
            "form": form,
            "nav": "orders",
        }
        | more,
    )
