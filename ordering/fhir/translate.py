"""From an order, its patient and its requester to FHIR. What was advised is read as it was stored.

Pure: the engine and the standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from guidelines.engine import Advice
from ordering.cds_hooks.bindings import CATEGORY, EXACT
from ordering.cds_hooks.ratings import AUC_APPLIED, rating_extensions
from ordering.fhir.values import (
    SNOMED,
    TERMINOLOGY,
    Json,
    Place,
    coding,
    concept,
    instant,
    meta,
    reference,
    resource,
)

IMAGING = ("363679005", "Imaging")
NPI = "http://hl7.org/fhir/sid/us-npi"
_ICD = "http://hl7.org/fhir/sid/icd-"  # ICD-10, and its national editions
_ICD_CATEGORY = len("C91.0")  # shorter ones are whole chapters of disease


@dataclass(frozen=True, slots=True)
class Person:
    """A clinician. `npi` is empty where there is none."""

    pk: int
    name: str
    family_name: str = ""
    given_name: str = ""
    title: str = ""
    npi: str = ""


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """A patient of the organisation."""

    id: str
    mrn: str
    family_name: str
    given_name: str
    birth_date: date
    sex: str
    organisation: str  # its name
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order with what it refers to. `document` is that of the version it was placed under."""

    id: str
    number: str
    revision: int
    status: str
    priority: str
    study_code: str  # empty: a study outside the scenario
    study_label: str
    rating: str | None
    override_reason: str  # in words, empty where none was needed
    note: str
    parent: str | None
    replaces: str | None
    wanted_by: date | None
    patient: str
    patient_name: str
    requester: Person
    authored_at: datetime
    updated_at: datetime
    consultation: str
    answers: Mapping[str, Any]
    suggestion: Json  # as stored
    document: Mapping[str, Any]


def service_request(order: OrderRecord, place: Place) -> Json:
    """Return the ServiceRequest of an order."""
    return resource(
        "ServiceRequest",
        id=order.id,
        meta=meta(order.revision, order.updated_at),
        extension=_rating(order, place),
        identifier=[
            {
                "use": "official",
                "type": concept(coding(f"{TERMINOLOGY}/v2-0203", "PLAC", "Placer Identifier")),
                "system": place.order_numbers,
                "value": order.number,
            }
        ],
        basedOn=[reference("ServiceRequest", order.parent)] if order.parent else [],
        replaces=[reference("ServiceRequest", order.replaces)] if order.replaces else [],
        # every order is a requisition of its own: placer group number of HL7 v2
        requisition={"system": place.requisitions, "value": order.number},
        status=order.status,
        intent="order",
        category=[concept(coding(SNOMED, *IMAGING), text=IMAGING[1])],
        priority=order.priority,
        code=_study(order, place),
        subject=reference("Patient", order.patient, order.patient_name),
        # a day by which, not on which
        occurrencePeriod={"end": order.wanted_by.isoformat()} if order.wanted_by else None,
        authoredOn=instant(order.authored_at),
        requester=practitioner_reference(order.requester),
        reasonCode=[*reasons(order), concept(text=order.suggestion["scenario"]["title"])],
        supportingInfo=[reference("GuidanceResponse", order.consultation)],
        note=[
            {
                "authorReference": practitioner_reference(order.requester),
                "time": instant(order.authored_at),
                "text": text,
            }
            for text in (order.note, order.override_reason)
            if text.strip()
        ],
    )


def patient(record: PatientRecord, place: Place) -> Json:
    """Return the Patient."""
    return resource(
        "Patient",
        id=record.id,
        meta=meta(1, record.created_at),
        identifier=[
            {
                "use": "usual",
                "type": concept(coding(f"{TERMINOLOGY}/v2-0203", "MR", "Medical record number")),
                "system": place.mrns,
                "value": record.mrn,
                "assigner": {"display": record.organisation},
            }
        ],
        name=[
            {
                "use": "official",
                "text": f"{record.given_name} {record.family_name}",
                "family": record.family_name,
                "given": [record.given_name],
            }
        ],
        gender=record.sex,
        birthDate=record.birth_date.isoformat(),
        managingOrganization={"display": record.organisation},
    )


def practitioner(person: Person) -> Json:
    """Return the Practitioner who orders."""
    return resource(
        "Practitioner",
        id=str(person.pk),
        identifier=_npi(person),
        name=[
            {
                "text": person.name,
                "family": person.family_name,
                "given": [person.given_name],
                "prefix": [person.title],
            }
        ],
    )


def practitioner_reference(person: Person) -> Json:
    """Return a reference to who orders, with the national identifier where there is one."""
    named = reference("Practitioner", person.pk, person.name)
    return named | {"identifier": _npi(person)[0]} if person.npi else named


def _npi(person: Person) -> list[Json]:
    return [{"system": NPI, "value": person.npi}] if person.npi else []


def _rating(order: OrderRecord, place: Place) -> list[Json]:
    """Return how the study is rated; nothing while answers are missing, for then it cannot be."""
    advice = Advice.from_dict(order.suggestion)
    if advice.fit == "needs_answers":
        return []
    said = rating_extensions(advice, order.rating, consultation=order.consultation, site=place.site)
    if not order.document["rated_studies"]:  # a version that rates nothing holds no criteria to apply
        said = [extension for extension in said if extension["url"] != AUC_APPLIED]
    return said


def _study(order: OrderRecord, place: Place) -> Json:
    if not order.study_code:
        return concept(text=order.study_label)
    recorded: list[Json] = next(
        (row.get("codes", []) for row in order.suggestion["studies"] if row["code"] == order.study_code), []
    )
    return concept(
        coding(place.site.study_system, order.study_code, order.study_label),
        *(
            coding(code["system"], code["code"], code.get("display") or order.study_label)
            for code in recorded
        ),
        text=order.study_label,
    )


def reasons(order: OrderRecord) -> Iterator[Json]:
    """Yield the answers that are diagnoses, with the codes that the content gives them."""
    bound: dict[str, dict[str, list[str]]] = {}
    for row in order.document["bindings"]:
        key = row["element"]
        if (
            row["resource"] == "Condition"
            and row["match"] in (EXACT, CATEGORY)
            and key
            and order.answers.get(key) == row["value"]
        ):
            bound.setdefault(key, {}).setdefault(row["system"], []).append(row["code"])
    labels = {
        (element["key"], choice["value"]): choice["label"]
        for element in order.document["data_elements"]
        for choice in element.get("choices") or []
    }
    for key, systems in bound.items():
        label = labels.get((key, order.answers[key]), order.answers[key])
        codes = ((system, _one_code(system, codes)) for system, codes in systems.items())
        yield concept(*(coding(system, code, label) for system, code in codes if code), text=label)


def _one_code(system: str, codes: list[str]) -> str:
    """Return the code that an answer means, empty where it could be one of several.

    In ICD-10 what several codes begin with is their category: ALL, whether or not in remission.
    """
    if len(set(codes)) == 1:
        return codes[0]
    least, most = min(codes), max(codes)
    alike = next(
        (place for place, pair in enumerate(zip(least, most, strict=False)) if len(set(pair)) > 1), len(least)
    )
    category = least[:alike].rstrip(".")
    return category if system.startswith(_ICD) and len(category) >= _ICD_CATEGORY else ""
