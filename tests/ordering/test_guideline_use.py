"""What the desk is told of the use of guidelines: counts only, never about whom."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from fhir.resources.R4B import get_fhir_model_class

from guidelines import actions, usage
from guidelines.models import PackRecord, ScenarioVersion
from guidelines.reminders import reminders_for
from guidelines.where_used import since, where_used
from ordering.models import Patient
from portal import audit
from portal.models import User
from tests.content import LEUKAEMIA
from tests.guidelines.desk import BICYCLE, TESTS, copy, document_at, load, publish
from tests.ordering.placing import ask, place
from tests.people import AsUser

pytestmark = pytest.mark.django_db


def test_orders_are_counted_by_version_and_drafts_apart(
    leukaemia: ScenarioVersion, make_patient: Any, clinician: User
):
    patient = make_patient(clinician)
    place(patient, clinician)
    place(patient, clinician, sign=False)

    used = where_used(leukaemia.scenario)

    assert [(row.version.number, row.orders, row.drafts) for row in used.versions] == [(1, 1, 1)]
    assert (used.orders, used.drafts, used.in_use) == (1, 1, leukaemia)


def test_what_was_not_documented_is_counted_by_criterion(
    leukaemia: ScenarioVersion, make_patient: Any, clinician: User
):
    patient = make_patient(clinician)
    ask(patient, clinician)
    ask(patient, clinician, diagnosis=None, emd_sites=None)

    used = where_used(leukaemia.scenario)

    rates = {row.title: (row.missing, row.of) for row in used.criteria}
    assert used.lately.consultations == 2
    assert used.lately.missing["diagnosis"] == 1
    assert sorted(rates.values()) == [(0, 2), (0, 2), (0, 2), (1, 2), (1, 2)]


def test_only_the_last_ninety_days_count(leukaemia: ScenarioVersion, make_patient: Any, clinician: User):
    ask(make_patient(clinician), clinician)

    assert usage.source().lately([LEUKAEMIA], since=since())[LEUKAEMIA].consultations == 1
    assert usage.source().lately([LEUKAEMIA], since=timezone.now() + timedelta(days=1)) == {}


def test_the_page_shows_orders_redirects_and_packs_and_no_patient(
    leukaemia: ScenarioVersion, make_patient: Any, clinician: User, editor: User, as_user: AsUser
):
    patient: Patient = make_patient(clinician, family_name="Canary")
    place(patient, clinician)
    document = document_at(BICYCLE)
    document["redirects"][0]["scenario"] = LEUKAEMIA
    with audit.acting(TESTS):
        actions.import_pack(document=document, by=None, file_name="bicycles.yaml", form="yaml")
        actions.record_export(version=leukaemia, by=None, file_name="taken-away.json", form="json")

    page = as_user(editor).get(reverse("admin:guideline_where_used", args=[leukaemia.scenario_id]))
    text = page.content.decode()

    assert "1 order rests on its versions" in " ".join(text.split())
    assert document["redirects"][0]["title"] in text
    assert "taken-away.json" in text
    assert "Canary" not in text.upper().title()


@pytest.mark.parametrize("role", ["clinician", "auditor", "administrator"])
def test_only_the_desk_sees_where_a_guideline_is_used(
    role: str, leukaemia: ScenarioVersion, request: pytest.FixtureRequest, as_user: AsUser
):
    client = as_user(request.getfixturevalue(role))

    answer = client.get(reverse("admin:guideline_where_used", args=[leukaemia.scenario_id]))

    assert answer.status_code in (302, 403)


def test_reminders_name_what_is_overdue_due_soon_and_waits_for_me(editor: User, approver: User):
    today = timezone.localdate()
    with audit.acting(TESTS):
        for slug, days in (("overdue", 1), ("soon", 40), ("later", 90)):
            due = (today + timedelta(days=days)).isoformat()
            document = document_at(BICYCLE) | {"slug": slug, "review_due_on": due}
            publish(actions.load_pack(document=document, by=None))
        draft = load(BICYCLE)
        actions.submit(version=draft, by=None, comment="Please look.")

    with time_machine.travel(timezone.now() + timedelta(days=2), tick=False):
        mine, theirs = reminders_for(approver), reminders_for(editor)

    assert [version.scenario.slug for version in mine.overdue] == ["overdue"]
    assert [version.scenario.slug for version in mine.soon] == ["soon"]
    assert [version.scenario.slug for version in mine.approvals] == ["which-bicycle"]
    assert theirs.approvals == []


def test_an_approver_who_wrote_in_it_is_not_reminded_to_approve(approver: User):
    draft = load(BICYCLE)
    with audit.acting(audit.actor_of(approver)):
        ScenarioVersion.objects.filter(pk=draft.pk).update(note="Changed by the approver")
        draft.refresh_from_db()
    with audit.acting(TESTS):
        actions.submit(version=draft, by=None, comment="Please look.")

    assert reminders_for(approver).approvals == []


def test_the_start_page_and_the_list_need_as_many_queries_for_many_scenarios(
    leukaemia: ScenarioVersion, approver: User, as_user: AsUser, django_assert_max_num_queries: Any
):
    publish(load(BICYCLE))
    client = as_user(approver)
    client.get(reverse("admin:index"))

    with django_assert_max_num_queries(22):
        start = client.get(reverse("admin:index")).content.decode()
    with django_assert_max_num_queries(22):
        listed = client.get(reverse("admin:guidelines_scenario_changelist")).content.decode()

    assert "Guidelines that need somebody" in start
    assert "0 asked, 0 ordered" in listed
    for query in ("review=overdue", "review=soon", "approval=mine", "state=draft"):
        assert client.get(f"{reverse('admin:guidelines_scenario_changelist')}?{query}").status_code == 200


def test_the_start_page_of_others_has_no_reminders(administrator: User, as_user: AsUser):
    assert (
        "Guidelines that need somebody"
        not in as_user(administrator).get(reverse("admin:index")).content.decode()
    )


def test_a_released_version_is_taken_away_as_fhir(leukaemia: ScenarioVersion, editor: User, as_user: AsUser):
    answer = as_user(editor).get(reverse("guideline_fhir", args=[LEUKAEMIA, 1]))

    bundle = json.loads(answer.content)
    get_fhir_model_class("Bundle").model_validate(bundle)
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds == ["PlanDefinition", *["ActivityDefinition"] * 6]
    for entry in bundle["entry"]:
        get_fhir_model_class(entry["resource"]["resourceType"]).model_validate(entry["resource"])
    assert PackRecord.objects.get(direction="exported").form == "fhir"
    assert as_user(editor).get(reverse("guideline_fhir", args=[LEUKAEMIA, 2])).status_code == 404


def test_a_version_that_was_replaced_is_a_retired_definition(editor: User, as_user: AsUser):
    first = publish(load(BICYCLE))
    publish(copy(first))

    answer = as_user(editor).get(reverse("guideline_fhir", args=["which-bicycle", 1]))

    assert {entry["resource"]["status"] for entry in json.loads(answer.content)["entry"]} == {"retired"}


def test_all_three_steps_say_that_the_review_is_overdue(
    make_patient: Any, clinician: User, leukaemia: ScenarioVersion, as_user: AsUser
):
    patient = make_patient(clinician)
    order = place(patient, clinician, sign=False)
    pages = [
        reverse("order_new", args=[patient.pk, LEUKAEMIA]),
        reverse("suggestion", args=[order.consultation_id]),
        reverse("order_review", args=[order.pk]),
    ]
    said = "The review of this guideline was due"
    client = as_user(clinician)

    assert [said in client.get(page).content.decode() for page in pages] == [False] * 3
    with time_machine.travel(leukaemia.review_due_on + timedelta(days=2), tick=False):
        client.force_login(clinician)
        answers = [client.get(page) for page in pages]

    assert [(answer.status_code, said in answer.content.decode()) for answer in answers] == [(200, True)] * 3
