"""Every refusal is an OperationOutcome; tokens, organisations and formats."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from fhir.resources.R4B.operationoutcome import OperationOutcome

from ordering.fhir import urls
from ordering.models import Order
from portal.models import ApiToken, AuditEvent
from tests.content import LEUKAEMIA
from tests.ordering.api.caller import secret_for
from tests.ordering.fhir.conftest import Reader
from tests.ordering.placing import place

pytestmark = pytest.mark.django_db

NOBODY = "0190d3f0-0000-7000-8000-000000000001"
OPEN = {"fhir-metadata", "fhir-smart", "fhir-token", "fhir-nothing-here"}
PATHS = {
    "fhir-orders": "ServiceRequest",
    "fhir-orders-posted": "ServiceRequest/_search",
    "fhir-order": f"ServiceRequest/{NOBODY}",
    "fhir-patient": f"Patient/{NOBODY}",
    "fhir-practitioner": "Practitioner/1",
    "fhir-guidance": f"GuidanceResponse/{NOBODY}",
    "fhir-plan": f"PlanDefinition/{LEUKAEMIA}",
    "fhir-activity": f"ActivityDefinition/{LEUKAEMIA}.radiography-chest",
    "fhir-provenances": "Provenance?target=x",
    "fhir-provenances-posted": "Provenance/_search",
    "fhir-provenance": "Provenance/1",
    "fhir-audit-events": "AuditEvent?entity=x",
    "fhir-audit-events-posted": "AuditEvent/_search",
    "fhir-audit-event": "AuditEvent/1",
}


def is_outcome(answer, status: int, code: str) -> bool:
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer.headers["Content-Type"] == "application/fhir+json"
    body = answer.json()
    OperationOutcome.model_validate(body)
    assert {issue["code"] for issue in body["issue"]} == {code}
    assert answer.headers["X-Request-ID"]
    return True


def method(name: str) -> str:
    return "POST" if name.endswith("-posted") else "GET"


def test_every_address_is_in_the_table():
    assert {pattern.name for pattern in urls.urlpatterns} == PATHS.keys() | OPEN


def test_nobody_reads_without_a_token():
    for name, path in PATHS.items():
        for header in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic dTpw"},
                       {"Authorization": "Bearer smart.nonsense"}):  # fmt: skip
            answer = Client().generic(method(name), f"/fhir/r4/{path}", headers=header)
            assert is_outcome(answer, 401, "login"), name
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_scope_and_role_are_both_needed(leukaemia, clinician, auditor, editor, administrator):
    without = Reader(secret_for(clinician, "suggest", "orders:write"))
    for name, path in PATHS.items():
        assert is_outcome(without.fhir(path, method(name)), 403, "forbidden"), name
        for user in (editor, administrator):
            assert is_outcome(Reader(secret_for(user)).fhir(path, method(name)), 403, "forbidden"), name
    assert AuditEvent.objects.filter(event_type="access.denied", via="fhir").count() >= 3 * len(PATHS)
    for user in (clinician, auditor):
        assert Reader(secret_for(user, "orders:read")).fhir("ServiceRequest").status_code == 200
    trail = Reader(secret_for(auditor, "audit:read"))
    assert trail.fhir(f"AuditEvent?entity=ServiceRequest/{NOBODY}").status_code == 200
    assert trail.fhir("ServiceRequest").status_code == 403


def test_another_organisations_records_are_as_good_as_none(
    reader: Reader, foreigner: Reader, order: Order, other_clinic, clinician
):
    step = reader.read(f"Provenance?target=ServiceRequest/{order.pk}")["entry"][0]["resource"]["id"]
    owned = {
        f"ServiceRequest/{order.pk}": "order",
        f"Patient/{order.patient_id}": "patient",
        f"GuidanceResponse/{order.consultation_id}": "consultation",
        f"Provenance/{step}": "order-status",
        f"Practitioner/{clinician.pk}": "user",
    }
    for path, entity in owned.items():
        assert reader.fhir(path).status_code == 200
        answer = foreigner.fhir(path)
        missing = foreigner.fhir(f"{path.split('/')[0]}/{NOBODY}")
        assert is_outcome(answer, 404, "not-found"), path
        assert answer.json() == missing.json()
        denial = AuditEvent.objects.filter(event_type="access.denied").latest("id")
        assert (denial.entity, denial.entity_id) == (entity, path.split("/")[1])
        assert denial.actor.startswith(f"user:{other_clinic.pk}:")
    for search in (
        "ServiceRequest",
        f"ServiceRequest?patient={order.patient_id}",
        f"ServiceRequest?patient.identifier={order.patient.mrn}",
        f"ServiceRequest?_id={order.pk}",
        f"Provenance?target={order.pk}",
        f"AuditEvent?entity={order.pk}",
    ):
        assert foreigner.read(search)["total"] == 0, search


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("ServiceRequest/none", {}, 404, "not-found"),
    (f"ServiceRequest/{NOBODY}", {}, 404, "not-found"),
    ("ServiceRequest/" + NOBODY.replace("-", ""), {}, 404, "not-found"),
    ("Patient/1.5", {}, 404, "not-found"),
    ("Practitioner/" + "9" * 30, {}, 404, "not-found"),
    ("Provenance/4_2", {}, 404, "not-found"),
    ("PlanDefinition/unknown", {}, 404, "not-found"),
    ("Observation", {}, 404, "not-found"),
    ("Observation/1", {"method": "PUT"}, 404, "not-found"),
    ("", {}, 404, "not-found"),
    (f"ServiceRequest/{NOBODY}/_history/1", {}, 404, "not-found"),
    ("ServiceRequest", {"method": "POST"}, 405, "not-supported"),
    (f"ServiceRequest/{NOBODY}", {"method": "PUT"}, 405, "not-supported"),
    (f"ServiceRequest/{NOBODY}", {"method": "DELETE"}, 405, "not-supported"),
    ("ServiceRequest/_search", {"method": "PUT"}, 405, "not-supported"),
    ("ServiceRequest/_search", {}, 405, "not-supported"),
    ("Provenance/_search", {}, 405, "not-supported"),
    ("AuditEvent/_search", {"method": "DELETE"}, 405, "not-supported"),
    ("metadata", {"method": "POST"}, 405, "not-supported"),
    ("ServiceRequest?_format=xml", {}, 406, "not-supported"),
    ("metadata?_format=application/fhir%2Bxml", {}, 406, "not-supported"),
    ("ServiceRequest", {"Accept": "application/fhir+xml"}, 406, "not-supported"),
    ("ServiceRequest", {"Accept": "application/fhir+json; fhirVersion=3.0"}, 406, "not-supported"),
    ("ServiceRequest/_search", {"method": "POST", "Content_Type": "text/plain", "raw": b"x"}, 415,
     "not-supported"),
    ("ServiceRequest/_search", {"method": "POST", "raw": b"status=%00",
     "Content_Type": "application/x-www-form-urlencoded"}, 400, "invalid"),
    ("ServiceRequest/_search", {"method": "POST", "raw": b"status=" + b"a" * 2**21,
     "Content_Type": "application/x-www-form-urlencoded"}, 413, "too-long"),
    ("ServiceRequest?status=%00", {}, 400, "invalid"),
    ("ServiceRequest/%ff", {}, 400, "invalid"),
    ("ServiceRequest?" + "&".join(f"a{n}=1" for n in range(2500)), {}, 400, "invalid"),
]  # fmt: skip


def test_every_refusal_is_an_operation_outcome(reader: Reader):
    for path, sent, status, code in REFUSED:
        given = dict(sent)

        answer = reader.fhir(path, given.pop("method", "GET"), given.pop("raw", b""), **given)

        assert is_outcome(answer, status, code), path[:60]
        assert status != 405 or answer.headers["Allow"]


def test_a_flood_and_a_database_that_is_away(reader: Reader, order: Order, settings, monkeypatch):
    with monkeypatch.context() as patched:

        def away(*_args, **_kwargs):
            raise OperationalError

        patched.setattr("ordering.fhir.views.orders.with_everything", away)
        answer = reader.fhir(f"ServiceRequest/{order.pk}")
        assert is_outcome(answer, 503, "transient")
        assert answer.headers["Retry-After"]
    settings.PORTAL_API_RATE = 1
    answers = [reader.fhir("ServiceRequest") for _ in range(2)]
    assert is_outcome(answers[-1], 429, "throttled")
    assert answers[-1].headers["Retry-After"]


def test_the_answer_has_the_name_that_was_asked_for(reader: Reader, order: Order):
    path = f"ServiceRequest/{order.pk}"
    for accept, named in {
        "": "application/fhir+json",
        "*/*": "application/fhir+json",
        "text/html, application/xhtml+xml, */*;q=0.8": "application/fhir+json",
        "application/fhir+json": "application/fhir+json",
        "application/fhir+json;fhirVersion=4.0": "application/fhir+json",
        "APPLICATION/FHIR+JSON; charset=utf-8": "application/fhir+json",
        "application/json+fhir": "application/fhir+json",
        "application/json": "application/json",
        "application/fhir+xml;q=1.0, application/json;q=0.9": "application/json",
    }.items():
        assert reader.fhir(path, Accept=accept).headers["Content-Type"] == named, accept
    for written in ("json", "application/json", "application/fhir+json", "application/fhir%2Bjson"):
        answer = reader.fhir(f"{path}?_format={written}", Accept="application/fhir+xml")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].endswith("json")


def test_what_was_not_changed_is_not_sent_again(reader: Reader, order: Order, patient, clinician):
    path = f"ServiceRequest/{order.pk}"
    first = reader.fhir(path)
    tag = first.headers["ETag"]
    assert tag == f'W/"{order.revision}"'
    for headers in (
        {"If_None_Match": tag},
        {"If_None_Match": f'"{order.revision}"'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": first.headers["Last-Modified"]},
    ):
        again = reader.fhir(path, **headers)
        assert (again.status_code, again.content) == (304, b""), headers
        assert again.headers["ETag"] == tag

    place(patient, clinician, parent=order)  # a follow-up changes what the order says

    assert reader.fhir(path, If_None_Match=tag).status_code == 200
    assert is_outcome(reader.fhir(path, If_None_Match="nonsense"), 400, "invalid")
    viewed = AuditEvent.objects.filter(event_type="order.viewed", entity_id=str(order.pk), via="fhir")
    assert viewed.count() == 6
    assert viewed[0].patient_ref == str(order.patient_id)
    assert first.headers["Cache-Control"] == "no-store"


def test_a_token_needs_its_scope_in_name_only(reader: Reader):
    assert ApiToken.objects.get().scopes == ["orders:read"]
    assert reader.fhir("metadata").status_code == 200
    assert reader.fhir("ServiceRequest", "HEAD").status_code == 200
