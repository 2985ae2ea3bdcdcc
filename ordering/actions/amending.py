"""Amending a signed order: a new order with the same answers, which replaces it once it is signed."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from guidelines import library
from guidelines.exceptions import NoPublishedVersion
from ordering.actions.orders import locked, place_order
from ordering.actions.questions import record_consultation
from ordering.actions.requests import REPLACEABLE
from ordering.advice import advise
from ordering.choosing import OverrideGiven
from ordering.exceptions import IllegalTransition, Refused
from ordering.models import Consultation, Order
from ordering.prefill import answers_still_asked
from portal.models import User

S = Order.Status


@transaction.atomic
def amend_order(
    *, order: Order, by: User, via: str, revision: int | None = None
) -> Order | Consultation | None:
    """Return a draft that will replace the order: same answers, same study, under the guideline in use now.

    The order stands until the draft is signed. A draft that somebody began already is returned again. Where
    the study has to be chosen anew, the consultation to choose from is returned; where the answers have to be
    given anew, None. Raises IllegalTransition and StaleOrder.
    """
    order = locked(order, revision=revision)
    if order.status not in REPLACEABLE:
        raise IllegalTransition(status=order.get_status_display().lower(), wanted="amended")
    begun = order.replacements.filter(status=S.DRAFT).first()
    if begun is not None:
        return begun
    try:
        _, ruleset = library.current(order.scenario_slug)
        answers, dropped = answers_still_asked(ruleset, order.consultation.answers)
        advised = advise(slug=ruleset.slug, answers=answers, birth_date=order.patient.birth_date)
    except (NoPublishedVersion, Refused):
        return None
    if dropped:
        return None
    consultation = record_consultation(
        advised=advised, by=by, via=via, patient=order.patient, parent=order.parent, replaces=order
    )
    try:
        with transaction.atomic():
            return place_order(
                consultation=consultation,
                patient=order.patient,
                by=by,
                via=via,
                study=order.study_code or None,
                study_text=order.study_text,
                reason=_reason(order),
                priority=order.priority,
                note=order.note,
                wanted_by=_still_wanted(order),
                replaces=order,
            )
    except Refused:
        return consultation


def _still_wanted(order: Order) -> date | None:
    """Return the day by which the order is wanted, unless it is past: then it has to be chosen anew."""
    return order.wanted_by if order.wanted_by and order.wanted_by >= timezone.localdate() else None


def _reason(order: Order) -> OverrideGiven | None:
    if not order.override_reason_code:
        return None
    return OverrideGiven(order.override_reason_code, order.override_reason_text)
