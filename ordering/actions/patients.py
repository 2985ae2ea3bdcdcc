"""Creating patients, and finding the one that a request names."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from ordering.exceptions import Refusal, Refused
from ordering.models import Patient
from portal import audit
from portal.models import Organisation, User

OLDEST_YEARS = 130  # the range of age_years in the guideline content's data element


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Who a patient is; compared as a whole, because one wrong field can mean another person."""

    mrn: str
    family_name: str
    given_name: str
    birth_date: date
    sex: str


@transaction.atomic
def create_patient(*, organisation: Organisation, identity: PatientIdentity, by: User) -> Patient:
    """Return the new patient. Raises Refused when the MRN is taken or the identity is not possible."""
    refusals = _faults(identity)
    if refusals:
        raise Refused(refusals)
    patient = Patient(organisation=organisation, **asdict(identity))
    try:
        with transaction.atomic():
            patient.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(
            [
                Refusal(
                    "/mrn",
                    "taken",
                    "A patient with this MRN exists already. Search for the MRN instead.",
                )
            ]
        ) from error
    audit.log(
        "patient.created",
        action="C",
        entity="patient",
        entity_id=str(patient.pk),
        organisation_id=organisation.pk,
        patient_id=patient.pk,
    )
    return patient


@transaction.atomic
def patient_for(*, organisation: Organisation, identity: PatientIdentity, by: User) -> Patient:
    """Return the patient with this MRN, created if new.

    The same MRN again is the same patient; demographics that differ are refused and change nothing.
    Pointers are relative to the patient.
    """
    patient = Patient.objects.filter(organisation=organisation, mrn=identity.mrn).first()
    if patient is None:
        try:
            return create_patient(organisation=organisation, identity=identity, by=by)
        except Refused:
            # another request may have created it since; then its demographics decide
            patient = Patient.objects.filter(organisation=organisation, mrn=identity.mrn).first()
            if patient is None:
                raise
    differing = [
        Refusal(
            f"/{name}",
            "differs-from-record",
            f"The patient recorded with this MRN has another {name.replace('_', ' ')}. "
            "Check that it is the right patient.",
        )
        for name, value in asdict(identity).items()
        if getattr(patient, name) != value
    ]
    if differing:
        raise Refused(differing)
    return patient


def _faults(identity: PatientIdentity) -> list[Refusal]:
    faults = [
        Refusal(f"/{name}", "required", "Must not be empty.")
        for name in ("mrn", "family_name", "given_name")
        if not getattr(identity, name).strip()
    ]
    today = timezone.localdate()
    if identity.birth_date > today:
        faults.append(Refusal("/birth_date", "in-the-future", "The date of birth is in the future."))
    elif today.year - identity.birth_date.year > OLDEST_YEARS:
        faults.append(
            Refusal(
                "/birth_date",
                "out-of-range",
                f"The patient would be over {OLDEST_YEARS} years old.",
            )
        )
    if identity.sex not in Patient.Sex.values:
        listed = ", ".join(Patient.Sex.values)
        faults.append(Refusal("/sex", "not-in-list", f"Use one of: {listed}."))
    return faults
