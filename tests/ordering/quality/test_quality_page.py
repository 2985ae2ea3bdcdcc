"""The quality page: who sees it, what it hides, its filters and files."""

import csv
import io

import pytest
from django.urls import reverse
from django.utils import timezone

from ordering.choosing import OverrideGiven
from ordering.quality.page import TABLES
from portal.models import Organisation
from portal.roles import Role
from tests.ordering.placing import MRI, events, patient, place, report, text_of
from tests.ordering.quality.numbers import asked, several
from tests.people import make_organisation, make_user

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]

QUALITY = "/quality/"
SPECIAL = OverrideGiven("special-circumstances", "bedside")


def file_rows(response):
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode(), newline="")))


@pytest.mark.parametrize("path", [QUALITY, "/quality/tables/appropriateness.csv"])
@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("clinician", 200),
        ("auditor", 200),
        ("administrator", 200),
        ("editor", 200),
        ("approver", 200),
        ("nobody", 403),
        ("elsewhere", 403),
    ],
)
def test_roles_that_have_to_do_with_orders_or_content_see_measures(
    as_user, request, organisation, path, person, status
):
    who = {
        "nobody": lambda: make_user("nobody", organisation=organisation),
        "elsewhere": lambda: make_user("elsewhere", Role.AUDITOR),  # works in no organisation
    }.get(person, lambda: request.getfixturevalue(person))()

    response = as_user(who).get(path)

    assert response.status_code == status
    assert bool(events("access.denied")) is (status == 403)


def test_nobody_signed_in_is_led_to_the_sign_in(client):
    assert client.get(QUALITY).status_code == 302


def test_no_page_and_no_file_names_a_patient_or_a_clinician(as_user, clinician, auditor, make_patient):
    unusual = make_patient(clinician, family_name="Quetzalcoatl", mrn="QZ-777")
    order = place(unusual, clinician, study=MRI, reason=SPECIAL, note="Canary note")
    report(order, clinician, "indeterminate", comment="Canary comment")
    client = as_user(auditor)

    texts = [client.get(QUALITY).content.decode()]
    texts += [
        b"".join(client.get(f"/quality/tables/{name}.csv").streaming_content).decode() for name in TABLES
    ]

    for text in texts:
        for canary in ("Quetzalcoatl", "QZ-777", "Canary", "bedside", order.number, "Dr Clinician"):
            assert canary not in text


def test_an_auditor_sees_the_own_organisation_and_an_editor_all_together(
    as_user, clinician, auditor, editor, other_clinic, make_patient
):
    several(5, clinician, make_patient)
    several(6, other_clinic, make_patient)

    assert "Signed orders: 5." in text_of(as_user(auditor).get(QUALITY))
    assert "Signed orders: 11." in text_of(as_user(editor).get(QUALITY))


@pytest.mark.parametrize("named", ["south-hospital", "all", "no-such-place"])
def test_no_other_organisation_can_be_asked_for(as_user, auditor, other_clinic, make_patient, named):
    several(6, other_clinic, make_patient)

    page = as_user(auditor).get(f"{QUALITY}?organisation={named}")

    assert text_of(page).startswith("<!doctype html>")
    assert "Error:" in text_of(page)
    assert "Signed orders" not in text_of(page)
    assert as_user(auditor).get(f"/quality/tables/signals.csv?organisation={named}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "first=2026-13",
        "first=1999-01",
        "last=soon",
        "version=0",
        "version=1",
        "version=99999999999999999999",
        "version=1.5",
        "scenario=no%20slug",
        "scenario=" + "x" * 200,
        "by=day",
        f"first={timezone.localdate():%Y-%m}&last={timezone.localdate().year - 1}-01",
        "by=week",
    ],
)
def test_a_filter_that_means_nothing_is_refused_and_kept(as_user, clinician, query):
    client = as_user(clinician)

    page = client.get(f"{QUALITY}?{query}")

    assert page.status_code == 200
    assert "<title>Error:" in text_of(page)
    assert client.get(f"/quality/tables/signals.csv?{query}").status_code == 400


def test_without_anything_the_page_says_so(as_user, clinician):
    assert "Nothing was asked or signed in this period" in text_of(as_user(clinician).get(QUALITY))


def test_small_counts_are_hidden_in_page_and_file_alike(as_user, clinician, make_patient):
    several(4, clinician, make_patient)
    client = as_user(clinician)

    page = text_of(client.get(QUALITY))
    (row, *_) = file_rows(client.get("/quality/tables/appropriateness.csv"))

    assert "Signed orders: fewer than 5." in page
    assert (row["Rating"], row["Share"], row["Orders"]) == ("Usually appropriate", "", "fewer than 5")


def test_what_clinicians_typed_is_shown_in_files_as_no_formula_and_to_editors_only_if_common(
    as_user, clinician, editor, make_patient
):
    typed = "=HYPERLINK(1)"
    several(1, clinician, make_patient, study=None, study_text=typed, reason=SPECIAL)

    (row,) = file_rows(as_user(clinician).get("/quality/tables/not-listed.csv"))

    assert row["As typed"] == "'=hyperlink(1)"
    assert "hyperlink" not in as_user(editor).get(QUALITY).content.decode()
    assert file_rows(as_user(editor).get("/quality/tables/not-listed.csv")) == []


def test_markup_in_a_phrase_is_inert(as_user, clinician, make_patient):
    several(1, clinician, make_patient, study=None, study_text="<script>alert(1)</script>", reason=SPECIAL)

    page = as_user(clinician).get(QUALITY).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_each_table_is_on_the_page_with_its_file_and_every_drawing_has_words_beside_it(
    as_user, clinician, make_patient
):
    several(6, clinician, make_patient)
    client = as_user(clinician)

    page = client.get(QUALITY).content.decode()

    for name in TABLES:
        assert f'id="t-{name}"' in page
        assert client.get(f"/quality/tables/{name}.csv").status_code == 200
    assert page.count('<svg class="bar"') > 5
    assert page.count('aria-hidden="true"') >= page.count("<svg")
    assert "style=" not in page
    assert client.get("/quality/tables/none.csv").status_code == 404


def test_views_and_files_are_recorded_without_what_they_say(as_user, auditor):
    client = as_user(auditor)

    client.get(QUALITY)
    list(client.get("/quality/tables/times.csv").streaming_content)

    (viewed,), (exported,) = events("quality.viewed"), events("quality.exported")
    assert viewed.organisation == str(auditor.organisation_id)
    assert exported.after["table"] == "times"


def test_the_page_takes_the_same_queries_however_many_orders(
    as_user, clinician, make_patient, django_assert_num_queries
):
    client = as_user(clinician)
    several(1, clinician, make_patient)
    client.get(QUALITY)

    for _ in range(2):
        with django_assert_num_queries(28):
            client.get(QUALITY)
        several(3, clinician, make_patient, study=MRI, reason=SPECIAL)
        asked(clinician, diagnosis="aml", via="api")


def test_the_navigation_names_quality(as_user, clinician, editor):
    for who in (clinician, editor):
        assert f'href="{reverse("quality")}" aria-current="page"' in text_of(as_user(who).get(QUALITY))


def test_an_organisation_named_all_is_one_organisation(as_user, clinician, make_patient):
    several(5, clinician, make_patient)
    place_ = make_organisation("all", "All Saints")

    page = text_of(
        as_user(make_user("saint", Role.AUDITOR, organisation=place_)).get(f"{QUALITY}?organisation=all")
    )

    assert isinstance(place_, Organisation)
    assert "Nothing was asked or signed" in page
