"""Pictures of the main pages for docs/screenshots, taken by `make screenshots`; no part of `make test`."""

import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from guidelines.models import RatedStudy, State
from ordering.models import Order
from tests.browser.conftest import OpenWindow, Portal
from tests.browser.driving import PHONE
from tests.browser.png import shrink
from tests.content import LEUKAEMIA
from tests.ordering.placing import ask, place

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 150_000
WIDE, TALL = 1120, 800  # CSS pixels

pytestmark = pytest.mark.browser


def test_take_pictures(portal: Portal, open_window: OpenWindow) -> None:
    user = portal.user("clinician")
    patient = portal.patient(mrn="4002 4410", given_name="Ada")
    advice = ask(patient, user)
    allergic = ask(patient, user, severe_contrast_allergy="yes")
    draft = place(portal.patient(mrn="4002 4411", given_name="Ida"), user, sign=False)
    reported = Order.objects.filter(organisation=user.organisation, finding="indeterminate").first()
    rated = RatedStudy.objects.filter(version__state=State.PUBLISHED, study__code__startswith="mri").first()
    assert reported is not None
    assert rated is not None
    wide = open_window("clinician", width=WIDE, locale="en-GB").page
    wide.set_viewport_size({"width": WIDE, "height": TALL})
    phone = open_window("clinician", width=PHONE, locale="en-GB").page
    desk = open_window("editor", width=WIDE, locale="en-GB").page
    desk.set_viewport_size({"width": WIDE, "height": TALL})

    _take(wide, f"{portal.url}/", "worklist")
    _take(
        wide, f"{portal.url}{reverse('order_new', args=[patient.pk, LEUKAEMIA])}?from={advice.pk}", "step-1"
    )
    _take(wide, f"{portal.url}{reverse('suggestion', args=[advice.pk])}", "step-2")
    _take(wide, f"{portal.url}{reverse('order_review', args=[draft.pk])}", "step-3")
    _take(wide, f"{portal.url}{reverse('order_detail', args=[reported.pk])}", "order")
    _take(wide, f"{portal.url}{reverse('quality')}", "quality")
    _take(phone, f"{portal.url}{reverse('suggestion', args=[allergic.pk])}", "phone-contraindicated")
    _take(desk, f"{portal.url}{reverse('admin:guidelines_ratedstudy_change', args=[rated.pk])}", "desk")

    taken = sorted(FOLDER.glob("*.png"))
    assert len(taken) == 8
    assert [path.name for path in taken if path.stat().st_size > MOST_BYTES] == []


def _take(page: Page, address: str, name: str) -> None:
    assert re.fullmatch("[a-z0-9-]+", name)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    picture = FOLDER / f"{name}.png"
    page.screenshot(path=picture)
    shrink(picture)
