"""FHIR resources and calls as an EHR sends them, short to write and easy to spoil."""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

SNOMED = "http://snomed.info/sct"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
STUDY = "https://portal.example.org/fhir/CodeSystem/imaging-study"

CT = "ct-chest-abdomen-pelvis-with-iv-contrast"
PLAIN_CT = "ct-chest-abdomen-pelvis-without-iv-contrast"
PET = "fdg-pet-ct-whole-body"
MRI = "mri-abdomen-pelvis-with-iv-contrast"
PATIENT = "pat-42"
THERAPY_END = "2026-03-12"


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def patient(birth_date: str | None = None, **more: Any) -> dict[str, Any]:
    born = birth_date or f"{date.today().year - 42}-01-01"  # noqa: DTZ011
    return {"resourceType": "Patient", "id": PATIENT, "birthDate": born} | more


def condition(system: str, code: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": f"cond-{code}".lower().replace(".", "-"),
        "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": concept(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
        ),
        "code": concept(system, code),
        "subject": {"reference": f"Patient/{PATIENT}"},
    } | more


def leukaemia(code: str = "C91.00", **more: Any) -> dict[str, Any]:
    return condition(ICD, code, **more)


def nodes(**more: Any) -> dict[str, Any]:
    return condition(SNOMED, "52324001") | {"onsetDateTime": "2026-02-03"} | more


def chemotherapy(status: str = "completed", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "id": f"proc-{status}",
        "status": status,
        "code": concept(SNOMED, "367336001"),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "performedPeriod": {"start": "2026-02-10", "end": THERAPY_END},
    } | more


def egfr(
    value: Any = 68, unit: str = "mL/min/{1.73_m2}", day: str = "2026-05-28", **more: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"egfr-{day}",
        "status": "final",
        "code": concept(LOINC, "98979-8"),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "code": unit, "system": "http://unitsofmeasure.org"},
    } | more


def allergy(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": "allergy",
        "clinicalStatus": concept(
            "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"
        ),
        "code": concept(SNOMED, "426722004"),
        "patient": {"reference": f"Patient/{PATIENT}"},
    } | more


SEVERE = {"criticality": "high"}


def draft(study: str = CT, identifier: str = "draft-1", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest",
        "id": identifier,
        "status": "draft",
        "intent": "order",
        "category": [concept(SNOMED, "363679005")],
        "code": concept(STUDY, study),
        "subject": {"reference": f"Patient/{PATIENT}"},
        "requester": {"reference": "Practitioner/onc-1"},
    } | more


def bundle(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": resource} for resource in resources],
    } | more


FITTING = (leukaemia(), nodes(), chemotherapy())


def prefetch(*resources: dict[str, Any], about: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the EHR sends along: the patient, and these resources under their keys."""

    def of(kind: str) -> dict[str, Any]:
        return bundle(*(resource for resource in resources if resource["resourceType"] == kind))

    return {
        "patient": about or patient(),
        "conditions": of("Condition"),
        "procedures": of("Procedure"),
        "allergies": of("AllergyIntolerance"),
        "egfr": of("Observation"),
    }


def call(
    *drafts: dict[str, Any],
    given: dict[str, Any] | None = None,
    hook: str = "order-select",
    selected: list[str] | None = None,
) -> dict[str, Any]:
    """A call of one of the services; everything that is drafted is selected unless said otherwise."""
    wanted = drafts or (draft(),)
    context: dict[str, Any] = {
        "userId": "Practitioner/onc-1",
        "patientId": PATIENT,
        "draftOrders": bundle(*wanted, type="collection"),
    }
    if hook == "order-select":
        names = [f"{order['resourceType']}/{order['id']}" for order in wanted]
        context["selections"] = names if selected is None else selected
    return copy.deepcopy(
        {
            "hook": hook,
            "hookInstance": "0f0f5f1e-8f0c-4f0b-9a59-3b1f4b6e7a10",
            "context": context,
            "prefetch": prefetch(*FITTING) if given is None else given,
        }
    )


def post(client: Any, body: Any, *, service: str = "imaging-order-select", **headers: Any) -> Any:
    """Send a call from this machine; `body` may be raw bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body)
    content_type = headers.pop("content_type", "application/json")
    return client.post(f"/cds-services/{service}", raw, content_type=content_type, **headers)
