"""The desk in a browser: a rating is changed and published, and every page of it is sound."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from guidelines.actions import copy_to_draft
from guidelines.admin.sections import SECTIONS
from guidelines.models import ScenarioVersion, State, Vignette
from portal import audit
from tests.browser.conftest import OpenWindow, Portal
from tests.browser.driving import Window, inspect

pytestmark = pytest.mark.browser
SLUG = "adult-all-emd-post-therapy"


def in_use() -> ScenarioVersion:
    """Return the published version of the shipped guideline."""
    return ScenarioVersion.objects.get(scenario__slug=SLUG, state=State.PUBLISHED)


def draft_of_the_other_guideline() -> ScenarioVersion:
    """Return a draft of the second guideline, made when there is none."""
    versions = ScenarioVersion.objects.filter(scenario__slug="which-bicycle")
    with audit.acting(audit.system("tests")):
        found = versions.filter(state=State.DRAFT).first()
        return found or copy_to_draft(version=versions.get(state=State.PUBLISHED), by=None)


def change_url(row: object) -> str:
    """Return the address of a row's page."""
    return reverse(f"admin:guidelines_{row._meta.model_name}_change", args=[row.pk])  # type: ignore[attr-defined]


def faults_of(window: Window, name: str, screenshots: Path) -> list[str]:
    """Return what is wrong with the page that a window shows."""
    said = list(window.faults)
    wrong = inspect(window.page, name, screenshots=screenshots)
    # axe copies the admin's @import into a <style>, which our policy blocks: not a fault of the page
    window.faults[:] = said
    return wrong


def test_an_editor_copies_changes_a_rating_and_publishes(open_window: OpenWindow, portal: Portal) -> None:
    before = in_use()
    page = open_window("editor").open(change_url(before))

    page.get_by_role("link", name="Copy to new draft").click()
    page.get_by_label("What will change, and why").fill("The rating of the chest radiograph.")
    page.get_by_role("button", name="Copy to new draft").click()
    page.locator("summary", has_text="Rated studies").click()
    page.get_by_role("link", name="Edit rated study Radiography chest").click()
    page.get_by_label("Rating:", exact=True).select_option("may_be_appropriate")
    page.get_by_role("button", name="Save", exact=True).click()
    # back on the list that the row stands in, open
    expect(page.get_by_role("row", name="Radiography chest: May be appropriate")).to_be_visible()
    page.get_by_role("link", name="Publish").click()
    page.get_by_role("button", name=f"Publish version {before.number + 1}").click()

    expect(page.get_by_text("orders already placed keep the version")).to_be_visible()
    assert in_use().number == before.number + 1


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_the_page_of_every_kind_of_row_is_sound(
    section: object, open_window: OpenWindow, portal: Portal, screenshots: Path
) -> None:
    version = draft_of_the_other_guideline()
    row = section.model._default_manager.filter(version=version).first()  # type: ignore[attr-defined]
    window = open_window("editor")
    window.open(change_url(row))

    assert faults_of(window, f"desk {section.name}", screenshots) == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("editor", "admin:index"),
        ("editor", "admin:guidelines_scenario_changelist"),
        ("editor", "admin:guidelines_scenario_add"),
        ("editor", "admin:guidelines_scenarioversion_changelist"),
        ("editor", "admin:guideline_load_pack"),
        ("editor", "admin:guidelines_scenarioversion_change"),
        ("editor", "admin:guideline_check"),
        ("approver", "admin:guideline_silent"),
        ("approver", "admin:guideline_vignette_run"),
        ("editor", "admin:guideline_publish"),
        ("editor", "admin:guideline_copy"),
        ("admin", "admin:index"),
        ("admin", "admin:portal_user_changelist"),
        ("admin", "admin:portal_user_add"),
        ("admin", "admin:portal_apitoken_changelist"),
        ("admin", "admin:portal_apitoken_add"),
        ("admin", "admin:portal_organisation_changelist"),
    ],
)
def test_the_pages_of_the_desk_are_sound(
    who: str, name: str, open_window: OpenWindow, portal: Portal, screenshots: Path
) -> None:
    of_a_version = ("version_change", "guideline_check", "guideline_publish", "guideline_copy", "silent")
    arguments = [draft_of_the_other_guideline().pk] if name.endswith(of_a_version) else []
    if name.endswith("vignette_run"):
        arguments = [Vignette.objects.filter(version=draft_of_the_other_guideline())[0].pk]
    window = open_window(who)
    window.open(reverse(name, args=arguments))

    assert faults_of(window, f"desk {who} {name}", screenshots) == []
