"""Patients as pages write them: SURNAME, Given; a full date of birth with the age; sex in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from ordering.advice import age_on
from ordering.models import Patient


@dataclass(frozen=True, slots=True)
class PatientBanner:
    """Who a page is about, for `_components/patient_banner.html`."""

    family_name: str
    given_name: str
    birth_date: date
    age: str
    sex: str
    mrn: str
    allergies: str = ""  # the portal keeps no allergy record; answers are shown with the advice


def banner(patient: Patient) -> PatientBanner:
    """Return the banner of a patient, with the age today."""
    return PatientBanner(
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        age=f"{age_on(patient.birth_date, timezone.localdate())} y",
        sex=patient.get_sex_display(),
        mrn=patient.mrn,
    )


def listed_name(patient: Patient) -> str:
    """Return the name as lists and titles write it: SURNAME, Given."""
    return f"{patient.family_name.upper()}, {patient.given_name}"


def spoken_name(patient: Patient) -> str:
    """Return the name as buttons and sentences write it: Given SURNAME."""
    return f"{patient.given_name} {patient.family_name.upper()}"
