"""What an order refers to: patient, requester, the advice, and the guideline."""

from __future__ import annotations

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from ordering.api.permissions import user_of
from ordering.fhir import definitions, guidance, translate
from ordering.fhir.editions import rated_study, scenario_edition
from ordering.fhir.query import by_number_id, uuid_of
from ordering.fhir.reading import consultation_record, patient_record, person
from ordering.fhir.values import meta
from ordering.fhir.views.base import FhirView
from ordering.models import Consultation, Order, Patient
from portal import audit
from portal.models import User


class PatientRead(FhirView):
    """One patient of the organisation."""

    kind = "Patient"

    def get(self, request: Request, pk: str) -> Response:
        """Return the Patient."""
        if (found := uuid_of(pk)) is None:
            raise Http404
        rows = Patient.objects.select_related("organisation").filter(pk=found)
        patient = self.own(request, rows, lambda row: row.organisation_id, entity="patient")
        made = translate.patient(patient_record(patient), self.place(request))
        response = self.answer(request, made, patient.created_at)
        audit.log(
            "patient.viewed",
            action="R",
            entity="patient",
            entity_id=patient.pk,
            organisation_id=patient.organisation_id,
            patient_id=patient.pk,
        )
        return response


class PractitionerRead(FhirView):
    """One person of the organisation, or who ordered there."""

    kind = "Practitioner"

    def get(self, request: Request, pk: str) -> Response:
        """Return the Practitioner."""
        organisation_id = user_of(request).organisation_id
        user = User.objects.filter(by_number_id(pk, self.place(request))).first()
        if user is None:
            raise Http404
        ordered_here = Order.objects.filter(organisation=organisation_id, requester=user)
        if user.organisation_id != organisation_id and not ordered_here.exists():
            audit.denied(request, entity="user", entity_id=user.pk, reason="another organisation")
            raise Http404
        made = translate.practitioner(person(user)) | {"meta": meta(1, user.date_joined)}
        return self.answer(request, made, None)


class GuidanceRead(FhirView):
    """The advice of one consultation, as it was given."""

    kind = "GuidanceResponse"

    def get(self, request: Request, pk: str) -> Response:
        """Return the GuidanceResponse."""
        if (found := uuid_of(pk)) is None:
            raise Http404
        rows = Consultation.objects.filter(pk=found)
        consultation = self.own(request, rows, lambda row: row.organisation_id, entity="consultation")
        made = guidance.guidance_response(consultation_record(consultation), self.place(request))
        response = self.answer(request, made, consultation.created_at)
        audit.log(
            "consultation.viewed",
            action="R",
            entity="consultation",
            entity_id=consultation.pk,
            organisation_id=consultation.organisation_id,
            patient_id=consultation.patient_id,
        )
        return response


class PlanRead(FhirView):
    """The published version of a scenario."""

    kind = "PlanDefinition"

    def get(self, request: Request, pk: str) -> Response:
        """Return the PlanDefinition."""
        edition = scenario_edition(pk)
        return self.answer(
            request, definitions.plan_definition(edition, self.place(request)), edition.published_at
        )


class ActivityRead(FhirView):
    """A study that the published version of a scenario rates."""

    kind = "ActivityDefinition"

    def get(self, request: Request, pk: str) -> Response:
        """Return the ActivityDefinition."""
        edition, study = rated_study(pk)
        made = definitions.activity_definition(edition, study, self.place(request))
        if made is None:
            raise Http404
        return self.answer(request, made, edition.published_at)
