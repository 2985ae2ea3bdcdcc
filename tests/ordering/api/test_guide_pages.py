"""The guides of docs/ as pages: open to everybody, linked among themselves, without anything inline."""

import re

import pytest
from django.test import Client

from ordering.api import guide

PAGES = sorted(guide.guides())
LINK = re.compile(r'href="([^"]+)"')


@pytest.mark.django_db
@pytest.mark.parametrize("name", PAGES)
def test_every_guide_is_a_page_whose_links_lead_somewhere(name: str):
    answer = Client().get(f"/api/v1/docs/{name}/")

    assert answer.status_code == 200
    shown = str(guide.guide(name))
    assert shown in answer.content.decode()
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", shown)
    for address in LINK.findall(shown):
        path, _, anchor = address.partition("#")
        if path.startswith("http"):
            continue
        there = Client().get(path) if path else answer
        assert there.status_code == 200, address
        assert not anchor or f'id="{anchor}"' in there.content.decode(), address


def test_the_guides_begin_with_rest_its_errors_and_its_changelog():
    assert {"guide", "errors", "changelog", "cds-hooks", "fhir"} <= set(PAGES)
    assert str(guide.quickstart()).count("<pre") == 4


@pytest.mark.parametrize("name", ["none", "content", "..%2Fapi", "portal_client"])
def test_other_names_are_no_pages(name: str):
    assert Client().get(f"/api/v1/docs/{name}/").status_code == 404


def test_the_page_of_calls_leads_to_the_guides_the_schema_and_the_client():
    page = Client().get("/api/v1/docs/").content.decode()

    links = {address.partition("?")[0] for address in LINK.findall(page)}
    assert {f"/api/v1/docs/{name}/" for name in PAGES} <= links
    assert {"/api/v1/schema/", "/api/v1/docs/portal_client.py"} <= links
    fetched = Client().get("/api/v1/docs/portal_client.py")
    assert fetched.headers["Content-Type"].startswith("text/x-python")
    assert "def verify_webhook(" in fetched.content.decode()


def test_html_in_a_guide_is_text():
    assert "<b>" not in guide._html("a <b>bold</b> word, [x](javascript:alert(1))")
    assert "javascript:" not in re.findall(r'href="([^"]*)"', guide._html("[x](javascript:alert(1))"))
