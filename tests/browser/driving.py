"""A browser window that notes what its pages do behind the reader's back, and what is wrong with them."""

import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

# Chromium runs as root in containers, and must ask nothing of the network by itself
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE, NARROW = 1280, 390, 320  # widths in CSS pixels; 320 is WCAG 1.4.10
HEIGHT = 900
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]
DEAD_LINK = "Failed to load resource"  # `_answered` reports these, except where a page itself is refused


def chromium_path() -> str:
    """Return where Chromium is. Fails the test in one line where there is none: it is never left out."""
    named = os.environ.get("PORTAL_CHROMIUM", "")
    for name in [named] if named else CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    pytest.fail(
        "The browser tests need Chromium: apt-get install chromium (or name one in PORTAL_CHROMIUM).",
        pytrace=False,
    )


class Window:
    """One browser window. `faults` collects what no page may do; the fixture refuses any."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.context = context
        self.base_url = base_url
        self.host = urlsplit(base_url).netloc
        self.faults: list[str] = []
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("page", self._listen)
        self.page: Page = context.new_page()

    def open(self, address: str) -> Page:
        """Go to an address of the portal and return the page."""
        self.page.goto(self.base_url + address)
        return self.page

    def _listen(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error}"))

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc not in (self.host, "") or not request.url.startswith(
            ("http", "data:", "blob:")
        ):
            self.faults.append(f"asked another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and "/static/" in response.url):
            self.faults.append(f"{response.status} for {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(DEAD_LINK):
            self.faults.append(f"{self.page.url}: {message.text}")


def axe_violations(page: Page, *, contrast: bool) -> list[str]:
    """Return what axe finds on the page, one line for each rule; contrast takes longer than the rest."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: dict[str, Any] = page.evaluate(
        # preloading would fetch the style sheets again, for rules that are not among these
        "([tags, contrast]) => axe.run({runOnly: tags, resultTypes: ['violations'], preload: false,"
        " rules: {'color-contrast': {enabled: contrast}}})",
        [AXE_TAGS, contrast],
    )
    return [
        f"{rule['id']}: {rule['help']}: {[node['target'] for node in rule['nodes'][:4]]}"
        for rule in found["violations"]
    ]


def scrolls_sideways(page: Page) -> bool:
    """Return whether the page is wider than the window."""
    wide: bool = page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    return wide


def inspect(page: Page, name: str, *, screenshots: Path | None, dark: bool = False) -> list[str]:
    """Return everything that is wrong with a page at three widths; keep two pictures in a given folder.

    Of the two wider ones axe looks at one, which the name decides, and at both when pictures are kept; colour
    contrast is measured then too, and always where a page is looked at in the dark. It takes most of the time
    of a test run.
    """
    wrong: list[str] = []
    looked_at = (DESKTOP, PHONE) if screenshots else ((DESKTOP, PHONE)[crc32(name.encode()) % 2],)
    for width in (DESKTOP, PHONE, NARROW):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        if scrolls_sideways(page):
            wrong.append(f"{width} px: scrolls sideways")
        if width not in looked_at:
            continue
        for scheme in ("light", "dark") if dark and width == looked_at[0] else ("light",):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = axe_violations(page, contrast=dark or screenshots is not None)
            wrong += [f"{width} px, {scheme}: {violation}" for violation in found]
        page.emulate_media(color_scheme="light")
        if screenshots:
            picture = f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}-{width}.png"
            page.screenshot(path=screenshots / picture, full_page=True)
    page.set_viewport_size({"width": DESKTOP, "height": HEIGHT})
    return wrong
