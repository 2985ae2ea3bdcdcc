"""Recording what was asked and what was advised."""

from __future__ import annotations

from django.db import transaction

from guidelines.engine import ENGINE_VERSION
from ordering import silent
from ordering.advice import Advised
from ordering.models import Consultation, Order, Patient
from portal import audit
from portal.models import User


@transaction.atomic
def record_consultation(
    *,
    advised: Advised,
    by: User,
    via: str,
    patient: Patient | None = None,
    parent: Order | None = None,
    replaces: Order | None = None,
) -> Consultation:
    """Return the consultation that keeps the advice exactly as it is given; every fit makes one."""
    assert by.organisation_id is not None
    consultation = Consultation.objects.create(
        organisation_id=by.organisation_id,
        patient=patient,
        requester=by,
        version_id=advised.version_id,
        scenario_slug=advised.ruleset.slug,
        digest=advised.ruleset.digest,
        engine_version=ENGINE_VERSION,
        answers=advised.case.to_dict(),
        advice=advised.text,
        fit=advised.advice.fit,
        via=via,
        parent=parent,
        replaces=replaces,
    )
    audit.log(
        "consultation.recorded",
        action="C",
        entity="consultation",
        entity_id=str(consultation.pk),
        organisation_id=by.organisation_id,
        patient_id=patient.pk if patient else None,
        detail={"scenario": consultation.scenario_slug, "fit": consultation.fit},
    )
    silent.after_commit(consultation)
    return consultation
