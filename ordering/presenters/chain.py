"""The orders that belong together: what follows an order up, what it follows up, what replaced what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from ordering.models import Order
from ordering.presenters.stages import Tag, tag_of


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One order of a chain. `relation` says how it came about; `here` is the order that the page is about."""

    number: str
    study: str
    tag: Tag
    placed_at: datetime
    url: str
    relation: str
    here: bool


def linked_orders(order: Order) -> list[Order]:
    """Return the order with all that are linked to it, near or far, the oldest first. Two queries.

    A chain stays within one patient, so the patient's orders are read once and followed from here.
    """
    rows = Order.objects.filter(patient=order.patient_id).prefetch_related("progress")
    known = {row.pk: row for row in rows.order_by("placed_at", "pk")}
    beside: dict[UUID, set[UUID]] = {pk: set() for pk in known}
    for row in known.values():
        for other in (row.parent_id, row.replaces_id):
            if other is not None and other in known:
                beside[row.pk].add(other)
                beside[other].add(row.pk)
    found, ahead = {order.pk}, [order.pk]
    while ahead:
        new = beside.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return [row for pk, row in known.items() if pk in found]


def chain(order: Order, linked: list[Order]) -> list[ChainLink]:
    """Return the linked orders as a chain; none for an order that stands alone."""
    if len(linked) == 1:
        return []
    numbers = {row.pk: row.number for row in linked}
    return [
        ChainLink(
            number=row.number,
            study=row.study_label,
            tag=tag_of(row),
            placed_at=row.placed_at,
            url=reverse("order_detail", args=[row.pk]),
            relation=_relation(row, numbers),
            here=row.pk == order.pk,
        )
        for row in linked
    ]


def _relation(row: Order, numbers: dict[UUID, str]) -> str:
    if row.replaces_id and row.replaces_id in numbers:
        return f"Replaces {numbers[row.replaces_id]}"
    if row.parent_id and row.parent_id in numbers:
        return f"Follow-up of {numbers[row.parent_id]}"
    return "First order"
