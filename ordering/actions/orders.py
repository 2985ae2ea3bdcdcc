"""Placing, changing and moving orders. Statuses follow `ordering.transitions`."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from guidelines import library
from ordering.advice import derive, recheck
from ordering.choosing import Choice, OverrideGiven, choose
from ordering.exceptions import (
    ConsultationUsed,
    IllegalTransition,
    Refusal,
    Refused,
    StaleOrder,
)
from ordering.models import Consultation, Order, OrderStatus, Patient
from ordering.transitions import allowed
from portal import audit
from portal.models import User

S = Order.Status
MAX_NOTE = 4000
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
    parent: Order | None = None,
    sign: bool = False,
) -> Order:
    """Return a new draft, or a signed order with `sign`.

    Raises Refused with every fault, ConsultationUsed, and AdviceOutOfDate when the advice no longer
    holds. A consultation carries one order.
    """
    consultation = Consultation.objects.select_for_update(of=("self",)).get(pk=consultation.pk)
    if Order.objects.filter(consultation=consultation).exists():
        raise ConsultationUsed("An order was already placed on this consultation.")
    refusals = _request_faults(consultation, patient, priority=priority, note=note, parent=parent)
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
        parent=parent,
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
    revision: int | None = None,
) -> Order:
    """Return the draft with another study and, if given, other advice, priority or note.

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
    refusals = _request_faults(basis, order.patient, priority=priority, note=note, parent=order.parent)
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
    }
    _save(order, changes)
    _log("order.changed", order)
    return order


@transaction.atomic
def sign_order(*, order: Order, by: User, via: str, revision: int | None = None) -> Order:
    """Return the signed order. The signer becomes its requester.

    Raises IllegalTransition, StaleOrder, and AdviceOutOfDate when the advice no longer holds.
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
        reason=_reason(reason),
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
        reason=_reason(reason),
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
        .select_related("consultation", "patient", "requester")
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
    changes: dict[str, Any] = {"status": wanted}
    if wanted == S.ACTIVE and order.signed_at is None:
        changes |= {"signed_at": now, "signed_by": by, "requester": by}
    _save(order, changes)
    OrderStatus.objects.create(order=order, status=wanted, at=now, by=by, via=via, reason=reason)
    _log(
        event or EVENTS[S(wanted)],
        order,
        reason=reason,
        detail={"number": order.number},
    )
    return order


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


def _request_faults(
    consultation: Consultation,
    patient: Patient,
    *,
    priority: str,
    note: str,
    parent: Order | None,
) -> list[Refusal]:
    faults = []
    if consultation.patient_id not in (None, patient.pk):
        faults.append(
            Refusal(
                "/consultation",
                "another-patient",
                "This consultation was about another patient.",
            )
        )
    elif consultation.patient_id is None:
        ruleset = library.ruleset(consultation.version_id)
        derived, disagreeing = derive(
            ruleset,
            consultation.answers,
            birth_date=patient.birth_date,
            today=timezone.localdate(),
        )
        if disagreeing or derived != consultation.answers:
            faults.append(
                Refusal(
                    "/consultation",
                    "disagrees",
                    "This consultation was made without the patient's birth date, or for another age. "
                    "Ask again with the patient.",
                )
            )
    if priority not in Order.Priority.values:
        listed = ", ".join(Order.Priority.values)
        faults.append(Refusal("/priority", "not-in-list", f"Use one of: {listed}."))
    if len(note) > MAX_NOTE:
        faults.append(Refusal("/note", "too-long", f"Use at most {MAX_NOTE} characters."))
    if parent is not None and parent.patient_id != patient.pk:
        faults.append(
            Refusal(
                "/parent",
                "another-patient",
                "The order to follow up is another patient's.",
            )
        )
    return faults


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused([Refusal("/reason", "required", "Give a reason.")])
    if len(reason) > MAX_NOTE:
        raise Refused([Refusal("/reason", "too-long", f"Use at most {MAX_NOTE} characters.")])
    return reason


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
