"""What the main job costs: clicks and keys from the worklist to the signed order, all answers on record."""

import re
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow, Portal
from tests.browser.hands import Hands, Keyboard, Pointer
from tests.browser.test_main_job import button, link, option, sign
from tests.ordering.placing import place

pytestmark = pytest.mark.browser

# of the design: with a pointer, and with the keyboard alone
MOST = {Pointer: (8, 18), Keyboard: (0, 70)}


@pytest.mark.parametrize("way", MOST, ids=["pointer", "keyboard alone"])
def test_an_order_with_everything_on_record_takes_few_clicks_and_keys(
    portal: Portal,
    open_window: OpenWindow,
    way: type[Pointer] | type[Keyboard],
    capsys: pytest.CaptureFixture,
) -> None:
    patient = portal.patient()
    order = place(patient, portal.user("clinician"))
    page = open_window("clinician").open("/")
    hands: Hands = way(page)

    hands.write(page.locator("main [name=q]"), patient.mrn)
    hands.send(button(page, "Find patient"))
    hands.follow(link(page, f"Start an order with the answers of {order.number}"))
    expect(option(page, "diagnosis", "all")).to_be_checked()
    hands.send(button(page, "See suggested study"))
    hands.follow(button(page, re.compile("^Choose this study")).first)
    sign(page, hands, str(patient.birth_date.year))

    with capsys.disabled():
        sys.stdout.write(f"\n{way.__name__.lower()}: {hands.clicks} clicks, {hands.keys} keys\n")
    clicks, keys = MOST[way]
    assert hands.clicks <= clicks
    assert hands.keys <= keys
