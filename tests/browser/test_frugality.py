"""What pages cost and how steady they are: bytes, requests, layout shift, focus in sight, targets."""

import gzip
import sys
from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Response

from tests.browser.conftest import OpenWindow, Portal
from tests.browser.driving import NARROW, PHONE, Window, scrolls_sideways
from tests.content import LEUKAEMIA
from tests.ordering.placing import ask, place

pytestmark = pytest.mark.browser

# of the design, for a first visit with an empty cache; the shift is Chromium's own measure
MOST_BYTES, MOST_REQUESTS, MOST_SHIFT = 90 * 1024, 7, 0.01
SMALLEST_PX = 24
MOST_STOPS = 160

WATCH_SHIFT = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
# what has the focus and cannot be seen at its middle, or nothing; a covered radio is its label's
HIDDEN_FOCUS = """() => {
  const focused = document.activeElement;
  if (!focused || focused === document.body || focused.matches(".skip")) return "";
  const box = focused.getBoundingClientRect();
  const x = Math.min(Math.max(box.left + Math.min(box.width, 20) / 2, 1), innerWidth - 1);
  const y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2; // of what is in the window
  const seen = document.elementFromPoint(x, y);
  const own = seen && !seen.closest(".pb")
    && (focused.contains(seen) || seen.contains(focused) || seen.closest("label")?.control === focused);
  return own || focused.closest(".pb") ? "" : `${focused.outerHTML.slice(0, 120)} at ${x}, ${y}`;
}"""
# links inside a sentence are excepted by WCAG 2.5.8, and so is what has room of its own around it
SMALL_TARGETS = """(least) => {
  const kinds = "a[href],button,input:not([type=hidden]),select,textarea,summary";
  const targets = [...document.querySelectorAll(kinds)].filter((target) => !target.matches(".skip"));
  const boxes = targets.map((target) => (target.closest("label") ?? target).getBoundingClientRect());
  const near = (one, other) => {
    const [x, y] = [one.left + one.width / 2, one.top + one.height / 2];
    const across = Math.max(other.left - x, 0, x - other.right);
    const down = Math.max(other.top - y, 0, y - other.bottom);
    return Math.hypot(across, down) < least / 2;
  };
  return targets.filter((target, index) => {
    const box = boxes[index];
    const inText = target.closest("p,dd,li") && getComputedStyle(target).display === "inline";
    if (!box.width || inText || (box.width >= least && box.height >= least)) return false;
    return boxes.some((other, at) => at !== index && other.width && near(box, other));
  }).map((target) => target.outerHTML.slice(0, 120));
}"""


def questions(portal: Portal) -> str:
    """Return the address of step 1."""
    return reverse("order_new", args=[portal.patient().pk, LEUKAEMIA])


def suggestion(portal: Portal) -> str:
    """Return the address of step 2."""
    return reverse("suggestion", args=[ask(portal.patient(), portal.user("clinician")).pk])


def review(portal: Portal) -> str:
    """Return the address of step 3."""
    return reverse("order_review", args=[place(portal.patient(), portal.user("clinician"), sign=False).pk])


def order(portal: Portal) -> str:
    """Return the address of a signed order."""
    return reverse("order_detail", args=[place(portal.patient(), portal.user("clinician")).pk])


PAGES: dict[str, Callable[[Portal], str]] = {
    "worklist": lambda portal: "/",
    "step 1": questions,
    "step 2": suggestion,
    "step 3": review,
    "order": order,
    "guideline": lambda portal: reverse("guideline_detail", args=[LEUKAEMIA]),
    "quality": lambda portal: reverse("quality"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_first_visit_is_light_and_steady_and_shows_where_the_focus_is(
    portal: Portal, open_window: OpenWindow, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    window = open_window("clinician")
    answers: list[Response] = []
    window.context.on("response", lambda answer: answers.append(answer))
    window.context.add_init_script(WATCH_SHIFT)
    page = window.open(PAGES[name](portal))
    page.wait_for_load_state("networkidle")

    fetched = {answer.url: answer for answer in answers}  # the drawings are asked for as page icon too
    weight = sum(_compressed(answer) for answer in fetched.values())
    shift = page.evaluate("() => window.shifted")
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {weight} bytes, {len(fetched)} requests, layout shift {shift:.4f}\n")
    assert weight <= MOST_BYTES
    assert len(fetched) <= MOST_REQUESTS
    assert shift <= MOST_SHIFT
    assert _hidden_stops(page) == []
    assert _small(window, PHONE, NARROW) == []
    page.evaluate("() => { document.documentElement.dataset.text = 'larger' }")
    assert not scrolls_sideways(page), "larger text on a narrow screen"


def _compressed(answer: Response) -> int:
    """Return what an answer weighs as production sends it: fonts as they are, text compressed."""
    body = answer.body()
    return len(body) if answer.url.endswith(".woff2") else len(gzip.compress(body, 9))


def _hidden_stops(page: Page) -> list[str]:
    """Walk through the page with Tab, then back, and return what had the focus out of sight."""
    hidden: list[str] = []
    for key in ("Tab", "Shift+Tab"):
        for _ in range(MOST_STOPS):
            page.keyboard.press(key)
            if page.evaluate("() => document.activeElement === document.body"):
                break
            if found := page.evaluate(HIDDEN_FOCUS):
                hidden.append(found)
    return hidden


def _small(window: Window, *widths: int) -> list[str]:
    """Return the targets that are too small to hit and have too little room around them."""
    found: list[str] = []
    for width in widths:
        window.page.set_viewport_size({"width": width, "height": 844})
        found += window.page.evaluate(SMALL_TARGETS, SMALLEST_PX)
    return found
