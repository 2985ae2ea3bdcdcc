"""From rows to the records that the translation takes. Nothing here decides what FHIR says."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from guidelines import library
from ordering.cds_hooks.models import DEVELOPMENT, CdsClient
from ordering.cds_hooks.ratings import Site
from ordering.fhir.guidance import ConsultationRecord
from ordering.fhir.trail import EventRecord, StatusRecord
from ordering.fhir.translate import OrderRecord, PatientRecord, Person
from ordering.fhir.values import Place
from ordering.models import Consultation, Order, OrderStatus, Patient
from portal.models import AuditEvent, Organisation, User

_USER_ACTOR = re.compile(r"user:([0-9]+):(.*)", re.DOTALL)


def place_of(organisation: Organisation, base: str) -> Place:
    """Return where this server is; the site's choices are those on which the organisation's EHRs agree."""
    clients = list(
        CdsClient.objects.filter(organisation=organisation, is_active=True).exclude(issuer=DEVELOPMENT)
    )
    site = Site(base=base)
    if len({(client.may_be_rating, client.qcdsm) for client in clients}) == 1:
        site = clients[0].site(base)
    systems = {client.mrn_system for client in clients}
    return Place(
        base=base,
        site=site,
        organisation=organisation.slug,
        mrn_system=systems.pop() if len(systems) == 1 else "",
    )


def with_everything(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return the orders with what a ServiceRequest needs of other tables; one query."""
    return orders.select_related("patient", "requester", "consultation")


def order_record(order: Order) -> OrderRecord:
    """Return the record of an order that `with_everything` has read."""
    consultation = order.consultation
    return OrderRecord(
        id=str(order.pk),
        number=order.number,
        revision=order.revision,
        status=order.status,
        priority=order.priority,
        study_code=order.study_code,
        study_label=order.study_label,
        rating=order.rating or None,
        override_reason=_override_reason(order),
        note=order.note,
        parent=str(order.parent_id) if order.parent_id else None,
        replaces=str(order.replaces_id) if order.replaces_id else None,
        wanted_by=order.wanted_by,
        patient=str(order.patient_id),
        patient_name=f"{order.patient.given_name} {order.patient.family_name}",
        requester=person(order.requester),
        authored_at=order.signed_at or order.placed_at,
        updated_at=order.updated_at,
        consultation=str(order.consultation_id),
        answers=consultation.answers,
        suggestion=consultation.suggestion,
        document=library.ruleset(consultation.version_id).document,
    )


def patient_record(patient: Patient) -> PatientRecord:
    """Return the record of a patient."""
    return PatientRecord(
        id=str(patient.pk),
        mrn=patient.mrn,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        sex=patient.sex,
        organisation=patient.organisation.name,
        created_at=patient.created_at,
    )


def consultation_record(consultation: Consultation) -> ConsultationRecord:
    """Return the record of a consultation."""
    elements = library.ruleset(consultation.version_id).document["data_elements"]
    return ConsultationRecord(
        id=str(consultation.pk),
        patient=str(consultation.patient_id) if consultation.patient_id else None,
        created_at=consultation.created_at,
        answers=consultation.answers,
        engine_version=consultation.engine_version,
        text=consultation.advice,
        suggestion=consultation.suggestion,
        labels={element["key"]: element["label"] for element in elements},
    )


def person(user: User) -> Person:
    """Return a clinician."""
    return Person(
        pk=user.pk,
        name=user.display_name,
        family_name=user.last_name,
        given_name=user.first_name,
        title=user.title,
        npi=user.npi,
    )


def status_records(statuses: Iterable[OrderStatus]) -> list[StatusRecord]:
    """Return the records of steps; two queries more, however many there are."""
    rows = list(statuses)
    orders = {row.order_id for row in rows}
    consultations = dict(Order.objects.filter(pk__in=orders).values_list("pk", "consultation_id"))
    return [
        StatusRecord(
            pk=row.pk,
            order=str(row.order_id),
            consultation=str(consultations[row.order_id]),
            label=row.get_status_display(),
            at=row.at,
            by=person(row.by),
            reason=row.reason,
            first=row.status == Order.Status.DRAFT,
        )
        for row in rows
    ]


def event_record(event: AuditEvent, *, order: UUID) -> EventRecord:
    """Return the record of an event about an order."""
    user = _USER_ACTOR.fullmatch(event.actor)
    return EventRecord(
        pk=event.pk,
        event=event.event_type,
        action=event.action,
        outcome=event.outcome,
        at=event.recorded_at,
        actor=user[2] if user else event.actor,
        person=int(user[1]) if user else None,
        roles=event.actor_role or "",
        via=event.via or "",
        reason=event.reason or "",
        order=str(order),
        patient=event.patient_ref or "",
    )


def _override_reason(order: Order) -> str:
    if not order.override_reason_code:
        return ""
    said = order.get_override_reason_code_display()
    return f"Why this study: {said}. {order.override_reason_text}".strip()
