"""How often one may ask: per token, and per address for those who guess tokens.

Counts live in the cache, one window of a minute each: constant cost, whatever the rate.
"""

from __future__ import annotations

import math
import time

from django.conf import settings
from django.core.cache import cache
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

WINDOW = 60  # seconds
FAILED_SIGN_INS = 300  # wrong tokens from one address in a window
RATE_HEADERS = {
    "RateLimit-Limit": "Requests of this token in a minute.",
    "RateLimit-Remaining": "Requests that are left in this minute.",
    "RateLimit-Reset": "Seconds until the next minute begins.",
}


class TokenRate(BaseThrottle):
    """PORTAL_API_RATE requests a minute and token."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return whether this request is within the rate."""
        if request.auth is None:
            return True
        limit = settings.PORTAL_API_RATE
        count = _count(f"api-rate:{request.auth.pk}")
        counted = (limit, max(0, limit - count), math.ceil(_seconds_left()))
        said = dict(zip(RATE_HEADERS, map(str, counted), strict=True))
        request._request.rate_headers = said  # type: ignore[attr-defined]
        return count <= limit

    def wait(self) -> float:
        """Return the seconds until the next window."""
        return _seconds_left()


def rate_headers(request: Request) -> dict[str, str]:
    """Return what an answer says about the rate; nothing where no token was counted."""
    return getattr(request._request, "rate_headers", {})


def refuse_guessing(address: str) -> None:
    """Raise Throttled when too many wrong tokens came from this address in this minute."""
    if cache.get(_key(f"api-failures:{address}"), 0) >= FAILED_SIGN_INS:
        raise Throttled(_seconds_left())


def note_failure(address: str) -> None:
    """Count a wrong token from this address."""
    _count(f"api-failures:{address}")


def _count(name: str) -> int:
    key = _key(name)
    if cache.add(key, 1, timeout=2 * WINDOW):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # the cache dropped it in between
        cache.set(key, 1, timeout=2 * WINDOW)
        return 1


def _key(name: str) -> str:
    return f"{name}:{int(time.time() // WINDOW)}"


def _seconds_left() -> float:
    return WINDOW - time.time() % WINDOW
