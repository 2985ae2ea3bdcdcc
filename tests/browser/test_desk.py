"""The desk in a browser: every page of it is sound. What is done there is in test_editors_guide.py."""

from pathlib import Path

import pytest
from django.urls import reverse

from guidelines.actions import copy_to_draft
from guidelines.admin.sections import SECTIONS
from guidelines.models import ScenarioVersion, State, Vignette
from portal import audit
from tests.browser.conftest import OpenWindow, Portal
from tests.browser.driving import Window, inspect

pytestmark = pytest.mark.browser


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


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_the_page_of_every_kind_of_row_is_sound(
    section: object, open_window: OpenWindow, portal: Portal, screenshots: Path
) -> None:
    version = draft_of_the_other_guideline()
    rows = section.model._default_manager.order_by("pk")  # type: ignore[attr-defined]
    row = rows.filter(version=version).first() or rows.first()  # the other guideline lacks some kinds
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
        ("editor", "admin:guideline_where_used"),
        ("editor", "admin:guidelines_scenarioversion_change"),
        ("editor", "admin:guideline_check"),
        ("approver", "admin:guideline_silent"),
        ("approver", "admin:guideline_vignette_run"),
        ("editor", "admin:guideline_review"),
        ("approver", "admin:index"),
        ("approver", "admin:guideline_review"),
        ("approver", "admin:guidelines_scenarioversion_change"),
        ("editor", "admin:guideline_copy"),
        ("editor", "admin:guideline_discard"),
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
    of_a_version = ("version_change", "_check", "_review", "guideline_copy", "_discard", "_silent")
    arguments = [draft_of_the_other_guideline().pk] if name.endswith(of_a_version) else []
    if name.endswith("vignette_run"):
        arguments = [Vignette.objects.filter(version=draft_of_the_other_guideline())[0].pk]
    if name.endswith("where_used"):
        arguments = [draft_of_the_other_guideline().scenario_id]
    window = open_window(who)
    window.open(reverse(name, args=arguments))

    assert faults_of(window, f"desk {who} {name}", screenshots) == []
