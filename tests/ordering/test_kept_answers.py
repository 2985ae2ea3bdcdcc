"""Answers kept before anybody asks with them, what the record says otherwise, and what is at hand."""

import pytest
from django.urls import reverse

from guidelines import library
from ordering.cds_hooks.ratings import ARGONAUT, Site
from ordering.fhir.reading import order_record
from ordering.fhir.translate import service_request
from ordering.fhir.values import Place
from ordering.forms import DIGEST
from ordering.models import Consultation, FavouriteScenario, KeptAnswers, Order, UnmatchedPhrase
from ordering.printing.leaflet import leaflet_of
from tests.content import LEUKAEMIA, SHIPPED, load
from tests.ordering.placing import ask, place, text_of

STANDS_IN = SHIPPED.with_name(f"{library.NO_SCENARIO}.json")

pytestmark = pytest.mark.usefixtures("leukaemia")


@pytest.fixture
def client(as_user, clinician):
    return as_user(clinician)


@pytest.fixture
def patient(clinician, make_patient):
    return make_patient(by=clinician)


def address(name, patient, query=""):
    return reverse(name, args=[patient.pk, LEUKAEMIA]) + query


def test_answers_come_back_as_they_were_typed_also_the_wrong_ones(client, patient):
    typed = {"diagnosis": "all", "egfr": "4_2", "emd_sites": ["cns", "skin"], "renal_failure": ""}

    answer = client.post(address("answers_keep", patient), typed)
    page = client.get(address("order_new", patient)).content.decode()

    assert text_of(answer).strip().startswith("Answers kept")
    assert 'value="4_2"' in page
    assert page.count(" checked") == 4  # ALL, two sites, and kidney failure as not documented
    assert Consultation.objects.count() == 0


def test_keeping_again_replaces_what_was_kept_and_asking_drops_it(client, patient):
    client.post(address("answers_keep", patient), {"diagnosis": "all"})
    client.post(address("answers_keep", patient), {"diagnosis": "aml"})
    assert [row.typed for row in KeptAnswers.objects.all()] == [{"diagnosis": ["aml"]}]

    _, ruleset = library.current(LEUKAEMIA)
    client.post(address("order_new", patient), {"diagnosis": "aml", DIGEST: ruleset.digest})

    assert not KeptAnswers.objects.exists()


def test_a_form_that_was_left_waits_on_worklist_and_patients_page_until_dropped(client, patient):
    left = client.post(address("answers_keep", patient), {"diagnosis": "all", "_leave": "yes"}, follow=True)
    assert "Begun, not asked yet" in text_of(left)
    assert "Begun, not asked yet" in text_of(client.get(reverse("patient_detail", args=[patient.pk])))

    gone = client.post(address("answers_forget", patient), {"_leave": "yes"}, follow=True)

    assert "Begun, not asked yet" not in text_of(gone)


def test_forms_of_two_patients_and_two_people_never_mix(client, as_user, colleague, patient, make_patient):
    other = make_patient(by=colleague)
    client.post(address("answers_keep", patient), {"diagnosis": "all"})

    assert "that you kept" not in text_of(client.get(address("order_new", other)))
    assert "that you kept" not in text_of(as_user(colleague).get(address("order_new", patient)))
    assert "that you kept" in text_of(client.get(address("order_new", patient)))


def test_a_follow_up_keeps_answers_of_its_own(client, clinician, patient):
    parent = place(patient, clinician)
    query = f"?parent={parent.pk}"
    client.post(address("answers_keep", patient, query), {"diagnosis": "all"})

    assert "that you kept" in text_of(client.get(address("order_new", patient, query)))
    assert "that you kept" not in text_of(client.get(address("order_new", patient)))
    assert f"follow-up of order {parent.number}" in text_of(client.get(reverse("worklist")))


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"comment": "x" * 30_000}, 200),  # no row of the form
        ({"egfr": "x" * 30_000}, 413),
        ({"egfr": "\0"}, 400),
    ],
)
def test_only_rows_of_the_form_are_kept_and_only_so_much(client, patient, typed, status):
    assert client.post(address("answers_keep", patient), typed).status_code == status
    assert [row.typed for row in KeptAnswers.objects.all()] == ([{}] if status == 200 else [])


