"""Preferences: the clock and size of pages, and shortcuts that are off unless wanted."""

from datetime import UTC, datetime

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from portal.display_zone import DisplayZoneMiddleware, in_display_zone
from portal.models import AuditEvent
from portal.templatetags.portal_ui import moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(as_user, clinician):
    return as_user(clinician)


def test_preferences_are_kept_and_shape_every_page(client, clinician):
    page = reverse("account_preferences")
    before = client.get(page).content.decode()
    chosen = {"time_zone": "Asia/Tokyo", "text_size": "larger", "shortcuts": "on"}

    assert client.post(page, chosen).status_code == 302
    after = client.get(page).content.decode()

    assert "shortcuts.js" not in before
    assert "data-text" not in before
    assert "shortcuts.js" in after
    assert 'data-text="larger"' in after
    assert "Asia/Tokyo (UTC+09:00)" in after
    assert AuditEvent.objects.filter(entity="portal_user", entity_id=str(clinician.pk)).exists()


@pytest.mark.parametrize("wrong", [{"time_zone": "Mars/Olympus"}, {"text_size": "huge"}])
def test_a_preference_that_is_none_is_refused_in_words(client, clinician, wrong):
    answer = client.post(reverse("account_preferences"), wrong)

    clinician.refresh_from_db()
    assert answer.status_code == 200
    assert "is not one of the available choices" in answer.content.decode()
    assert (clinician.time_zone, clinician.text_size) == ("", "")


def test_only_what_is_shown_follows_the_chosen_clock(rf, clinician):
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    clinician.time_zone = "Asia/Tokyo"
    request = rf.get("/")
    request.user = clinician

    def page(_):
        return HttpResponse(f"{moment(noon)} {timezone.localtime(noon):%H}")

    text = DisplayZoneMiddleware(page)(request).content.decode()

    assert "01-Jul-2026 21:00" in text
    assert text.endswith(" 13")  # the site's own reckoning of days
    assert in_display_zone(noon).hour == 13  # and that of whoever comes next
