"""Placing, changing and moving orders. Statuses follow `ordering.transitions`."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from guidelines import library
from ordering.actions.announcing import announce_status
from ordering.actions.requests import REPLACEABLE, reason_given, request_faults
from ordering.advice import recheck
from ordering.choosing import Choice, OverrideGiven, choose
from ordering.exceptions import (
    ConsultationUsed,
    IllegalTransition,
    NotReplaceable,
    Refused,
    StaleOrder,
)
from ordering.models import Consultation, Order, OrderStatus, Patient
from ordering.transitions import allowed
from portal import audit
from portal.models import User

S = Order.Status


class Unchanged:
    """Says of an argument for which None has a meaning that it was not given."""


UNCHANGED = Unchanged()
EVENTS = {
    S.ACTIVE: "order.signed",
    S.ON_HOLD: "order.held",
    S.REVOKED: "order.cancelled",
    S.COMPLETED: "order.completed",
    S.ENTERED_IN_ERROR: "order.entered-in-error",
}


@transaction.atomic
def place_order(
    *,
    consultation: Consultation,
    patient: Patient,
    by: User,
    via: str,
    study: str | None,
    study_text: str = "",
    reason: OverrideGiven | None = None,
    priority: str = Order.Priority.ROUTINE,
    note: str = "",
    wanted_by: date | None = None,
    parent: Order | None = None,
    replaces: Order | None = None,
    sign: bool = False,
) -> Order:
    """Return a new draft, or a signed order with `sign`. Signing withdraws the order that it `replaces`.

    Raises Refused with every fault, ConsultationUsed, and AdviceOutOfDate when the advice no longer
    holds. A consultation carries one order.
    """
    consultation = Consultation.objects.select_for_update(of=("self",)).get(pk=consultation.pk)
    if Order.objects.filter(consultation=consultation).exists():
        raise ConsultationUsed("An order was already placed on this consultation.")
    if replaces is not None:
        replaces = _locked(replaces, revision=None)
        parent = parent or replaces.parent
    refusals = request_faults(
        consultation,
        patient,
        priority=priority,
        note=note,
        wanted_by=wanted_by,
        parent=parent,
        replaces=replaces,
    )
    choice = None
    try:
        choice = _choice(consultation, study=study, study_text=study_text, reason=reason)
    except Refused as refused:
        refusals += refused.refusals
    if refusals or choice is None:
        raise Refused(refusals)
    recheck(consultation, patient=patient)
    now = timezone.now()
    suggestion = consultation.suggestion
    order = Order.objects.create(
        number=_next_number(),
        organisation_id=consultation.organisation_id,
        patient=patient,
        consultation=consultation,
        scenario_slug=consultation.scenario_slug,
        scenario_title=suggestion["scenario"]["title"],
        version_number=suggestion["scenario"]["version"],
        priority=priority,
        note=note,
        wanted_by=wanted_by,
        parent=parent,
        replaces=replaces,
        requester=by,
        created_by=by,
        placed_at=now,
        updated_at=now,
        **choice.as_fields(),
    )
    OrderStatus.objects.create(order=order, status=S.DRAFT, at=now, by=by, via=via)
    _log(
        "order.placed",
        order,
        detail={"number": order.number, "study": order.study_code or None},
    )
    if parent is not None:
        _touch(parent)
    if replaces is not None:
        _touch(replaces)
    if sign:
        order = _move(order, S.ACTIVE, by=by, via=via)
    return order


@transaction.atomic
def change_draft(
    *,
    order: Order,
    by: User,
    consultation: Consultation | None = None,
    study: str | None = None,
    study_text: str = "",
    reason: OverrideGiven | None = None,
    priority: str | None = None,
    note: str | None = None,
    wanted_by: date | Unchanged | None = UNCHANGED,
    revision: int | None = None,
) -> Order:
    """Return the draft with another study and, if given, other advice, priority, note or day.

    The study is chosen anew each time, because other advice can rate it otherwise. Raises Refused,
    IllegalTransition when it is no draft any more, StaleOrder, AdviceOutOfDate, ConsultationUsed.
    """
    order = _locked(order, revision=revision)
    if order.status != S.DRAFT:
        raise IllegalTransition(status=order.get_status_display().lower(), wanted="changed")
    basis = consultation or order.consultation
    if basis.pk != order.consultation_id and Order.objects.filter(consultation=basis).exists():
        raise ConsultationUsed("An order was already placed on this consultation.")
    priority = order.priority if priority is None else priority
    note = order.note if note is None else note
    wanted_by = order.wanted_by if isinstance(wanted_by, Unchanged) else wanted_by
    refusals = request_faults(
        basis,
        order.patient,
        priority=priority,
        note=note,
        # a draft may lie until the day is past; the day is looked at when it is chosen
        wanted_by=None if wanted_by == order.wanted_by else wanted_by,
        parent=order.parent,
    )
    choice = None
    try:
        choice = _choice(basis, study=study, study_text=study_text, reason=reason)
    except Refused as refused:
        refusals += refused.refusals
    if refusals or choice is None:
        raise Refused(refusals)
    recheck(basis, patient=order.patient)
    suggestion = basis.suggestion
    changes: dict[str, Any] = choice.as_fields() | {
        "consultation": basis,
        "scenario_slug": basis.scenario_slug,
        "scenario_title": suggestion["scenario"]["title"],
        "version_number": suggestion["scenario"]["version"],
        "priority": priority,
        "note": note,
        "wanted_by": wanted_by,
    }
    _save(order, changes)
    _log("order.changed", order)
    return order


@transaction.atomic
def sign_order(*, order: Order, by: User, via: str, revision: int | None = None) -> Order:
    """Return the signed order. The signer becomes its requester; an order that it replaces is withdrawn.

    Raises IllegalTransition (NotReplaceable when the order to be replaced is past that), StaleOrder, and
    AdviceOutOfDate when the advice no longer holds.
    """
    order = _locked(order, revision=revision)
    _check(order, S.ACTIVE, come_from=S.DRAFT)
    recheck(order.consultation, patient=order.patient)
    return _move(order, S.ACTIVE, by=by, via=via)


@transaction.atomic
def cancel_order(*, order: Order, by: User, via: str, reason: str, revision: int | None = None) -> Order:
    """Return the order, withdrawn for a reason. Raises Refused, IllegalTransition, StaleOrder."""
    return _move(
        _locked(order, revision=revision),
        S.REVOKED,
        by=by,
        via=via,
        reason=reason_given(reason),
    )


@transaction.atomic
def hold_order(*, order: Order, by: User, via: str, reason: str = "", revision: int | None = None) -> Order:
    """Return the order, put on hold. Raises IllegalTransition, StaleOrder."""
    return _move(
        _locked(order, revision=revision),
        S.ON_HOLD,
        by=by,
        via=via,
        reason=reason,
    )


@transaction.atomic
def resume_order(*, order: Order, by: User, via: str, revision: int | None = None) -> Order:
    """Return the order, active again after a hold. Raises IllegalTransition, StaleOrder."""
    order = _locked(order, revision=revision)
    _check(order, S.ACTIVE, come_from=S.ON_HOLD)
    return _move(order, S.ACTIVE, by=by, via=via, event="order.resumed")


@transaction.atomic
def enter_in_error(*, order: Order, by: User, via: str, reason: str, revision: int | None = None) -> Order:
    """Return the order, marked as one that should not exist. Raises as cancel_order does."""
    return _move(
        _locked(order, revision=revision),
        S.ENTERED_IN_ERROR,
        by=by,
        via=via,
        reason=reason_given(reason),
    )


@transaction.atomic
def complete_order(*, order: Order, by: User, via: str) -> Order:
    """Return the order, completed by its finding. The caller holds the lock."""
    return _move(order, S.COMPLETED, by=by, via=via)


def locked(order: Order, *, revision: int | None = None) -> Order:
    """Return the order's row, locked until the transaction ends. Raises StaleOrder for another revision."""
    return _locked(order, revision=revision)


