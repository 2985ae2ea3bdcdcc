"""Refusing to listen after too many wrong passwords or codes, by person and address."""

import hashlib
import math
import time
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db import connection
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portal.peer import client_address

FLOOD_RETRY_AFTER = 60  # seconds
PAUSES = (0.1, 0.2, 0.4)  # seconds between looking whether another try has ended
_MAX_NAME = 150  # characters; what is tried may be anything


def username_of(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """AXES_USERNAME_CALLABLE: return the name tried, the same for every spelling that finds one person."""
    name = (credentials or {}).get("username") or (request.POST.get("login") if request else "") or ""
    # people are found regardless of case, so "Ann" and "ANN" share their failures; upper() first, because
    # the database compares upper-case letters
    return str(name).strip().upper().casefold()[:_MAX_NAME]


def address_of(request: HttpRequest) -> str | None:
    """AXES_CLIENT_IP_CALLABLE: return the address the request really comes from."""
    return client_address(request) or None


def try_one_at_a_time(request: HttpRequest, username: str) -> None:
    """Let no other try for this name from this address run beside this one, until the transaction ends.

    Without it, tries sent at the same moment would all be checked before the first of them is counted.
    """
    name = username_of(request, {"username": username})
    digest = hashlib.sha256(f"{name}\n{client_address(request)}".encode()).digest()
    key = int.from_bytes(digest[:8], signed=True)
    for pause in PAUSES:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [key])
            if cursor.fetchone()[0]:
                return
        time.sleep(pause)
    # a flood must not hold every thread of the server
    raise ImmediateHttpResponse(too_many_requests(request))


def is_locked(request: HttpRequest, username: str) -> bool:
    """Return whether this person has to wait before another try from this address."""
    return not AxesProxyHandler.is_allowed(request, {"username": username})


def refuse(request: HttpRequest, username: str) -> None:
    """Have the request answered with the page of a lockout, whatever its view says."""
    AxesProxyHandler.update_request(request)
    request.axes_locked_out = True  # type: ignore[attr-defined]
    request.axes_credentials = {"username": username}  # type: ignore[attr-defined]


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """AXES_LOCKOUT_CALLABLE: answer 429, and say how long to wait and what else to do."""
    seconds = _seconds_left(request, credentials)
    context = {"minutes": math.ceil(seconds / 60), "failures": settings.AXES_FAILURE_LIMIT}
    return _wait(request, "account/locked.html", context, seconds)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """handler429: too many tries from one address in a short time, whoever they were for."""
    return _wait(request, "account/too_many.html", {}, FLOOD_RETRY_AFTER)


def _wait(request: HttpRequest, template: str, context: dict[str, Any], seconds: int) -> HttpResponse:
    answer = render(request, template, context, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def _seconds_left(request: HttpRequest, credentials: dict[str, Any] | None) -> int:
    latest = AccessAttempt.objects.filter(
        username=username_of(request, credentials), ip_address=address_of(request)
    ).aggregate(latest=Max("attempt_time"))["latest"]
    end = (latest or timezone.now()) + settings.AXES_COOLOFF_TIME
    return max(1, math.ceil((end - timezone.now()).total_seconds()))
