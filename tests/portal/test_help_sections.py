"""The help link of a page leads to the section about it."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.test import RequestFactory

from portal.help_sections import SECTIONS, help_address

HELP = Path(__file__).parents[2] / "templates" / "portal" / "help.html"


@pytest.mark.parametrize(
    ("page", "section"),
    [
        ("worklist", "#ordering"),
        ("order_new", "#ordering"),
        ("order_signed", "#ordering"),
        ("suggestion", "#words"),
        ("guideline_detail", "#words"),
        ("order_detail", "#afterwards"),
        ("order_amend", "#correct"),
        ("quality", "#quality"),
        ("account_of_consultations", "#quality"),
        ("account_preferences", "#keyboard"),
        ("account", "#roles"),
        ("webhook_delivery", "#connections"),
        ("help", ""),
        (None, ""),
    ],
)
def test_a_page_leads_to_its_own_section_of_the_help(page: str | None, section: str) -> None:
    request = RequestFactory().get("/")
    request.resolver_match = SimpleNamespace(url_name=page) if page else None

    assert help_address(request) == f"/help/{section}"


def test_every_section_is_on_the_help_page_and_in_its_list() -> None:
    page = HELP.read_text()

    assert set(SECTIONS) <= set(re.findall(r'<h2 id="([^"]+)"', page))
    assert set(re.findall(r'<h2 id="([^"]+)"', page)) == set(re.findall(r'href="#([^"]+)"', page))
