"""What happens to every request: its id, what it may contain, who acts in it, what caches may keep."""

import re
import unicodedata
import uuid
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from portal import audit, errors
from portal.audit import events
from portal.peer import client_address

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_BROKEN_UTF8 = re.compile("%[89A-Fa-f][0-9A-Fa-f]")  # how Django writes such bytes of a path
_FORBIDDEN = 403
_VIA = (("/admin/", "admin"), ("/api/", "api"), ("/fhir/", "fhir"), ("/cds-services", "cds-hooks"))
# asked by the platform: they must answer without a database, whatever cookie comes along
ANONYMOUS_PATHS = {"/healthz", "/readyz"}


class RequestIdMiddleware:
    """Gives every request an id, the caller's own if it sent a sound one, and says it in the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with X-Request-ID."""
        sent = request.headers.get("X-Request-ID", "")
        request_id = sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ControlCharacterMiddleware:
    """Refuses addresses with control characters or broken UTF-8, which no database takes."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 400, or go on."""
        try:
            query = unquote_to_bytes(request.META.get("QUERY_STRING", "")).decode("utf-8")
        except UnicodeDecodeError:
            return errors.refusal(request, 400)
        if _has_control(request.path_info + query) or _BROKEN_UTF8.search(request.path_info):
            return errors.refusal(request, 400)
        return self.get_response(request)


class BodySizeMiddleware:
    """Refuses bodies over DATA_UPLOAD_MAX_MEMORY_SIZE before anything reads them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 413, or go on. The server has measured a body that came without a length."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if limit is not None and length.isascii() and length.isdigit() and int(length) > limit:
            return errors.refusal(request, 413)
        return self.get_response(request)


class ActorMiddleware:
    """Says who acts during a request, and records what the request was denied once its view is done."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let the signed-in person act; an API view that checks a token binds its person itself."""
        anonymous = audit.Actor(
            audit.ANONYMOUS.id,
            via=next((via for prefix, via in _VIA if request.path_info.startswith(prefix)), "portal"),
            request_id=getattr(request, "request_id", ""),
            ip=client_address(request),
        )
        with audit.acting(anonymous):  # also while the session is being read
            if request.path_info not in ANONYMOUS_PATHS and request.user.is_authenticated:
                audit.bind_user(request.user)
            events.await_denials(request)
            response = self.get_response(request)
            actor = audit.current_actor()
            signed_in = actor is not None and actor.id != audit.ANONYMOUS.id
            if response.status_code == _FORBIDDEN and signed_in and not events.denials_waiting(request):
                audit.denied(request, reason="forbidden")
            # here no transaction of the view is open that could take them back
            events.record_denials(request)
            return response


class DatabaseErrorMiddleware:
    """Answers 503 when the database is away, and 400 for a value that it cannot hold."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; see `process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the answer to an error of the database, None for any other."""
        return errors.database_refusal(request, exception)


class NoStoreMiddleware:
    """Keeps every answer to a signed-in person or system out of caches: it may show a patient."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer with Cache-Control: no-store where somebody is known."""
        response = self.get_response(request)
        actor = audit.current_actor()
        if "Authorization" in request.headers or (actor is not None and actor.id != audit.ANONYMOUS.id):
            response["Cache-Control"] = "no-store"
        return response


def _has_control(text: str) -> bool:
    return not text.isprintable() and any(unicodedata.category(character) == "Cc" for character in text)
