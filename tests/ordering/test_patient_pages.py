"""Finding, registering and opening patients."""

import re
from datetime import date

import pytest
from django.urls import reverse

from ordering.models import Patient
from tests.ordering.placing import ask, events, patient, place, text_of

__all__ = ["patient"]
pytestmark = pytest.mark.django_db
SEARCH = "/patients/"
NEW = "/patients/new/"
EVA = {
    "family_name": "Lindqvist",
    "given_name": "Eva",
    "birth_date": "19-Jan-1963",
    "sex": "female",
    "mrn": "4000 9932",
}


@pytest.fixture
def several(clinician, make_patient) -> dict[str, Patient]:
    """Return patients of the organisation by a short name."""
    people = {
        "martin": ("Martin", "Alex", date(1984, 3, 14), "4002 1877"),
        "martina": ("Martin", "Alexa", date(1990, 5, 2), "4002 2000"),
        "garcia": ("Garcia Lopez", "Anne-Marie", date(1984, 3, 14), "AB 123"),
        "berg": ("Berg", "Tomas", date(1990, 8, 27), "4002 0141"),
    }
    return {
        key: make_patient(clinician, family_name=family, given_name=given, birth_date=born, mrn=mrn)
        for key, (family, given, born, mrn) in people.items()
    }


def search(client, text: str):
    return client.post(SEARCH, {"q": text}, follow=True)


def found(response) -> set[str]:
    return {row.mrn for row in response.context["results"]["rows"]}


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("martin", {"martin", "martina"}),
        ("MARTIN, Alex", {"martin", "martina"}),
        ("alexa martin", {"martina"}),
        ("mart 14-Mar-1984", {"martin"}),
        ("1984-03-14", {"martin", "garcia"}),
        ("14.03.1984", {"martin", "garcia"}),
        ("lopez", {"garcia"}),
        ("marie", {"garcia"}),
        ("4002", {"martin", "martina", "berg"}),
        ("40020 tomas", {"berg"}),
        ("14-Mar-1984 02-May-1990", set()),
        ("nobody", set()),
        ("%", set()),
    ],
)
def test_everything_that_is_typed_must_fit(as_user, clinician, several, text, keys):
    response = search(as_user(clinician), text)

    assert found(response) == {several[key].mrn for key in keys}


@pytest.mark.parametrize("text", ["4002 1877", "40021877", " 4002 1877 "])
def test_an_exact_record_number_opens_the_patient(as_user, clinician, several, text):
    response = as_user(clinician).post(SEARCH, {"q": text})

    assert (response.status_code, response.url) == (303, f"/patients/{several['martin'].pk}/")


def test_an_exact_record_number_goes_on_with_the_scenario_that_was_wanted(
    as_user, clinician, several, leukaemia
):
    slug = leukaemia.scenario.slug

    response = as_user(clinician).post(SEARCH, {"q": "4002 1877", "scenario": slug})

    assert response.url == f"{reverse('order_start')}?patient={several['martin'].pk}&scenario={slug}"


def test_what_was_typed_is_never_in_an_address(as_user, clinician, several):
    client = as_user(clinician)

    response = client.post(SEARCH, {"q": "martin 14-Mar-1984"})

    assert re.fullmatch(r"/patients/\?search=[\w-]{11}", response.url)
    page = text_of(client.get(response.url))
    assert "MARTIN, Alex" in page
    assert not re.search(r'(href|action)="[^"]*(?i:martin|1984)', page)


def test_results_name_the_patient_in_full_and_warn_of_similar_names(as_user, clinician, several):
    page = text_of(search(as_user(clinician), "martin"))

    assert "MARTIN, Alex" in page
    assert '<time datetime="1984-03-14">14-Mar-1984</time>' in page
    assert "4002 1877" in page
    assert "Some names are alike" in page
    assert page.count("similar name") == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Type a name, a date of birth or an MRN"),
        ("   ", "Type a name, a date of birth or an MRN"),
        ("03/04/1984", "can be two days"),
        ("x" * 201, "at most 200 characters"),
        ("mar\u200btin", "invisible"),
    ],
)
def test_an_unclear_search_comes_back_with_what_was_typed(as_user, clinician, text, says):
    response = as_user(clinician).post(SEARCH, {"q": text})

    page = text_of(response)
    assert "<title>Error:" in page
    assert says in page
    assert text.strip() in page


def test_nobody_found_offers_to_register(as_user, clinician):
    page = text_of(search(as_user(clinician), "nobody"))

    assert "No patient of your organisation fits" in page
    assert f'href="{NEW}"' in page


def test_too_many_ask_for_one_more_identifier(as_user, clinician, make_patient):
    for _ in range(51):
        make_patient(clinician)

    response = search(as_user(clinician), "martin")

    assert len(response.context["results"]["rows"]) == 50
    assert "Add one more identifier" in text_of(response)


def test_a_search_is_recorded_with_the_count_and_never_with_what_was_typed(as_user, clinician, several):
    search(as_user(clinician), "martin")

    (event,) = events("patients.searched")
    assert event.after == {"count": 2}
    assert event.patient_ref is None


