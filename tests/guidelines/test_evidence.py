"""The evidence page: each value with its source, day, verifier and status, for every version."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guidelines import actions, library
from guidelines.models import ScenarioVersion
from guidelines.presenters.evidence import evidence_of
from portal import audit
from portal.models import User
from tests.guidelines.desk import BICYCLE, REVIEWERS, TESTS, copy, document_at, load, publish
from tests.people import AsUser

pytestmark = pytest.mark.django_db
LEUKAEMIA = "adult-all-emd-post-therapy"


def page_of(client: Client, name: str, *arguments: Any) -> str:
    answer = client.get(reverse(name, args=arguments))
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_rating_level_criterion_and_rule_has_a_status(leukaemia: ScenarioVersion):
    parts = {part.key: part.values for part in evidence_of(library.ruleset(leukaemia.pk))}

    ratings = {value.what: value for value in parts["ratings"]}
    levels = {value.what: value for value in parts["levels"]}
    ct = ratings["CT chest, abdomen and pelvis with IV contrast"]
    assert (ct.value, ct.status, ct.verified_on) == ("Usually appropriate", "verified", "2026-05-30")
    assert "Golshani" in ct.verified_by
    assert ratings["CT chest, abdomen and pelvis without IV contrast"].status == "not_recorded"
    assert levels["FDG-PET/CT whole body"].status == "secondary"
    assert levels["FDG-PET/CT whole body"].verified_by == ""
    assert levels["Radiography skeletal survey"].status == "not_recorded"
    assert [value.status for value in parts["criteria"]] == ["site_policy", *["verified"] * 4]
    assert {value.status for value in parts["rules"]} == {"verified"}
    assert {value.status for value in parts["scale"]} == {"secondary", "not_recorded"}


def test_the_page_says_who_checked_a_value_and_what_is_not_recorded(
    leukaemia: ScenarioVersion, clinician: User, as_user: AsUser
):
    page = page_of(as_user(clinician), "guideline_evidence", LEUKAEMIA)

    assert "Checked by: Pouyan Golshani, MD, interventional radiologist. On: <time" in page
    assert "Checked by: not recorded. On: not recorded." in page


def test_content_that_knows_no_verifier_is_shown_as_not_recorded(clinician: User, as_user: AsUser):
    publish(load(BICYCLE))

    page = page_of(as_user(clinician), "guideline_evidence", "which-bicycle")

    assert "Not recorded" in page
    assert "<b>Verified</b>" not in page


def test_all_versions_stay_readable_after_withdrawal(clinician: User, as_user: AsUser):
    first = publish(load(BICYCLE))
    second = publish(copy(first))
    with audit.acting(REVIEWERS):
        actions.withdraw(version=second, by=None, reason="A wheel came off.")
    client = as_user(clinician)

    page = page_of(client, "guideline_evidence", "which-bicycle")

    assert "A wheel came off." in page
    assert "Version 2, withdrawn" in page
    assert "Evidence of version 1" in page
    assert "Version 1, superseded" in page_of(client, "guideline_version_evidence", "which-bicycle", 1)


@pytest.mark.parametrize("number", [2, 99])
def test_drafts_and_what_is_not_there_have_no_evidence_page(clinician: User, as_user: AsUser, number: int):
    copy(publish(load(BICYCLE)))
    client = as_user(clinician)

    assert (
        client.get(reverse("guideline_version_evidence", args=["which-bicycle", number])).status_code == 404
    )
    assert client.get(reverse("guideline_evidence", args=["no-such"])).status_code == 404


def test_the_page_needs_few_queries_however_much_it_says(
    leukaemia: ScenarioVersion, clinician: User, as_user: AsUser, django_assert_max_num_queries: Any
):
    client = as_user(clinician)
    page_of(client, "guideline_evidence", LEUKAEMIA)

    with django_assert_max_num_queries(8):
        page_of(client, "guideline_evidence", LEUKAEMIA)


@pytest.mark.parametrize(("days", "said"), [(-1, True), (0, False), (1, False)])
def test_a_guideline_whose_review_is_overdue_says_so_to_clinicians(
    clinician: User, as_user: AsUser, days: int, said: bool
):
    day: date = timezone.localdate() + timedelta(days=2)
    with audit.acting(TESTS):
        draft = actions.load_pack(document=document_at(BICYCLE) | {"review_due_on": day.isoformat()}, by=None)
    publish(draft)
    client = as_user(clinician)
    now = timezone.now() + timedelta(days=2 - days)

    with time_machine.travel(now, tick=False):
        client.force_login(clinician)
        pages = [
            page_of(client, "guideline_detail", "which-bicycle"),
            page_of(client, "guideline_evidence", "which-bicycle"),
        ]
        listed = client.get(reverse("guideline_list")).content.decode()

    assert {"The review of this guideline was due" in page for page in pages} == {said}
    assert ("Review was due" in listed) is said
