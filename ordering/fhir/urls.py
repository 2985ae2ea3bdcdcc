"""Addresses of the FHIR service, mounted at /fhir/r4/; a slash at the end changes nothing."""

from django.urls import re_path

from ordering.fhir.views import orders, records, service, trail

ID = r"(?P<pk>[^/]+)/?$"

urlpatterns = [
    re_path(r"^metadata/?$", service.Metadata.as_view(), name="fhir-metadata"),
    re_path(r"^\.well-known/smart-configuration/?$", service.smart_configuration, name="fhir-smart"),
    re_path(r"^auth/token/?$", service.token, name="fhir-token"),
    re_path(r"^ServiceRequest/?$", orders.ServiceRequests.as_view(), name="fhir-orders"),
    re_path(r"^ServiceRequest/_search/?$", orders.ServiceRequestsPosted.as_view(), name="fhir-orders-posted"),
    re_path(rf"^ServiceRequest/{ID}", orders.ServiceRequest.as_view(), name="fhir-order"),
    re_path(rf"^Patient/{ID}", records.PatientRead.as_view(), name="fhir-patient"),
    re_path(rf"^Practitioner/{ID}", records.PractitionerRead.as_view(), name="fhir-practitioner"),
    re_path(rf"^GuidanceResponse/{ID}", records.GuidanceRead.as_view(), name="fhir-guidance"),
    re_path(rf"^PlanDefinition/{ID}", records.PlanRead.as_view(), name="fhir-plan"),
    re_path(rf"^ActivityDefinition/{ID}", records.ActivityRead.as_view(), name="fhir-activity"),
    re_path(r"^Provenance/?$", trail.ProvenanceSearch.as_view(), name="fhir-provenances"),
    re_path(r"^Provenance/_search/?$", trail.ProvenancePosted.as_view(), name="fhir-provenances-posted"),
    re_path(rf"^Provenance/{ID}", trail.ProvenanceRead.as_view(), name="fhir-provenance"),
    re_path(r"^AuditEvent/?$", trail.AuditEventSearch.as_view(), name="fhir-audit-events"),
    re_path(r"^AuditEvent/_search/?$", trail.AuditEventPosted.as_view(), name="fhir-audit-events-posted"),
    re_path(rf"^AuditEvent/{ID}", trail.AuditEventRead.as_view(), name="fhir-audit-event"),
    re_path(r"^.*$", service.NothingHere.as_view(), name="fhir-nothing-here"),
]
