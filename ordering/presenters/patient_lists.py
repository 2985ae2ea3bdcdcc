"""Patients in lists, and what a patient's own page shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from ordering.advice import age_on
from ordering.models import Consultation, Order, Patient
from ordering.presenters.patients import listed_name


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One patient in a list; `confusable` when another one in it has a like name."""

    pk: UUID
    name: str
    birth_date: date
    age: str
    sex: str
    mrn: str
    url: str
    start_url: str
    confusable: bool = False


@dataclass(frozen=True, slots=True)
class AdviceAsked:
    """Advice that was given and on which no order was placed."""

    scenario: str
    fit: str
    at: datetime
    by: str
    url: str


def rows_of(
    patients: Iterable[Patient], *, confusable: set[UUID] | None = None, scenario: str = ""
) -> list[PatientRow]:
    """Return patients as rows, with the age today. `scenario` is what an order is wanted for, if known."""
    today = timezone.localdate()
    return [
        PatientRow(
            pk=patient.pk,
            name=listed_name(patient),
            birth_date=patient.birth_date,
            age=f"{age_on(patient.birth_date, today)} y",
            sex=patient.get_sex_display(),
            mrn=patient.mrn,
            url=reverse("patient_detail", args=[patient.pk]),
            start_url=start_url(patient.pk, scenario),
            confusable=patient.pk in (confusable or set()),
        )
        for patient in patients
    ]


def start_url(patient_id: UUID, scenario: str = "") -> str:
    """Return the address that starts an order for a patient."""
    query = {"patient": str(patient_id)} | ({"scenario": scenario} if scenario else {})
    return f"{reverse('order_start')}?{urlencode(query)}"


def again_url(order: Order) -> str:
    """Return the address that starts another order with the answers of this one."""
    address = reverse("order_new", kwargs={"patient": order.patient_id, "slug": order.scenario_slug})
    return f"{address}?{urlencode({'from': str(order.consultation_id)})}"


def asked(consultation: Consultation, *, may_order: bool) -> AdviceAsked:
    """Return advice without an order as a row; only those who may order can go on with it."""
    return AdviceAsked(
        scenario=consultation.suggestion["scenario"]["title"],
        fit=consultation.get_fit_display(),
        at=consultation.created_at,
        by=consultation.requester.display_name,
        url=reverse("suggestion", args=[consultation.pk]) if may_order else "",
    )
