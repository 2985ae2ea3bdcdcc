"""Sessions end: after a time without a request, after a day's work at the latest, and with the account."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal import audit
from portal.middleware import ANONYMOUS_PATHS

SIGNED_IN_AT = "signed_in_at"  # keys in the session
SEEN_AT = "seen_at"
SEEN_EVERY = 15  # seconds: a busy page does not write its session with each request


class SessionLimitMiddleware:
    """Keeps a session that is used alive, and ends one that has lasted long enough."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer as the person whose session still counts, or as nobody."""
        if request.path_info not in ANONYMOUS_PATHS:
            if request.user.is_authenticated:
                _hold(request)
            elif SESSION_KEY in request.session:
                request.session.flush()  # of an account that was switched off: it must not come back with it
        return self.get_response(request)


def seconds_of_idleness() -> int:
    """Return how long a page may count on its session when nothing happens."""
    return settings.SESSION_COOKIE_AGE - SEEN_EVERY


def begin_sessions() -> None:
    """Connect the receiver that begins a session's time. Called once, when the apps are ready."""
    user_logged_in.connect(_begin, dispatch_uid="portal.sign_in.sessions")


def _begin(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = int(time.time())
    SessionStore.clear_expired()  # they hold what people typed; nothing else would remove them


def _hold(request: HttpRequest) -> None:
    session, now = request.session, int(time.time())
    if now - session.get(SIGNED_IN_AT, now) >= settings.PORTAL_SESSION_HOURS * 3600:
        logout(request)
        here = audit.current_actor() or audit.ANONYMOUS
        audit.bind(replace(here, id=audit.ANONYMOUS.id, role=""))
    elif now - session.get(SEEN_AT, 0) >= SEEN_EVERY:
        session[SEEN_AT] = now  # a changed session is stored with a new end
        session.setdefault(SIGNED_IN_AT, now)
