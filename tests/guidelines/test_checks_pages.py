"""The desk's pages about checks: faults with links, vignettes side by side, and the form of a vignette."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from guidelines.models import Advisory, ScenarioVersion, Vignette
from portal import audit
from portal.models import User
from tests.guidelines.desk import SHIPPED, TESTS, copy, load, publish
from tests.guidelines.test_admin import fields_of
from tests.people import AsUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(editor: User, as_user: AsUser) -> Client:
    """Return a client signed in as an editor."""
    return as_user(editor)


def text_of(response: Any) -> str:
    """Return the words of a page's main part."""
    page = response.content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index('id="content"') :]).split())


def checks(version: ScenarioVersion) -> str:
    """Return the address of a version's checks."""
    return reverse("admin:guideline_check", args=[version.pk])


def vignette(version: ScenarioVersion, key: str) -> Vignette:
    """Return a vignette of a version."""
    return Vignette.objects.get(version=version, key=key)


def form_at(row: Vignette) -> str:
    """Return the address of a vignette's form."""
    return reverse("admin:guidelines_vignette_change", args=[row.pk])


def test_a_sound_draft_has_nothing_against_it_and_every_vignette_passes(desk: Client) -> None:
    version = load(SHIPPED)

    page = text_of(desk.get(checks(version)))

    assert "Nothing is wrong" in page
    assert "18 of 18 pass" in page
    assert "Contradictions 0 of 6" in page


def test_each_fault_links_to_its_row_and_the_failing_vignette_shows_both_answers(desk: Client) -> None:
    draft = copy(publish(load(SHIPPED)))
    with audit.acting(TESTS):
        Advisory.objects.filter(version=draft, code="pregnancy").update(
            condition={"element": "diagnosis", "op": "equals", "value": "aml"}
        )
    row = vignette(draft, "pregnant-and-never-staged")
    advisory = Advisory.objects.get(version=draft, code="pregnancy")

    page = desk.get(checks(draft))

    assert reverse("admin:guidelines_advisory_change", args=[advisory.pk]) in page.content.decode()
    assert reverse("admin:guidelines_vignette_change", args=[row.pk]) in page.content.decode()
    assert "expected and missing: Pregnancy" in text_of(page)
    assert "1 fail" in text_of(page)
    one = desk.get(reverse("admin:guideline_vignette_run", args=[row.pk]))
    assert "Fail" in text_of(one)
    assert [part.agrees for part in one.context["row"].parts] == [True, True, True, False]


def test_a_vignette_is_asked_by_approvers_and_by_nobody_outside_the_desk(
    approver: User, clinician: User, as_user: AsUser
) -> None:
    version = load(SHIPPED)
    row = vignette(version, "aml")
    pages = [
        checks(version),
        reverse("admin:guideline_vignette_run", args=[row.pk]),
        reverse("admin:guideline_silent", args=[version.pk]),
        reverse("guideline_preview", args=[version.pk]),
    ]

    assert [as_user(approver).get(page).status_code for page in pages] == [200] * 4
    assert all(as_user(clinician).get(page).status_code in (302, 403) for page in pages)
    assert all(Client().get(page).status_code in (302, 403) for page in pages)


SAVED = [
    # what is sent beside what the form shows, the column, its new value
    ({"answer_egfr": "28.5"}, "answers", ("egfr", 28.5)),
    ({"answer_egfr": "28"}, "answers", ("egfr", 28)),
    ({"answer_diagnosis": ""}, "answers", ("diagnosis", None)),
    ({"answer_emd_sites": ["skin", "cns"]}, "answers", ("emd_sites", ["skin", "cns"])),
    ({"expected_advisories": ["pregnancy"]}, "advisories", ["pregnancy"]),
    ({"role_1": ""}, "studies", (0, {"study": "ct-chest-abdomen-pelvis-with-iv-contrast", "role": None})),
    ({"report_finding": "new_sites", "report_discordant": "on"}, "report", ("discordant", True)),
]


