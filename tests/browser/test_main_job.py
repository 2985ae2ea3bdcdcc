"""The main job: from signing in to the follow-up order, with and without JavaScript, pointer and keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from ordering.models import Order
from portal.models import AuditEvent
from tests.browser.conftest import OpenWindow, Portal
from tests.browser.hands import Hands, Keyboard, Pointer

pytestmark = pytest.mark.browser

ANSWERS = {
    "diagnosis": "all",
    "therapy_status": "completed",
    "emd_at_diagnosis": "yes",
    "emd_sites": "lymph_nodes",
    "baseline_modality": "ct_with_iv_contrast",
    "severe_contrast_allergy": "no",
    "renal_failure": "no",
    "post_therapy_ct_result": "not_done",
    "post_therapy_pet_ct_done": "no",
}
# from the worklist to the signed order; with a pointer one click for each answer and eight beside
MOST_CLICKS = len(ANSWERS) + 8
MOST_KEYS = {Pointer: 18, Keyboard: 140}
CT = "CT chest, abdomen and pelvis with IV contrast"
PET_CT = "FDG-PET/CT whole body"


def option(page: Page, name: str, value: str) -> Locator:
    """Return a radio button or a box of a form."""
    return page.locator(f"main [name='{name}'][value='{value}']")


def button(page: Page, name: str | re.Pattern[str]) -> Locator:
    """Return a button of the page's content."""
    return page.locator("main").get_by_role("button", name=name)


def link(page: Page, name: str | re.Pattern[str]) -> Locator:
    """Return a link of the page's content."""
    return page.locator("main").get_by_role("link", name=name)


def sign(page: Page, hands: Hands, year: str) -> None:
    """From the review to the page that says it is signed."""
    hands.write(page.get_by_label("Year of birth"), year)
    hands.follow(button(page, re.compile("^Sign order")))
    expect(page.get_by_role("heading", level=1)).to_contain_text("is signed")


@pytest.mark.parametrize("way", [Pointer, Keyboard], ids=["pointer", "keyboard alone"])
@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript on", "JavaScript off"])
def test_a_clinician_orders_signs_records_a_finding_and_follows_it_up(
    portal: Portal, open_window: OpenWindow, javascript: bool, way: type[Pointer] | type[Keyboard]
) -> None:
    patient = portal.patient()
    year = str(patient.birth_date.year)
    sign_in = portal.sign_ins["clinician"]
    window = open_window(java_script_enabled=javascript)
    page = window.open("/")
    hands: Hands = way(page)

    # sign in, find the patient, choose the scenario
    hands.write(page.locator("main [name=login]"), sign_in["username"])
    hands.write(page.locator("main [name=password]"), sign_in["password"])
    hands.follow(button(page, "Sign in"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Your worklist")
    hands.clicks = hands.keys = 0
    hands.write(page.locator("main [name=q]"), patient.mrn)
    hands.follow(button(page, "Find patient"))
    hands.follow(link(page, "Start an order"))
    hands.follow(link(page, re.compile("leukaemia", re.IGNORECASE)).first)

    # answer, take the suggested study, sign
    for name, value in ANSWERS.items():
        hands.choose(option(page, name, value))
    hands.follow(button(page, "See suggested study"))
    expect(page.locator("article").first).to_contain_text(CT)
    expect(page.locator("article").first).to_contain_text("Usually appropriate")
    expect(page.locator("article").first).to_contain_text("Radiation level 4 of 5")
    hands.follow(button(page, re.compile("^Choose this study")).first)
    sign(page, hands, year)
    assert hands.clicks <= MOST_CLICKS
    assert hands.keys <= MOST_KEYS[way]

    # what the report showed, and what follows from it
    hands.follow(link(page, "Open the order"))
    hands.choose(option(page, "compared_with_baseline", "yes"))
    hands.choose(option(page, "finding", "indeterminate"))
    hands.follow(button(page, "Save outcome"))
    expect(page.locator("#finding")).to_contain_text("Next steps")

    # the linked order is prefilled
    hands.follow(link(page, re.compile("PET.CT")).first)
    expect(page.locator("main")).to_contain_text("Follow-up of order")
    expect(option(page, "emd_sites", "lymph_nodes")).to_be_checked()
    expect(option(page, "post_therapy_ct_result", "indeterminate")).to_be_checked()
    hands.follow(button(page, "See suggested study"))
    expect(page.locator("article").first).to_contain_text(PET_CT)
    hands.follow(button(page, re.compile("^Choose this study")).first)
    sign(page, hands, year)
    hands.follow(link(page, "Open the order"))

    # the history shows both orders, linked; the trail shows who did what
    first, second = Order.objects.filter(patient=patient).order_by("placed_at")
    assert (first.status, second.status) == (Order.Status.COMPLETED, Order.Status.ACTIVE)
    expect(link(page, first.number)).to_be_visible()
    window.open(f"/orders/?patient={patient.pk}")
    rows = page.locator("table.orders tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(f"follow-up of {first.number}")
    expect(rows.last).to_contain_text(first.number)
    window.open(f"/orders/{first.pk}/")
    hands.follow(link(page, "Who looked at or changed this order"))
    for kind in ("order.placed", "order.signed", "finding.recorded"):
        expect(page.locator("main table")).to_contain_text(kind)
    assert AuditEvent.objects.filter(event_type="order.signed", entity_id=str(first.pk)).count() == 1
