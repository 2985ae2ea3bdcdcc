"""From a card to an order: after sign-in, the patient is confirmed and the answers are there."""

from __future__ import annotations

from datetime import date

import pytest

from ordering.models import Consultation, Patient
from portal.models import AuditEvent
from tests.ordering.cds_hooks.answers import born
from tests.ordering.cds_hooks.fhir import FITTING, call, concept, patient, post, prefetch

MRN = {"type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"), "value": "4002 0001"}


@pytest.fixture
def link(unsigned):
    """Return the path of a card's link for a patient of 42 years that the portal does not know."""
    card = post(unsigned, call()).json()["cards"][0]
    return card["links"][0]["url"].removeprefix("http://testserver")


def test_the_link_asks_to_sign_in_and_comes_back(client, link):
    response = client.get(link)

    assert response.status_code == 302
    assert link in response.headers["Location"].replace("%2F", "/")


def test_the_clinician_names_and_confirms_the_patient(as_user, clinician, make_patient, link):
    known = make_patient(clinician, birth_date=date.fromisoformat(born(42)))
    browser = as_user(clinician)

    asked = browser.get(link)
    found = browser.post(link, {"mrn": known.mrn.lower()})
    taken = browser.post(link, {"patient": str(known.pk)})

    assert asked.status_code == 200
    assert known.family_name.upper() in found.content.decode()
    assert taken.status_code == 303
    consultation = Consultation.objects.get(via="portal")
    assert consultation.patient == known
    assert consultation.answers["diagnosis"] == "all"
    assert taken.headers["Location"].endswith(
        f"/orders/new/{known.pk}/{consultation.scenario_slug}/?from={consultation.pk}"
    )
    form = browser.get(taken.headers["Location"])
    assert form.status_code == 200
    assert AuditEvent.objects.filter(event_type="patient.viewed", patient_ref=str(known.pk)).exists()


def test_the_answers_of_somebody_of_another_age_are_not_taken_over(as_user, clinician, make_patient, link):
    other = make_patient(clinician, birth_date=date.fromisoformat(born(43)))

    response = as_user(clinician).post(link, {"patient": str(other.pk)})

    assert response.status_code == 422
    assert "not taken over" in response.content.decode()
    assert not Consultation.objects.filter(via="portal").exists()


def test_an_unknown_number_is_said(as_user, clinician, link):
    response = as_user(clinician).post(link, {"mrn": "9999"})

    assert response.status_code == 422
    assert "no patient with this number" in response.content.decode()


def test_a_patient_that_the_portal_knows_needs_no_question(as_user, unsigned, clinician, make_patient):
    known = make_patient(clinician, mrn="4002 0001", birth_date=date.fromisoformat(born(42)))
    given = prefetch(*FITTING, about=patient(born(42), identifier=[MRN]))
    card = post(unsigned, call(given=given)).json()["cards"][0]

    response = as_user(clinician).get(card["links"][0]["url"].removeprefix("http://testserver"))

    assert response.status_code == 303
    assert f"/orders/new/{known.pk}/" in response.headers["Location"]


NAMED = {
    "name": [
        {"use": "maiden", "family": "Former", "given": ["Alva"]},
        {"use": "official", "family": "Synthetic", "given": ["Alva", "", "Maria"]},
    ],
    "gender": "female",
}


def test_a_patient_with_a_new_number_is_registered_as_the_record_says(as_user, unsigned, clinician):
    about = patient(born(42), identifier=[MRN], **NAMED)
    cards = [post(unsigned, call(given=prefetch(*FITTING, about=about))).json()["cards"][0] for _ in range(2)]

    registered = Patient.objects.get(organisation=clinician.organisation)
    assert (registered.mrn, registered.family_name, registered.given_name) == (
        "4002 0001",
        "Synthetic",
        "Alva Maria",
    )
    assert (registered.birth_date.isoformat(), registered.sex) == (born(42), "female")
    assert AuditEvent.objects.filter(event_type="patient.created", via="cds-hooks").count() == 1
    link = cards[1]["links"][0]["url"].removeprefix("http://testserver")
    opened = as_user(clinician).get(link, follow=True)
    assert opened.redirect_chain[-1][0].startswith(f"/orders/new/{registered.pk}/")
    assert "SYNTHETIC" in opened.content.decode()


@pytest.mark.parametrize(
    "about",
    [
        {"identifier": [MRN]},
        {"identifier": [MRN, MRN | {"value": "4002 0002"}], **NAMED},
        {"identifier": [MRN | {"value": "9" * 41}], **NAMED},
        {"identifier": [MRN], **NAMED, "gender": "F"},
        {"identifier": [MRN], "name": [{"family": "A\u0000", "given": ["B"]}]},
        {"identifier": [MRN], "name": [{"family": "A" * 101, "given": ["B"]}]},
        {**NAMED},
    ],
)
def test_nobody_is_registered_on_less(unsigned, about):
    response = post(unsigned, call(given=prefetch(*FITTING, about=patient(born(42), **about))))

    assert response.status_code in {200, 400}
    assert not Patient.objects.exists()


def test_nobody_is_registered_where_no_guideline_speaks_or_the_number_is_another_persons(
    unsigned, clinician, make_patient
):
    about = patient(born(42), identifier=[MRN], **NAMED)
    post(unsigned, call(given=prefetch(about=about)))
    assert not Patient.objects.exists()

    known = make_patient(clinician, mrn="4002 0001", birth_date=date.fromisoformat(born(50)))
    post(unsigned, call(given=prefetch(*FITTING, about=about)))

    assert list(Patient.objects.all()) == [known]
    assert Consultation.objects.get().patient is None


def test_another_organisation_finds_nothing(as_user, other_clinic, link):
    assert as_user(other_clinic).get(link).status_code == 404


def test_only_clinicians_open_orders(as_user, auditor, link):
    assert as_user(auditor).get(link).status_code == 403


def test_another_organisations_patient_cannot_be_named(as_user, clinician, other_clinic, make_patient, link):
    foreign = make_patient(other_clinic)

    assert as_user(clinician).post(link, {"patient": str(foreign.pk)}).status_code == 404
