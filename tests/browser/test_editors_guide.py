"""Somebody who only reads the guide and the help texts: a rating is changed, a scenario written from nothing.

Whatever is clicked or filled in here stands in bold in docs/editors-guide.md. With PORTAL_GUIDE_PICTURES=1
the pictures of the guide are taken anew (`make screenshots`).
"""

import os
import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from guidelines.models import ScenarioVersion, State
from tests.browser.conftest import OpenWindow, Portal
from tests.browser.driving import inspect
from tests.browser.hands import Pointer
from tests.browser.png import shrink
from tests.content import LEUKAEMIA

pytestmark = pytest.mark.browser
DOCS = Path(__file__).parents[2] / "docs"
GUIDE = " ".join((DOCS / "editors-guide.md").read_text("utf-8").split())
MOST_CLICKS = 6
MOST_BYTES = 150_000
SLUG = "example-which-umbrella"


def said(words: str) -> str:
    """Return the words, which the guide must say in bold."""
    assert f"**{words}**" in GUIDE, f"the guide does not name {words!r}"
    return words


def link(page: Page, words: str) -> Locator:
    """Return the link of the page's content that the guide names."""
    return page.locator("#content").get_by_role("link", name=said(words), exact=True).first


def button(page: Page, words: str) -> Locator:
    """Return the button that the guide names."""
    return page.get_by_role("button", name=said(words), exact=True)


def field(page: Page, words: str) -> Locator:
    """Return the field that the guide names."""
    return page.locator("#content").get_by_label(f"{said(words)}:", exact=True).first


def add(page: Page, section: str, noun: str) -> None:
    """Open a list of the version and begin a row."""
    said(section)
    wanted = page.locator("a.addlink").filter(has_text=re.compile(f"^{said(f'Add {noun}')}$"))
    found = wanted.locator("xpath=ancestor::details")
    if found.get_attribute("open") is None:
        found.locator("summary").click()
    wanted.click()


def saved(page: Page) -> None:
    """Press save; the row is in its list."""
    button(page, "Save").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def picture(page: Page, name: str) -> None:
    """Take a picture for the guide, when pictures are wanted."""
    if os.environ.get("PORTAL_GUIDE_PICTURES"):
        path = DOCS / "screenshots" / "guide" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        page.set_viewport_size({"width": 1120, "height": 800})
        page.screenshot(path=path)
        shrink(path)


def test_one_rating_is_changed_and_submitted_in_six_clicks_and_another_publishes(
    open_window: OpenWindow, portal: Portal, screenshots: Path | None
) -> None:
    in_use = ScenarioVersion.objects.get(scenario__slug=LEUKAEMIA, state=State.PUBLISHED)
    editing = open_window("editor")
    page = editing.open(reverse("admin:guidelines_scenario_changelist"))
    hand = Pointer(page)

    row = page.get_by_role("row", name="Adult acute lymphoblastic leukaemia")
    hand.follow(row.get_by_role("link", name=f"Version {in_use.number}", exact=True))
    hand.follow(button(page, "Change it in a new draft"))
    hand.follow(page.get_by_role("link", name="Edit rated study Radiography chest"))
    hand.choose(page.get_by_label("May be appropriate", exact=True))
    hand.follow(button(page, "Save, then review and submit"))
    picture(page, "review")
    expect(page.locator("table.desk-diff tbody tr")).to_have_count(1)  # only what changes
    expect(page.locator("ins")).to_have_text("May be")
    expect(page.locator("#id_comment")).to_have_value("Radiography chest: Rating")
    hand.follow(button(page, "Submit for review"))
    assert hand.clicks <= MOST_CLICKS

    expect(page.get_by_text("is submitted")).to_be_visible()
    review = page.url
    assert inspect(page, "review as an editor", screenshots=screenshots) == []
    editing.faults[:] = []  # axe copies the admin's @import into a <style>, which our policy blocks
    reviewing = open_window("approver")
    desk = reviewing.open(review.removeprefix(portal.url))
    for box in desk.get_by_role("checkbox").all():
        box.check()
    picture(desk, "approve")
    assert inspect(desk, "review as an approver", screenshots=screenshots) == []
    reviewing.faults[:] = []
    desk.get_by_role("button", name=f"Approve version {in_use.number + 1}").click()
    desk.get_by_role("button", name=f"Publish version {in_use.number + 1} now").click()
    expect(desk.get_by_text("orders already placed keep the version")).to_be_visible()
    in_use.refresh_from_db()
    assert in_use.state == State.SUPERSEDED


