"""Orders for tests of pages, placed and reported through the actions as production does."""

from collections.abc import Callable
from typing import Any

import pytest

from ordering.actions import place_order, record_consultation, record_finding, record_progress
from ordering.advice import advise
from ordering.models import Consultation, Finding, Order, Patient
from portal import audit
from portal.models import AuditEvent, User
from tests.content import FITTING, LEUKAEMIA

CT = "ct-chest-abdomen-pelvis-with-iv-contrast"
PET = "fdg-pet-ct-whole-body"
MRI = "mri-abdomen-pelvis-with-iv-contrast"

Place = Callable[..., Order]


def ask(patient: Patient, by: User, slug: str = LEUKAEMIA, **answers: Any) -> Consultation:
    """Return a recorded consultation about the patient."""
    with audit.acting(audit.actor_of(by)):
        given = FITTING | answers if slug == LEUKAEMIA else answers
        advised = advise(slug=slug, answers=given, birth_date=patient.birth_date)
        return record_consultation(advised=advised, by=by, via="portal", patient=patient)


def place(patient: Patient, by: User, *, answers: dict[str, Any] | None = None, **given: Any) -> Order:
    """Return an order for the patient, signed CT unless said otherwise."""
    given = {"study": CT, "sign": True, "via": "portal"} | given
    consultation = given.pop("consultation", None) or ask(patient, by, **(answers or {}))
    with audit.acting(audit.actor_of(by)):
        return place_order(consultation=consultation, patient=patient, by=by, **given)


def report(order: Order, by: User, finding: str = "negative", **given: Any) -> Finding:
    """Return a finding recorded on the order, compared with baseline unless said otherwise."""
    with audit.acting(audit.actor_of(by)):
        given = {"compared_with_baseline": "yes", "via": "portal"} | given
        recorded = record_finding(order=order, by=by, finding=finding, **given)
    order.refresh_from_db()
    return recorded


def progress(order: Order, by: User, *events: str) -> None:
    """Let radiology report these events."""
    with audit.acting(audit.actor_of(by)):
        for event in events:
            record_progress(order=order, by=by, via="api", event=event)
    order.refresh_from_db()


def events(kind: str, **wanted: Any) -> list[AuditEvent]:
    """Return the audit events of a kind, oldest first."""
    return list(AuditEvent.objects.filter(event_type=kind, **wanted).order_by("id"))


def text_of(response: Any) -> str:
    """Return a page as one line of text and tags."""
    return " ".join(response.content.decode().split())


@pytest.fixture
def patient(clinician: User, make_patient: Callable[..., Patient]) -> Patient:
    """Return a patient of the clinician's organisation."""
    return make_patient(clinician)