def _locked(order: Order, *, revision: int | None) -> Order:
    fresh = (
        Order.objects.select_for_update(of=("self",))
        .select_related("consultation", "patient", "requester", "parent", "replaces")
        .get(pk=order.pk)
    )
    if revision is not None and fresh.revision != revision:
        raise StaleOrder("Somebody changed this order since you opened it. Please look at it again.")
    return fresh


def _check(order: Order, wanted: str, *, come_from: str | None = None) -> None:
    if (come_from is not None and order.status != come_from) or not allowed(order.status, wanted):
        raise IllegalTransition(status=order.get_status_display().lower(), wanted=S(wanted).label.lower())


def _move(
    order: Order,
    wanted: str,
    *,
    by: User,
    via: str,
    reason: str = "",
    event: str | None = None,
) -> Order:
    _check(order, wanted)
    now = timezone.now()
    former = order.status
    changes: dict[str, Any] = {"status": wanted}
    signing = wanted == S.ACTIVE and order.signed_at is None
    if signing:
        changes |= {"signed_at": now, "signed_by": by, "requester": by}
    _save(order, changes)
    OrderStatus.objects.create(order=order, status=wanted, at=now, by=by, via=via, reason=reason)
    _log(
        event or EVENTS[S(wanted)],
        order,
        reason=reason,
        detail={"number": order.number},
    )
    announce_status(order, former=former)
    if signing and order.replaces is not None:
        _withdraw_replaced(order, order.replaces, by=by, via=via)
    return order


def _withdraw_replaced(order: Order, replaced: Order, *, by: User, via: str) -> None:
    """Withdraw what a newly signed order replaces, in the same transaction. Withdrawn already is as well."""
    replaced = _locked(replaced, revision=None)
    if replaced.status == S.REVOKED:
        return
    if replaced.status not in REPLACEABLE:
        raise NotReplaceable(replaced=replaced.number, status=replaced.get_status_display().lower())
    _move(replaced, S.REVOKED, by=by, via=via, reason=f"Replaced by order {order.number}.")


def _save(order: Order, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(order, name, value)
    order.updated_at = timezone.now()
    order.revision += 1
    order.save(update_fields=[*changes, "updated_at", "revision"])


def _touch(order: Order) -> None:
    """Another order was linked: whoever reads this one sees something new."""
    _save(_locked(order, revision=None), {})


def _choice(
    consultation: Consultation,
    *,
    study: str | None,
    study_text: str,
    reason: OverrideGiven | None,
) -> Choice:
    return choose(
        suggestion=consultation.suggestion,
        ruleset=library.ruleset(consultation.version_id),
        study=study,
        study_text=study_text,
        reason=reason,
    )


def _next_number() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('ordering_order_number')")
        (value,) = cursor.fetchone()
    return f"{timezone.localdate().year}-{value:06d}"


def _log(event: str, order: Order, *, reason: str = "", detail: dict[str, Any] | None = None) -> None:
    audit.log(
        event,
        action="C" if event == "order.placed" else "U",
        entity="order",
        entity_id=str(order.pk),
        organisation_id=order.organisation_id,
        patient_id=order.patient_id,
        reason=reason,
        detail=detail,
    )
