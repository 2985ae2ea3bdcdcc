"""From the rows of an order to its HL7 v2 message."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from ordering.exceptions import NotSigned
from ordering.fhir.reading import order_record, patient_record, person, place_of, with_everything
from ordering.hl7.omi import Sent, message
from ordering.models import Order


def orders_to_send(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return the orders with what a message needs of other tables; three queries."""
    return (
        with_everything(orders)
        .select_related("patient__organisation", "parent", "created_by")
        .prefetch_related("statuses", "progress")
    )


def omi(order: Order, *, base: str) -> str:
    """Return OMI^O23 of an order that `orders_to_send` has read. Raises NotSigned.

    `base` is the address of the portal, without a slash at its end.
    """
    if order.signed_at is None:
        raise NotSigned("Radiology is told of an order once it is signed; this one never was.")
    last = max(order.statuses.all(), key=lambda step: (step.at, step.pk))
    accessions = [step.accession for step in order.progress.all() if step.accession]
    sent = Sent(
        order=order_record(order),
        patient=patient_record(order.patient),
        signed_at=order.signed_at,
        entered_by=person(order.created_by),
        adherence=order.adherence,
        asked_at=order.consultation.created_at,
        parent_number=order.parent.number if order.parent else "",
        accession=accessions[-1] if accessions else "",
        status_reason=last.reason,
        training=settings.PORTAL_TRAINING,
    )
    return message(sent, place_of(order.patient.organisation, base))
