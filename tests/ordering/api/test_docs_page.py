"""Swagger UI and the guides in a real browser, under the portal's own Content-Security-Policy."""

import pytest
from playwright.sync_api import sync_playwright

from ordering.api.schema import schema_document
from tests.browser.driving import CHROMIUM_FLAGS, chromium_path, inspect
from tests.ordering.api.caller import Caller

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_shows_every_call_and_tries_one_without_other_hosts(api: Caller, live_server):
    said, asked = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        page = browser.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{live_server.url}/api/v1/docs/")
        page.wait_for_selector(".opblock-summary")
        calls = page.locator(".opblock-summary").count()

        page.locator("button.authorize").first.click()
        page.locator(".auth-container input").first.fill(api.secret)
        page.locator(".auth-btn-wrapper button.authorize").click()
        page.locator(".auth-btn-wrapper button.btn-done").click()
        page.locator("#operations-suggestions-suggest .opblock-summary-control").click()
        page.locator("#operations-suggestions-suggest .try-out__btn").click()
        page.locator("#operations-suggestions-suggest button.execute").click()
        page.wait_for_selector(
            "#operations-suggestions-suggest .live-responses-table tbody .response-col_status"
        )
        status = page.locator(
            "#operations-suggestions-suggest .live-responses-table tbody .response-col_status"
        ).first.inner_text()
        page.goto(f"{live_server.url}/api/v1/docs/errors/")  # has the widest tables
        wrong = inspect(page, "errors", screenshots=None)
        browser.close()

    assert calls == sum(map(len, schema_document()["paths"].values()))
    assert status.startswith("200")
    assert [url for url in asked if not url.startswith((live_server.url, "data:"))] == []
    assert [text for text in said if "Content Security Policy" in text] == []
    assert wrong == []
