"""From the editor's desk to the clinician's page, and to the auditor's list."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from guidelines.models import ScenarioVersion, State
from portal.models import AuditEvent
from tests.browser.conftest import OpenWindow, Portal
from tests.content import LEUKAEMIA
from tests.ordering.placing import MRI, place

pytestmark = pytest.mark.browser


def test_a_rating_that_an_editor_publishes_reaches_clinicians_and_leaves_old_orders_as_they_were(
    portal: Portal, open_window: OpenWindow
) -> None:
    patient = portal.patient()
    old = place(patient, portal.user("clinician"))
    published = ScenarioVersion.objects.get(scenario__slug=LEUKAEMIA, state=State.PUBLISHED)
    number = published.number + 1
    desk = open_window("editor").open(reverse("admin:guidelines_scenarioversion_change", args=[published.pk]))

    # the editor copies, changes one rating, submits; somebody else publishes
    desk.get_by_role("link", name="Copy to new draft").click()
    desk.get_by_label("What will change, and why").fill("MRI where radiation must be avoided.")
    desk.get_by_role("button", name="Copy to new draft").click()
    desk.get_by_role("link", name="Edit rated study MRI abdomen and pelvis with IV contrast").click()
    desk.get_by_label("May be appropriate", exact=True).check()
    desk.get_by_role("button", name="Save, then review and submit").click()
    desk.get_by_role("button", name="Submit for review").click()
    expect(desk.get_by_text("is submitted")).to_be_visible()
    review = open_window("approver").open(desk.url.removeprefix(portal.url))
    for box in review.get_by_role("checkbox").all():
        box.check()
    review.get_by_role("button", name=f"Approve version {number}").click()
    review.get_by_role("button", name=f"Publish version {number} now").click()
    expect(review.get_by_text("orders already placed keep the version")).to_be_visible()

    # the clinician reads the new version for a new order, and the old one on the old order
    window = open_window("clinician")
    page = window.open(f"/orders/new/{patient.pk}/{LEUKAEMIA}/")
    page.get_by_role("button", name="See suggested study").click()
    row = page.locator("main tr", has_text="MRI abdomen and pelvis")
    expect(row).to_contain_text("May be appropriate")
    expect(page.locator("footer")).to_contain_text(f"version {number}")
    page = window.open(f"/orders/{old.pk}/advice/")
    expect(page.locator("main tr", has_text="MRI abdomen and pelvis")).to_contain_text(
        "Usually not appropriate"
    )
    expect(page.locator("body")).to_contain_text(f"version {published.number}", ignore_case=True)
    advised = {row["code"]: row["rating"] for row in old.consultation.suggestion["studies"]}
    assert advised[MRI] == "usually_not_appropriate"


def test_an_auditor_follows_an_order_through_the_trail(portal: Portal, open_window: OpenWindow) -> None:
    order = place(portal.patient(), portal.user("clinician"))
    page = open_window("auditor").open("/")

    page.get_by_role("link", name="Administration").click()
    trail = reverse("admin:portal_auditevent_changelist")
    page.locator(f"#content a[href='{trail}']").first.click()
    page.locator("#searchbar").fill(str(order.pk))
    page.locator("#changelist-search [type=submit]").click()

    rows = page.locator("#result_list tbody tr")
    expect(rows.filter(has_text="order.placed")).to_have_count(1)
    expect(rows.filter(has_text="order.signed")).to_have_count(1)
    rows.filter(has_text="order.signed").get_by_role("link").first.click()
    expect(page.locator("#content")).to_contain_text("user:")
    expect(page.locator("#content input[type=submit]")).to_have_count(0)  # nothing to save
    assert AuditEvent.objects.filter(event_type="audit.viewed").exists()
