"""A guideline is withdrawn while people order by it: nobody is advised any more, nothing typed is lost."""

import pytest
from django.test import Client
from django.urls import reverse

from guidelines import actions
from guidelines.models import ScenarioVersion
from ordering.models import Order, Patient
from portal import audit
from portal.models import User
from tests.content import LEUKAEMIA
from tests.ordering.api.caller import ORDER, QUESTION, Caller, secret_for
from tests.ordering.placing import ask, patient, place, text_of
from tests.people import AsUser

__all__ = ["patient"]
pytestmark = pytest.mark.django_db
REASON = "The dose of a study was wrong."


def withdraw(version: ScenarioVersion, by: User) -> None:
    """Take the version out of use, as an approver."""
    with audit.acting(audit.actor_of(by)):
        actions.withdraw(version=version, by=by, reason=REASON)


@pytest.fixture
def pages(clinician: User, as_user: AsUser) -> Client:
    """Return the pages of a clinician."""
    return as_user(clinician)


def test_step_1_says_it_is_withdrawn_and_keeps_what_was_typed(
    leukaemia: ScenarioVersion, pages: Client, patient: Patient, approver: User
) -> None:
    address = reverse("order_new", args=[patient.pk, LEUKAEMIA])
    withdraw(leukaemia, approver)

    opened = pages.get(address)
    sent = pages.post(address, {"diagnosis": "all", "digest": leukaemia.digest, "therapy_status": "x<y"})

    left = pages.post(
        reverse("answers_keep", args=[patient.pk, LEUKAEMIA]), {"diagnosis": "all", "_leave": "yes"}
    )

    assert (opened.status_code, sent.status_code, left.status_code) == (409, 409, 409)
    assert REASON in text_of(opened)
    assert "Acute lymphoblastic leukaemia" in text_of(sent)
    assert "Acute lymphoblastic leukaemia" in text_of(left)
    assert pages.get(reverse("order_new", args=[patient.pk, "no-such"])).status_code == 404


def test_advice_and_drafts_in_progress_get_the_notice_and_are_not_signed(
    leukaemia: ScenarioVersion, pages: Client, patient: Patient, clinician: User, approver: User
) -> None:
    asked = ask(patient, clinician)
    draft = place(patient, clinician, sign=False)
    signed = place(patient, clinician)
    withdraw(leukaemia, approver)

    suggestion = text_of(pages.get(reverse("suggestion", args=[asked.pk])))
    review = text_of(pages.get(reverse("order_review", args=[draft.pk])))
    refused = pages.post(
        reverse("order_sign", args=[draft.pk]),
        {"year_of_birth": str(patient.birth_date.year), "priority": "routine"} | {"revision": draft.revision},
    )
    kept = pages.get(reverse("order_detail", args=[signed.pk]))

    for page in (suggestion, review):
        assert "was withdrawn since this advice was given" in page
        assert REASON in page
    assert "no longer in use" in text_of(refused)
    assert Order.objects.get(pk=draft.pk).status == Order.Status.DRAFT
    assert kept.status_code == 200


def test_the_guideline_stays_readable_and_says_so(
    leukaemia: ScenarioVersion, pages: Client, approver: User
) -> None:
    withdraw(leukaemia, approver)

    listed = text_of(pages.get(reverse("guideline_list")))
    page = text_of(pages.get(reverse("guideline_detail", args=[LEUKAEMIA])))
    version = text_of(pages.get(reverse("guideline_version", args=[LEUKAEMIA, leukaemia.number])))

    for shown in (listed, page, version):
        assert REASON in shown
    assert "Start an order with this" not in page


def test_other_systems_are_not_advised_and_still_read_the_version(
    leukaemia: ScenarioVersion, clinician: User, approver: User
) -> None:
    api = Caller(secret_for(clinician))
    withdraw(leukaemia, approver)

    suggestion = api.post("suggestions/", QUESTION)
    order = api.post("orders/", ORDER)

    for refused in (suggestion, order):
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["code"] == "unknown-scenario"
    assert api.get(f"scenarios/{LEUKAEMIA}/").status_code == 404
    assert api.get("scenarios/").json()["results"] == []
    assert api.get(f"scenarios/{LEUKAEMIA}/versions/1/").json()["state"] == "withdrawn"
    assert not Order.objects.exists()
