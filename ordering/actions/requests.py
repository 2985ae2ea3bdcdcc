"""What is wrong with a request, whatever the study: patient, priority, texts, days and other orders."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from guidelines import library
from ordering.advice import derive
from ordering.exceptions import Refusal, Refused
from ordering.models import Consultation, Order, Patient

S = Order.Status
MAX_NOTE = 4000
REPLACEABLE = frozenset({S.ACTIVE, S.ON_HOLD})  # a finding stays with the order that was reported


def request_faults(
    consultation: Consultation,
    patient: Patient,
    *,
    priority: str,
    note: str,
    wanted_by: date | None = None,
    parent: Order | None = None,
    replaces: Order | None = None,
) -> list[Refusal]:
    """Return every fault of a request, beside that of its study. The caller holds the lock on `replaces`."""
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
    if wanted_by is not None and wanted_by < timezone.localdate():
        faults.append(Refusal("/wanted_by", "in-the-past", "The day by which it is wanted is past."))
    if replaces is not None:
        faults += _replacement_faults(replaces, patient)
    return faults


def _replacement_faults(replaces: Order, patient: Patient) -> list[Refusal]:
    if replaces.patient_id != patient.pk:
        said = "The order to replace is another patient's."
        return [Refusal("/replaces", "another-patient", said)]
    if replaces.status not in REPLACEABLE:
        said = (
            f"Order {replaces.number} is {replaces.get_status_display().lower()}, so it cannot be replaced."
        )
        return [Refusal("/replaces", "not-replaceable", said)]
    other = replaces.replacements.exclude(status__in=(S.REVOKED, S.ENTERED_IN_ERROR)).first()
    if other is not None:
        said = f"Order {other.number} replaces it already. Go on with that one, or cancel it first."
        return [Refusal("/replaces", "replaced-already", said)]
    return []


def reason_given(reason: str) -> str:
    """Return the reason. Raises Refused without one, and for one that is too long."""
    if not reason.strip():
        raise Refused([Refusal("/reason", "required", "Give a reason.")])
    if len(reason) > MAX_NOTE:
        raise Refused([Refusal("/reason", "too-long", f"Use at most {MAX_NOTE} characters.")])
    return reason
