"""The page that a card's link opens: from the answers of an EHR's record to an order of the portal."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from guidelines import library
from guidelines.exceptions import NoPublishedVersion
from ordering.cds_hooks.actions import take_over
from ordering.exceptions import Refused
from ordering.forms.patients import printable
from ordering.models import Consultation, Patient, Via
from ordering.presenters.patients import banner, listed_name
from ordering.views.access import clinician_required, patient_of
from ordering.views.responses import SeeOther
from portal import audit
from portal.models import User


class RecordNumberForm(forms.Form):
    """The number by which the portal knows the patient."""

    mrn = forms.CharField(
        label="Medical record number (MRN)",
        max_length=40,
        help_text="As your organisation writes it. Check it against the patient in front of you.",
        error_messages={"required": "Give the medical record number."},
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "in-12"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@clinician_required
def order_from(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Start an order with the answers that the EHR's record gave.

    A call names the patient of another system. Unless the portal could tell who that is, the clinician
    names the patient and confirms it before any answer is taken over.
    """
    consultation = _consultation(request, pk)
    if consultation.patient_id is not None:
        return SeeOther(_form_address(consultation))
    if request.method != "POST":
        return _page(request, consultation, RecordNumberForm())
    if "patient" in request.POST:
        return _confirmed(request, consultation, patient_of(request, request.POST["patient"]))
    form = RecordNumberForm(request.POST)
    patient = None
    if form.is_valid():
        patient = Patient.objects.filter(
            organisation=consultation.organisation_id, mrn__iexact=form.cleaned_data["mrn"]
        ).first()
        if patient is None:
            form.add_error(
                "mrn", "The portal knows no patient with this number. Check it, or register the patient."
            )
    return _page(request, consultation, form, patient=patient)


def _confirmed(request: HttpRequest, consultation: Consultation, patient: Patient) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        taken = take_over(consultation=consultation, patient=patient, by=request.user)
    except Refused as refused:
        form = RecordNumberForm(initial={"mrn": patient.mrn})
        return _page(request, consultation, form, refusals=[row.message for row in refused.refusals])
    return SeeOther(_form_address(taken))


def _consultation(request: HttpRequest, pk: UUID) -> Consultation:
    """Return the question that an EHR of the own organisation asked. Raises Http404 for any other."""
    assert isinstance(request.user, User)
    found = Consultation.objects.filter(
        pk=pk, organisation=request.user.organisation_id, via=Via.CDS_HOOKS
    ).first()
    if found is None:
        audit.denied(request, entity="consultation", entity_id=pk, reason="not-in-organisation")
        raise Http404
    return found


def _form_address(consultation: Consultation) -> str:
    address = reverse("order_new", args=[consultation.patient_id, consultation.scenario_slug])
    return f"{address}?from={consultation.pk}"


def _page(
    request: HttpRequest,
    consultation: Consultation,
    form: RecordNumberForm,
    *,
    patient: Patient | None = None,
    refusals: list[str] | None = None,
) -> HttpResponse:
    if patient is not None:
        audit.log(
            "patient.viewed",
            action="R",
            entity="patient",
            entity_id=patient.pk,
            organisation_id=patient.organisation_id,
            patient_id=patient.pk,
        )
    try:
        title = library.current(consultation.scenario_slug)[1].title
    except NoPublishedVersion:
        raise Http404 from None
    return render(
        request,
        "ordering/order_from.html",
        {
            "consultation": consultation,
            "scenario_title": title,
            "answered": len(consultation.answers),
            "form": form,
            "patient": patient,
            "patient_banner": banner(patient) if patient else None,
            "patient_name": listed_name(patient) if patient else "",
            "refusals": refusals or [],
            "nav": "new-order",
        },
        status=422 if refusals or form.errors else 200,
    )