def test_nobody_keeps_answers_for_another_organisations_patient(as_user, other_clinic, patient):
    stranger = as_user(other_clinic)

    for name in ("answers_keep", "answers_forget"):
        assert stranger.post(address(name, patient), {"diagnosis": "all"}).status_code == 404
    assert not KeptAnswers.objects.exists()


def test_earlier_answers_are_offered_with_their_day_and_taken_over_only_when_asked_for(
    client, clinician, patient
):
    order = place(patient, clinician)

    offered = client.get(address("order_new", patient)).content.decode()
    query = f"?from={order.consultation_id}"
    taken = client.get(address("order_new", patient, query)).content.decode()

    assert f"order {order.number}" in offered
    assert query in offered
    assert " checked" not in offered
    assert taken.count(" checked") > 5
    assert "answered " in taken


def test_an_answer_that_differs_from_the_record_is_said_on_row_and_panel(client, clinician, patient):
    consultation = ask(patient, clinician, renal_failure="yes")
    query = f"?from={consultation.pk}"

    wrong = {"renal_failure": "no", "egfr": "4_2", DIGEST: library.current(LEUKAEMIA)[1].digest}
    panel = client.post(address("order_suggestion_fragment", patient, query), {"renal_failure": "no"})
    refused = client.post(address("order_new", patient, query), wrong)

    assert "The record says “Yes” (answered " in text_of(panel)
    assert "The record says “Yes” (answered " in text_of(refused)


def test_favourites_stand_first_and_no_scenario_is_listed_twice(client, patient):
    start = f"{reverse('order_start')}?patient={patient.pk}"
    toggle = reverse("scenario_favourite", args=[LEUKAEMIA])

    client.post(toggle, {"wanted": "yes", "patient": patient.pk})
    page = text_of(client.get(start))
    client.post(toggle, {"wanted": "no", "patient": patient.pk})

    assert "Your favourites" in page
    assert page.count("Remove from favourites") == 1
    assert "Add to favourites" not in page
    assert not FavouriteScenario.objects.exists()


def test_a_search_that_finds_nothing_is_told_to_the_editors_without_its_digits(client, patient):
    client.get(f"{reverse('order_start')}?patient={patient.pk}&q=toothache  4002 17")

    assert [row.phrase for row in UnmatchedPhrase.objects.all()] == ["toothache #### ##"]


@pytest.mark.parametrize("typed", ["leukemia", "acute lymphoblastik leukaemia", "ALL extramedulary"])
def test_scenarios_are_found_in_spite_of_typing_errors(client, patient, typed):
    page = client.get(f"{reverse('order_start')}?patient={patient.pk}&q={typed}")

    assert "1 scenario found" in text_of(page)


def test_a_question_that_no_scenario_covers_is_ordered_as_not_rated_with_a_reason(client, clinician, patient):
    load(STANDS_IN)
    start = client.get(f"{reverse('order_start')}?patient={patient.pk}&q=toothache")
    assert "No scenario matches" in text_of(start)

    step_2 = client.post(reverse("order_without_scenario", args=[patient.pk]), follow=True)
    consultation = Consultation.objects.get()
    assert "Which study?" in text_of(step_2)
    assert "Back to the scenarios" in text_of(step_2)
    unlisted = {
        "study": "",
        "study_text": "Orthopantomogram",
        "reason": "radiologist-advised",
        "reason_text": "",
    }
    drafted = client.post(reverse("study_choose", args=[consultation.pk]), unlisted)

    assert drafted.status_code == 303, text_of(drafted)
    order = Order.objects.get()
    assert (order.study_text, order.rating, order.adherence) == ("Orthopantomogram", "", "not_applicable")
    leaflet = leaflet_of(order, library.current(library.NO_SCENARIO)[1], printed_by="Dr Shah")
    assert "guideline" not in leaflet.source
    base = "https://portal.example.org"
    at = Place(base=base, site=Site(base=base), organisation="northfield")
    extensions = service_request(order_record(order), at)["extension"]
    assert [row["url"].removeprefix(ARGONAUT) for row in extensions] == ["", "-consult-id"]


def test_no_list_and_no_search_offers_what_stands_in_for_a_missing_scenario(client, patient):
    load(STANDS_IN)

    assert library.NO_SCENARIO not in [edition.slug for edition in library.search("question scenario covers")]
    assert library.NO_SCENARIO not in [edition.slug for edition in library.search("")]
