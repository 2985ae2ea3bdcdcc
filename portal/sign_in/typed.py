"""Typed work outlives its session: what was sent too late comes back after signing in again.

It waits on the server, in the session of the browser that sent it, and only the person who had been signed in
there gets it back. Passwords and files are not kept.
"""

import time
from typing import Any, TypedDict

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from portal import errors
from portal.middleware import ANONYMOUS_PATHS

TYPED = "typed"  # key in the session
MAX_LENGTH = 64 * 1024  # characters of a form, encoded
MAX_AGE = 12 * 3600  # seconds
PERSON_COOKIE = "portal_person"  # who was last signed in here; it opens nothing

_NEVER_KEPT = ("/accounts/", "/api/", "/fhir/", "/cds-services")  # passwords, codes, and what no person types
_signer = Signer(salt="portal.sign_in.typed")
_STALE_TOKEN = "CSRF token from POST incorrect."  # noqa: S105 - Django's words for a token of before a sign-in


class Typed(TypedDict):
    """A form as it was sent."""

    person: str
    path: str
    fields: list[list[str]]
    had_files: bool
    at: int


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Asks everybody to sign in, and keeps what they were sending."""

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponseBase | None:
        """Go on with what may be seen; typed work that arrives needs no keeping any more."""
        typed = request.session.get(TYPED) if request.method == "POST" else None
        if typed and typed["path"] == request.get_full_path() and request.user.is_authenticated:
            forget(request)
        return super().process_view(request, *view)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        """Redirect to the sign-in page, and from there back to the page or to what was typed."""
        return _to_continue() if keep(request) else super().handle_no_permission(request, view_func)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Remember in the browser who is signed in."""
        if request.path_info in ANONYMOUS_PATHS or SESSION_KEY not in request.session:
            return response
        person = request.session[SESSION_KEY]
        if _person(request) != person:
            response.set_cookie(
                PERSON_COOKIE,
                _signer.sign(person),
                httponly=True,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Lax",
            )
        return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: a form without its token is refused; one of before the last sign-in comes back."""
    from_here = request.headers.get("Sec-Fetch-Site") == "same-origin"  # no other site can say this
    if reason == _STALE_TOKEN and from_here and keep(request):
        return _to_continue()
    return errors.csrf_failure(request, reason)


def keep(request: HttpRequest) -> bool:
    """Keep the form that the request sends; return False when there is none, or nobody to keep it for."""
    person = _person(request)
    is_form = request.method == "POST" and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if not person or not is_form or request.path.startswith(_NEVER_KEPT):
        return False
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and "password" not in name.lower()
        for value in values
    ]
    if not fields or sum(len(name) + len(value) for name, value in fields) > MAX_LENGTH:
        return False
    request.session[TYPED] = Typed(
        person=person,
        path=request.get_full_path(),
        fields=fields,
        had_files=bool(request.FILES),
        at=int(time.time()),
    )
    return True


def kept_for(request: HttpRequest) -> Typed | None:
    """Return what the signed-in person had typed. What somebody else had typed is forgotten."""
    typed: Typed | None = request.session.get(TYPED)
    if typed is None:
        return None
    if typed["person"] != request.session.get(SESSION_KEY) or time.time() - typed["at"] > MAX_AGE:
        forget(request)
        return None
    return typed


def forget(request: HttpRequest) -> None:
    """Keep nothing any longer."""
    request.session.pop(TYPED, None)


def _person(request: HttpRequest) -> str:
    try:
        return _signer.unsign(request.COOKIES.get(PERSON_COOKIE, ""))
    except BadSignature:
        return ""


def _to_continue() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("account_continue"))
