"""Studies that were done elsewhere, entered by hand; what was entered wrongly is struck, never deleted."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from ordering.actions.requests import MAX_NOTE, reason_given
from ordering.exceptions import Refusal, Refused
from ordering.models import Patient, PriorStudy
from portal import audit
from portal.models import User

MOST = {"name": 200, "place": 200, "accession": 60}  # characters, as the columns have them


@transaction.atomic
def record_prior_study(
    *,
    patient: Patient,
    by: User,
    name: str,
    done_on: date,
    place: str = "",
    accession: str = "",
    result: str = "",
) -> PriorStudy:
    """Return the study. The same one again, from a form that was sent twice, is the one there is.

    Raises Refused with every fault.
    """
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    refusals = []
    if not name.strip():
        refusals.append(Refusal("/name", "required", "Say what was done, such as CT of the chest."))
    if done_on > timezone.localdate():
        refusals.append(
            Refusal("/done_on", "in-the-future", "A study that was done cannot be in the future.")
        )
    elif done_on < patient.birth_date:
        refusals.append(Refusal("/done_on", "before-birth", "The patient was not born on that day."))
    texts = {"name": name, "place": place, "accession": accession}
    for field, text in texts.items():
        most = MOST[field]
        if len(text) > most:
            refusals.append(Refusal(f"/{field}", "too-long", f"Use at most {most} characters."))
    if len(result) > MAX_NOTE:
        refusals.append(Refusal("/result", "too-long", f"Use at most {MAX_NOTE} characters."))
    if refusals:
        raise Refused(refusals)
    said = texts | {"done_on": done_on, "result": result}
    known = PriorStudy.objects.filter(patient=patient, struck_at__isnull=True, **said).first()
    if known is not None:
        return known
    study = PriorStudy.objects.create(
        organisation_id=patient.organisation_id,
        patient=patient,
        recorded_at=timezone.now(),
        recorded_by=by,
        **said,
    )
    _log("prior-study.recorded", study, action="C")
    return study


@transaction.atomic
def strike_prior_study(*, study: PriorStudy, by: User, reason: str) -> PriorStudy:
    """Return the study, marked as entered in error; struck twice, the first reason stands. Raises Refused."""
    study = PriorStudy.objects.select_for_update().get(pk=study.pk)
    reason = reason_given(reason)
    if study.struck_at is not None:
        return study
    study.struck_at, study.struck_by, study.struck_reason = timezone.now(), by, reason
    study.save(update_fields=["struck_at", "struck_by", "struck_reason"])
    _log("prior-study.struck", study, action="U", reason=reason)
    return study


def _log(event: str, study: PriorStudy, *, action: str, reason: str = "") -> None:
    audit.log(
        event,
        action=action,
        entity="prior-study",
        entity_id=str(study.pk),
        organisation_id=study.organisation_id,
        patient_id=study.patient_id,
        reason=reason,
    )