def test_answers_and_expectations_are_chosen_and_kept(desk: Client) -> None:
    row = vignette(load(SHIPPED), "after-induction-ct-baseline")
    shown = fields_of(desk.get(form_at(row)))
    kept = {}

    for index, (sent, column, wanted) in enumerate(SAVED):
        answer = desk.post(form_at(row), shown | sent)
        value = getattr(vignette(row.version, row.key), column)
        if isinstance(wanted, tuple):
            value = value.get(wanted[0]) if isinstance(value, dict) else value[wanted[0]]
        kept[index] = (answer.status_code, value)

    assert kept == {
        index: (302, wanted[1] if isinstance(wanted, tuple) else wanted)
        for index, (_, _, wanted) in enumerate(SAVED)
    }


REFUSED = [
    # what is sent, the fields that are named, a part of what is said
    ({"answer_egfr": "seventy"}, {"answer_egfr"}, "Must be a number"),
    ({"answer_egfr": "1e2"}, {"answer_egfr"}, "Must be a number"),
    ({"answer_age_years": "4_2"}, {"answer_age_years"}, "whole number"),
    ({"answer_age_years": "42.0"}, {"answer_age_years"}, "whole number"),
    ({"answer_age_years": "131"}, {"answer_age_years"}, "0 to 130"),
    ({"answer_diagnosis": "gout"}, {"answer_diagnosis"}, "Select a valid choice"),
    ({"answer_therapy_ended_on": "2026-02-30"}, {"answer_therapy_ended_on"}, "calendar"),
    ({"answer_egfr": "x", "answer_age_years": "y"}, {"answer_egfr", "answer_age_years"}, "Must be"),
    ({"fit": "does_not_fit"}, {"place_1"}, "Must be empty"),
    ({"expected_redirects": ["other-leukaemia"]}, {"expected_redirects"}, "without a fit"),
    ({"place_1": ""}, {"place_1", "place_2"}, "before this one"),
    ({"place_2": "ct-chest-abdomen-pelvis-with-iv-contrast"}, {"place_2"}, "twice"),
    ({"report_finding": ""}, {"report_finding"}, "Choose the finding"),
    ({"title": "<b>Bold</b>"}, {"title"}, "plain text"),
    ({"key": "aml"}, {"__all__"}, "already exists"),
]


def test_what_the_version_does_not_know_is_said_at_its_field_and_nothing_typed_is_lost(desk: Client) -> None:
    row = vignette(load(SHIPPED), "after-induction-ct-baseline")
    shown = fields_of(desk.get(form_at(row)))

    for sent, fields, said in REFUSED:
        form = desk.post(form_at(row), shown | sent).context["adminform"].form
        told = [str(fault) for faults in form.errors.values() for fault in faults]

        assert fields <= set(form.errors), sent
        assert any(said in fault for fault in told), (sent, told)
        assert {name: form[name].value() for name in set(sent) & set(form.fields)} == sent


def test_a_vignette_is_added_to_a_draft_and_read_in_words_once_it_is_published(desk: Client) -> None:
    version = load(SHIPPED)
    address = f"{reverse('admin:guidelines_vignette_add')}?version={version.pk}"
    given = {
        "key": "liver",
        "title": "Liver alone",
        "fit": "needs_answers",
        "position": "0",
        "answer_age_years": "50",
        "answer_emd_sites": ["liver"],
    }

    assert desk.get(address).status_code == 200
    assert desk.post(address, given).status_code == 302

    row = vignette(version, "liver")
    assert row.answers == {"age_years": 50, "emd_sites": ["liver"]}
    publish(version)
    assert "Sites of EMD : Liver" in text_of(desk.get(form_at(row)))


def test_the_checks_stay_cheap(desk: Client, django_assert_max_num_queries: Any) -> None:
    draft = copy(publish(load(SHIPPED)))
    desk.get(checks(draft))

    with django_assert_max_num_queries(60):
        desk.get(checks(draft))
