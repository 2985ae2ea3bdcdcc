"""Preview as a clinician: the real steps 1 and 2 on a version that is not in use, and no trace of it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from guidelines.models import OrderRule, RatedStudy, ScenarioVersion
from ordering.models import Consultation, Order, Patient
from portal import audit
from portal.models import AuditEvent, User
from tests.content import FITTING
from tests.guidelines.desk import TESTS, copy
from tests.ordering.placing import text_of
from tests.people import AsUser

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(leukaemia: ScenarioVersion) -> ScenarioVersion:
    """Return a draft that suggests otherwise than the version in use."""
    made = copy(leukaemia)
    with audit.acting(TESTS):
        RatedStudy.objects.filter(version=made, study__code="radiography-chest").update(
            rationale="Only the draft says this."
        )
        OrderRule.objects.filter(version=made, key="same-modality-ct").delete()
    return made


@pytest.fixture
def desk(editor: User, as_user: AsUser) -> Client:
    """Return a client signed in as an editor, who belongs to no organisation."""
    return as_user(editor)


def at(name: str, version: ScenarioVersion) -> str:
    """Return an address of the preview."""
    return reverse(f"guideline_preview{name}", args=[version.pk])


def answered(desk: Client, version: ScenarioVersion, **given: Any) -> Any:
    """Answer step 1 and return the page that follows."""
    return desk.post(at("", version), FITTING | given, follow=True)


def test_the_draft_is_asked_on_the_real_pages_and_marked_on_each(
    desk: Client, draft: ScenarioVersion
) -> None:
    step_1 = text_of(desk.get(at("", draft)))
    step_2 = text_of(answered(desk, draft))

    for page in (step_1, step_2):
        assert "preview-mark" in page
        assert "Preview of version 2 (draft)." in page
        assert "Invented patient, 42 years." in page
    assert "Describe the clinical question" in step_1
    assert "Only the draft says this." in step_2


def test_nothing_can_be_chosen_and_nothing_is_recorded(desk: Client, draft: ScenarioVersion) -> None:
    before = [model.objects.count() for model in (Consultation, Order, Patient)]

    page = text_of(answered(desk, draft))

    assert "Choose this study" not in page
    assert "Choose with a reason" not in page
    assert "A study that is not listed here" not in page
    assert [model.objects.count() for model in (Consultation, Order, Patient)] == before
    assert not AuditEvent.objects.filter(event_type__startswith="consultation").exists()


@pytest.mark.parametrize(
    ("age", "said"),
    [
        ("17", "This guideline does not cover this patient"),
        ("18", "Suggested study"),
        ("131", "0 to 130"),
        ("4_2", "0 to 130"),
        ("", "0 to 130"),
        ("\u0664\u0662", "0 to 130"),
    ],
)
def test_the_age_of_the_invented_patient_is_typed_in(
    desk: Client, draft: ScenarioVersion, age: str, said: str
) -> None:
    page = answered(desk, draft, _age=age)

    assert said in text_of(page)
    if said == "0 to 130":
        assert page.context["form"].given["diagnosis"] == "all"  # what was answered stays


def test_a_wrong_answer_is_said_and_the_panel_follows_the_draft(desk: Client, draft: ScenarioVersion) -> None:
    page = answered(desk, draft, egfr="seventy")
    panel = desk.post(at("_so_far", draft), FITTING | {"severe_contrast_allergy": "yes", "_age": "30"})

    assert "eGFR must be a number" in text_of(page)
    assert "FDG-PET/CT whole body" in text_of(panel)


def test_step_2_without_answers_leads_to_step_1_and_answers_are_kept_between_the_pages(
    desk: Client, draft: ScenarioVersion
) -> None:
    assert desk.get(at("_suggestion", draft)).headers["Location"] == at("", draft)
    answered(desk, draft, egfr="28", _age="55")

    page = text_of(desk.get(at("", draft)))

    assert 'value="55"' in page
    assert 'value="28"' in page


def test_others_are_refused_and_it_is_recorded(
    draft: ScenarioVersion, clinician: User, auditor: User, administrator: User, as_user: AsUser
) -> None:
    for person in (clinician, auditor, administrator):
        client = as_user(person)
        assert client.get(at("", draft)).status_code == 403
        assert client.post(at("", draft), FITTING).status_code == 403
        assert client.post(at("_so_far", draft), FITTING).status_code == 403
        assert client.get(at("_suggestion", draft)).status_code == 403
    assert Client().get(at("", draft)).status_code == 302
    assert AuditEvent.objects.filter(event_type="access.denied", entity="scenario-version").count() == 12


def test_a_version_that_does_not_exist_is_not_found(desk: Client) -> None:
    for pk in (0, 99999, 10**30):
        assert desk.get(reverse("guideline_preview", args=[pk])).status_code == 404


def test_a_draft_with_faults_leads_to_its_checks(desk: Client, draft: ScenarioVersion) -> None:
    with audit.acting(TESTS):
        OrderRule.objects.filter(version=draft).update(
            condition={"element": "gone", "op": "equals", "value": 1}
        )

    answer = desk.get(at("", draft))

    assert answer.headers["Location"] == reverse("admin:guideline_check", args=[draft.pk])


def test_the_preview_stays_cheap(
    desk: Client, draft: ScenarioVersion, django_assert_max_num_queries: Any
) -> None:
    answered(desk, draft)

    with django_assert_max_num_queries(40):
        desk.get(at("", draft))
    with django_assert_max_num_queries(40):
        desk.get(at("_suggestion", draft))