def test_a_patient_is_registered_and_opened(as_user, clinician):
    response = as_user(clinician).post(NEW, EVA)

    made = Patient.objects.get()
    assert response.url == f"/patients/{made.pk}/"
    assert (made.family_name, made.birth_date, made.mrn) == ("Lindqvist", date(1963, 1, 19), "4000 9932")
    assert made.organisation == clinician.organisation
    assert events("patient.created", patient_ref=str(made.pk))


def test_every_fault_is_named_at_once_and_what_was_typed_is_kept(as_user, clinician):
    response = as_user(clinician).post(NEW, {"family_name": "Lindqvist", "birth_date": "03/04/1963"})

    page = text_of(response)
    assert set(response.context["form"].errors) == {"given_name", "birth_date", "sex", "mrn"}
    assert 'value="Lindqvist"' in page
    assert 'value="03/04/1963"' in page
    assert "<title>Error:" in page
    assert not Patient.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"birth_date": "19-Jan-2963"}, "birth_date"),
        ({"birth_date": "19-Jan-1763"}, "birth_date"),
        ({"sex": "yes"}, "sex"),
        ({"mrn": "1" * 41}, "mrn"),
        ({"family_name": "x" * 101}, "family_name"),
        ({"given_name": "Eva\u202e"}, "given_name"),
        ({"mrn": "4000\x009932"}, "mrn"),
        ({"given_name": "  "}, "given_name"),
    ],
)
def test_what_cannot_be_a_patient_is_refused(as_user, clinician, changed, field):
    response = as_user(clinician).post(NEW, EVA | changed)

    assert list(response.context["form"].errors) == [field]
    assert not Patient.objects.exists()


def test_a_taken_record_number_is_explained_with_a_link(as_user, clinician, several):
    response = as_user(clinician).post(NEW, EVA | {"mrn": "4002 1877"})

    page = text_of(response)
    assert list(response.context["form"].errors) == ["mrn"]
    assert f'href="/patients/{several["martin"].pk}/"' in page
    assert 'value="19-Jan-1963"' in page


def test_a_second_click_opens_the_patient_of_the_first(as_user, clinician):
    client = as_user(clinician)
    first = client.post(NEW, EVA)

    second = client.post(NEW, EVA)

    assert second.url == first.url
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"family_name": "Martyn", "given_name": "Alex", "birth_date": "14-Mar-1984"},
        {"family_name": "Alex", "given_name": "Martin", "birth_date": "14-Mar-1984"},
        {"mrn": "40021877"},
    ],
    ids=["like name and same birth date", "names swapped", "same number without the space"],
)
def test_a_similar_patient_is_shown_before_another_is_made(as_user, clinician, several, changed):
    client = as_user(clinician)
    before = Patient.objects.count()

    response = client.post(NEW, EVA | changed)

    assert [row.mrn for row in response.context["alike"]] == ["4002 1877"]
    assert Patient.objects.count() == before
    confirmed = {"confirmed": [str(row.pk) for row in response.context["alike"]]}
    assert client.post(NEW, EVA | changed | confirmed).status_code == 303
    assert Patient.objects.count() == before + 1


def test_a_confirmation_of_other_patients_does_not_count(as_user, clinician, several):
    changed = {"family_name": "Martyn", "given_name": "Alex", "birth_date": "14-Mar-1984"}

    response = as_user(clinician).post(NEW, EVA | changed | {"confirmed": [str(several["berg"].pk)]})

    assert response.status_code == 200
    assert not Patient.objects.filter(family_name="Martyn").exists()


def test_another_name_on_the_same_birth_date_needs_no_confirmation(as_user, clinician, several):
    response = as_user(clinician).post(NEW, EVA | {"birth_date": "14-Mar-1984"})

    assert response.status_code == 303


def test_a_patients_page_shows_orders_and_advice_without_an_order(as_user, clinician, patient, leukaemia):
    order = place(patient, clinician)
    asked = ask(patient, clinician, severe_contrast_allergy="yes")

    response = as_user(clinician).get(f"/patients/{patient.pk}/")

    page = text_of(response)
    assert order.number in page
    assert f'href="/consultations/{asked.pk}/"' in page
    assert f'href="/consultations/{order.consultation_id}/"' not in page
    assert f"/orders/new/?patient={patient.pk}" in page
    assert 'class="pb"' in page
    assert events("patient.viewed", patient_ref=str(patient.pk))


def test_a_patient_without_orders_has_a_page(as_user, clinician, patient):
    assert "No orders yet" in text_of(as_user(clinician).get(f"/patients/{patient.pk}/"))


def test_the_queries_of_the_patients_page_do_not_grow(
    as_user, clinician, patient, leukaemia, django_assert_num_queries
):
    for _ in range(4):
        place(patient, clinician)
        ask(patient, clinician)
    client = as_user(clinician)

    # session, person, roles; patient, orders, progress, statuses, by whom, findings, their guideline, prior
    # studies, advice, kept; trail
    with django_assert_num_queries(14):
        client.get(f"/patients/{patient.pk}/")
