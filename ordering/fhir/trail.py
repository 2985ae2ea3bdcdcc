"""From an order's statuses to Provenance, and from its audit trail to AuditEvent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ordering.fhir.translate import Person, practitioner_reference
from ordering.fhir.values import TERMINOLOGY, Json, Place, coding, concept, instant, meta, reference, resource

_OPERATIONS = {"CREATE": "create", "UPDATE": "revise"}  # v3-DataOperation
_ACTIONS = {"C": "create", "R": "read", "U": "update", "D": "delete", "E": "execute"}


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """One step in an order's life. `first` is the one that made it."""

    pk: int
    order: str
    consultation: str
    label: str  # of the status it led to
    at: datetime
    by: Person
    reason: str
    first: bool


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event of the audit trail about an order. `person` is the key of who acted, where a person did."""

    pk: int
    event: str
    action: str
    outcome: int
    at: datetime
    actor: str
    person: int | None
    roles: str
    via: str
    reason: str
    order: str
    patient: str


def provenance(record: StatusRecord, place: Place) -> Json:
    """Return the Provenance of a step: who did it, when and why, and for the first what it rests on."""
    operation = "CREATE" if record.first else "UPDATE"
    consulted = {"role": "source", "what": reference("GuidanceResponse", record.consultation)}
    return resource(
        "Provenance",
        id=str(record.pk),
        meta=meta(1, record.at),
        target=[reference("ServiceRequest", record.order)],
        occurredDateTime=instant(record.at),
        recorded=instant(record.at),
        reason=[concept(text=record.reason)],
        activity=concept(
            coding(f"{TERMINOLOGY}/v3-DataOperation", operation, _OPERATIONS[operation]),
            text=record.label,
        ),
        agent=[
            {
                "type": concept(
                    coding(f"{TERMINOLOGY}/provenance-participant-type", "author", "Author"), text="Author"
                ),
                "who": practitioner_reference(record.by),
            }
        ],
        entity=[consulted] if record.first else [],
    )


def audit_event(record: EventRecord, place: Place) -> Json:
    """Return the AuditEvent."""
    return resource(
        "AuditEvent",
        id=str(record.pk),
        meta=meta(1, record.at),
        type=coding(f"{TERMINOLOGY}/audit-event-type", "rest", "RESTful Operation")
        if record.via in ("api", "fhir")
        else coding("http://dicom.nema.org/resources/ontology/DCM", "110100", "Application Activity"),
        subtype=[coding(place.system("audit-event"), record.event, record.event.replace(".", " "))],
        action=record.action if record.action in _ACTIONS else "E",
        recorded=instant(record.at),
        outcome=str(record.outcome),
        agent=[
            {
                "role": [concept(text=role) for role in record.roles.split(",")],
                "who": reference("Practitioner", record.person, record.actor)
                if record.person is not None
                else {"display": record.actor},
                "name": record.actor,
                "requestor": True,
            }
        ],
        source={
            "observer": {"display": "Imaging ordering portal"},
            "type": [coding(f"{TERMINOLOGY}/security-source-type", "4", "Application Server")],
        },
        entity=[
            {
                "what": reference("ServiceRequest", record.order),
                "type": coding(f"{TERMINOLOGY}/audit-entity-type", "2", "System Object"),
                "role": coding(f"{TERMINOLOGY}/object-role", "4", "Domain Resource"),
                "detail": [
                    {"type": name, "valueString": value}
                    for name, value in (("through", record.via), ("reason", record.reason))
                    if value.strip()
                ],
            },
            {
                "what": reference("Patient", record.patient),
                "type": coding(f"{TERMINOLOGY}/audit-entity-type", "1", "Person"),
                "role": coding(f"{TERMINOLOGY}/object-role", "1", "Patient"),
            }
            if record.patient
            else None,
        ],
    )
