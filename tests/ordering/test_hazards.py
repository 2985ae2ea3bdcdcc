"""Controls of docs/hazard-log.md that no other test shows."""

from datetime import date

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from guidelines import library
from ordering.advice import advise
from ordering.models import Patient
from portal.models import User
from tests.content import FITTING, LEUKAEMIA
from tests.ordering.placing import PET, ask, place
from tests.people import AsUser

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]
NO_AGE = {key: value for key, value in FITTING.items() if key != "age_years"}


@pytest.fixture
def desk(clinician: User, as_user: AsUser) -> Client:
    """Return a client signed in as a clinician."""
    return as_user(clinician)


@pytest.fixture
def patient(clinician: User, make_patient) -> Patient:
    """Return a patient of the clinician's organisation."""
    return make_patient(clinician)


# --- H04: units -------------------------------------------------------------------------------------------


def test_every_number_is_asked_with_its_unit_and_refused_outside_its_range(
    desk: Client, patient: Patient
) -> None:
    _, ruleset = library.current(LEUKAEMIA)
    address = reverse("order_new", args=[patient.pk, LEUKAEMIA])
    asked = desk.get(address).content.decode()
    numbers = [element for element in ruleset.elements if element.kind in ("integer", "decimal")]
    assert numbers

    for element in numbers:
        if element.derived_from:
            continue
        assert element.unit in asked
        answer = desk.post(
            address, {"_digest": ruleset.digest, element.key: str(int(element.maximum or 0) + 1)}
        )
        assert element.key in answer.context["form"].errors


# --- H06: age at a boundary -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "now", "adult"),
    [
        ("2008-11-24", "2026-11-23 12:00+00:00", "not_met"),
        ("2008-11-23", "2026-11-23 12:00+00:00", "met"),
        # born on 29 February: a year older on 1 March
        ("2008-02-29", "2026-02-28 12:00+00:00", "not_met"),
        ("2008-02-29", "2026-03-01 12:00+00:00", "met"),
        # in London it is the birthday already, in UTC not yet
        ("2008-07-02", "2026-07-01 23:30+00:00", "met"),
        ("2008-07-02", "2026-07-01 22:30+00:00", "not_met"),
    ],
)
def test_whether_somebody_is_an_adult_is_asked_of_the_birth_date_and_the_day_at_the_site(
    born: str, now: str, adult: str
) -> None:
    with time_machine.travel(now, tick=False):
        advised = advise(slug=LEUKAEMIA, answers=NO_AGE, birth_date=date.fromisoformat(born))

    assert {row["key"]: row["status"] for row in advised.suggestion["criteria"]}["adult"] == adult


# --- H08: repeated dose -----------------------------------------------------------------------------------


def test_a_patients_page_shows_the_radiation_level_of_every_order_and_adds_nothing_up(
    desk: Client, clinician: User, patient: Patient
) -> None:
    place(patient, clinician)
    place(patient, clinician, study=PET)

    page = desk.get(reverse("patient_detail", args=[patient.pk])).content.decode()

    assert page.count("Radiation level 4 of 5") == 2
    for sum_of_doses in ("20 to 60 mSv", "cumulative", "total dose"):
        assert sum_of_doses not in page


# --- H03: a contraindication beside an answer that is missing ---------------------------------------------


@pytest.mark.parametrize("given", ["severe_contrast_allergy", "renal_failure"])
def test_one_contraindication_is_shown_while_the_other_is_not_documented(
    desk: Client, clinician: User, patient: Patient, given: str
) -> None:
    unknown = {"severe_contrast_allergy": None, "renal_failure": None} | {given: "yes"}
    consultation = ask(patient, clinician, **unknown)

    page = desk.get(reverse("suggestion", args=[consultation.pk]))

    assert page.status_code == 200
    assert [study["role"] for study in consultation.suggestion["studies"]][:3] == [
        "suggested",
        "fallback",
        "contraindicated",
    ]
    assert "Contraindicated" in page.content.decode()


# --- H16: alerts for nothing ------------------------------------------------------------------------------


def test_a_patient_without_any_particularity_gets_no_warning(
    desk: Client, clinician: User, patient: Patient
) -> None:
    consultation = ask(patient, clinician)

    whole = desk.get(reverse("suggestion", args=[consultation.pk])).content.decode()
    page = whole[whole.index("<main") : whole.index("</main>")]

    assert consultation.suggestion["advisories"] == []
    assert consultation.suggestion["contradictions"] == []
    assert all(study["cautions"] == [] for study in consultation.suggestion["studies"])
    assert 'class="note caution' not in page
    assert 'class="note stop' not in page
