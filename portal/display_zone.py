"""The time zone in which pages show times: the reader's own where one is chosen, else the site's.

Only what is shown follows it. Ages, review dates and every other reckoning of days stay in the site's zone.
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from portal.middleware import ANONYMOUS_PATHS

_chosen: ContextVar[str] = ContextVar("display_zone", default="")


@cache
def zone_names() -> tuple[str, ...]:
    """Return the zones that can be chosen, such as Europe/London; none without a place."""
    return tuple(
        sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    )


def in_display_zone(moment: datetime) -> datetime:
    """Return a moment on the reader's clock; one without a zone stays as it is."""
    if not timezone.is_aware(moment):
        return moment
    name = _chosen.get()
    return timezone.localtime(moment, ZoneInfo(name) if name else None)


def label() -> str:
    """Return the zone that times are shown in, such as "Europe/London (UTC+01:00)"."""
    now = in_display_zone(timezone.now())
    offset = now.strftime("%z")
    return f"{_chosen.get() or timezone.get_current_timezone_name()} (UTC{offset[:3]}:{offset[3:5]})"


class DisplayZoneMiddleware:
    """Shows times on the clock that the signed-in person chose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on, with the zone of nobody where nobody is signed in."""
        is_page = request.path_info not in ANONYMOUS_PATHS and request.user.is_authenticated
        token = _chosen.set(request.user.time_zone if is_page else "")  # type: ignore[union-attr]
        try:
            return self.get_response(request)
        finally:
            _chosen.reset(token)
