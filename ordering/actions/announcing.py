"""What other systems are told of orders: written to the outbox with the change itself.

Only facts and identifiers: how much of the patient a receiver is told is decided where it is sent.
"""

from __future__ import annotations

from typing import Any

from ordering.models import Finding, Order
from portal import outbox
from portal.models import OutboxEvent

S = Order.Status
Type = OutboxEvent.Type


def announce_status(order: Order, *, former: str) -> None:
    """Say that the order has another status now; of signing and cancelling there is a word of its own first.

    The caller holds the order's lock.
    """
    facts = {"status": order.status, "former_status": former}
    if former == S.DRAFT and order.status == S.ACTIVE:
        _record(Type.ORDER_SIGNED, order, **facts)
    elif order.status == S.REVOKED:
        _record(Type.ORDER_CANCELLED, order, **facts)
    _record(Type.ORDER_STATUS_CHANGED, order, **facts)


def announce_finding(order: Order, finding: Finding) -> None:
    """Say that a finding was recorded. The caller holds the order's lock."""
    _record(Type.FINDING_RECORDED, order, finding={"id": str(finding.pk), "provisional": finding.provisional})


def _record(kind: str, order: Order, **facts: Any) -> None:
    outbox.record(
        type=kind,
        subject=f"order:{order.pk}",
        organisation=order.organisation_id,
        occurred_at=order.updated_at,
        data={
            "order": {
                "id": str(order.pk),
                "number": order.number,
                "status": order.status,
                "priority": order.priority,
            },
            **facts,
        },
    )