def test_a_scenario_is_written_from_nothing_and_a_clinician_orders_with_it(
    open_window: OpenWindow, portal: Portal
) -> None:
    page = open_window("editor").open("/")
    page.get_by_role("link", name=said("Administration")).click()
    link(page, "Scenarios").click()
    page.get_by_role("link", name=said("Add scenario")).click()
    field(page, "Slug").fill(SLUG)
    field(page, "Title").fill("Example: which umbrella")
    field(page, "Summary").fill("An invented example.")
    field(page, "Licence").fill("Invented, free for every use.")
    field(page, "Review due on").fill("2099-05-30")
    button(page, "Save").click()

    add(page, "Sources", "source")
    field(page, "Key").fill("example")
    field(page, "Title").fill("Nobody's umbrella study")
    field(page, "Reviewed on").fill("2026-05-30")
    saved(page)

    add(page, "Data elements", "data element")
    field(page, "Key").fill("rain")
    field(page, "Label").fill("Does it rain?")
    field(page, "Kind").select_option(label="One of a list")
    page.locator("#id_choices-0-value").fill("yes")
    page.locator("#id_choices-0-label").fill("Yes")
    page.get_by_text("Add another Choice").click()
    page.locator("#id_choices-1-value").fill("no")
    page.locator("#id_choices-1-label").fill("No")
    saved(page)

    add(page, "Criteria", "criterion")
    field(page, "Key").fill("rain")
    field(page, "Title").fill("Rain")
    field(page, "Text").fill("It rains.")
    field(page, "Not met text").fill("Without rain no umbrella is needed.")
    field(page, "Condition").fill('{"element": "rain", "op": "equals", "value": "yes"}')
    field(page, "Standing").select_option(label="Site policy")
    field(page, "Source").select_option(label="Nobody's umbrella study")
    saved(page)

    add(page, "Studies", "study")
    field(page, "Code").fill("large-umbrella")
    field(page, "Name").fill("Large umbrella")
    field(page, "Short name").fill("Large")
    field(page, "Modality").fill("umbrella")
    saved(page)

    add(page, "Rated studies", "rated study")
    field(page, "Study").select_option(label="Large umbrella")
    field(page, "Default role").select_option(label="Suggested")
    page.get_by_label("Usually appropriate", exact=True).check()
    field(page, "Rating standing").select_option(label="Site policy")
    field(page, "Rating source").select_option(label="Nobody's umbrella study")
    field(page, "Rationale").fill("It covers two.")
    saved(page)

    add(page, "Vignettes", "vignette")
    field(page, "Key").fill("in-the-rain")
    field(page, "Title").fill("Somebody in the rain")
    page.get_by_label("Does it rain?", exact=True).select_option(label="Yes")
    field(page, "Fit").select_option(label="The scenario fits")
    page.get_by_label("Study in place 1:", exact=True).select_option(label="Large umbrella")
    saved(page)

    field(page, "Primary source").select_option(label="Nobody's umbrella study")
    button(page, "Save and continue editing").click()
    picture(page, "draft")
    page.get_by_role("link", name=said("Checks"), exact=True).click()
    expect(page.locator("#content")).to_contain_text("Nothing")
    page.go_back()
    page.get_by_role("link", name=said("Review and submit"), exact=True).click()
    page.get_by_label(said("Comment"), exact=True).fill("The first version.")
    button(page, "Submit for review").click()

    desk = open_window("approver").open("/")
    desk.get_by_role("link", name=said("Administration")).click()
    link(desk, "Scenario versions").click()
    desk.get_by_role("link", name=said("In review"), exact=True).click()
    desk.locator("#result_list").get_by_role("link", name="Example: which umbrella").first.click()
    desk.get_by_role("link", name=said("Review"), exact=True).click()
    button(desk, "Approve version 1").click()
    button(desk, "Publish version 1 now").click()
    expect(desk.locator(".messagelist")).to_contain_text("is published")

    patient = portal.patient()
    order = open_window("clinician").open(reverse("order_new", args=[patient.pk, SLUG]))
    order.get_by_label("Yes", exact=True).first.check()
    order.get_by_role("button", name="See suggested study").click()
    expect(order.locator("main")).to_contain_text("Large umbrella")
    order.get_by_role("button", name="Choose this study").first.click()
    expect(order.get_by_role("button", name="Sign order")).to_be_visible()


def test_the_pictures_of_the_guide_are_small_and_each_one_is_shown() -> None:
    folder = DOCS / "screenshots" / "guide"
    taken = sorted(folder.glob("*.png"))

    assert taken
    assert [path.name for path in taken if path.stat().st_size > MOST_BYTES] == []
    assert [path.name for path in taken if f"screenshots/guide/{path.name})" not in GUIDE] == []
