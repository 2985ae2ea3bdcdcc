"""What a caller gets when a request cannot be answered: a page, or for another system what its protocol has.

Nothing here needs the database, and nothing of the request but its path and the name of its view is repeated
or logged.
"""

import logging
import sys
from http import HTTPStatus

from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

from portal.outcomes import outcome
from portal.problems import problem

logger = logging.getLogger("portal.errors")

RETRY_AFTER = 5  # seconds
# refusals of the audit trail (portal/audit_sql), and a server that became a standby: nothing was stored
_UNAVAILABLE_STATES = {"PA001", "PA002", "25006"}
_MACHINE_PATHS = ("/api/", "/cds-services")
_FHIR_PATHS = ("/fhir/",)
_SAYS = {
    400: (
        "bad-request",
        "The request could not be read",
        "Something in the address or the body is not valid.",
    ),
    403: ("forbidden", "You may not do this", "What you asked for needs another role or scope."),
    404: (
        "not-found",
        "Not found",
        "There is nothing at this address, or it belongs to another organisation.",
    ),
    413: ("too-large", "The request is too large", "A body may have 1 MiB at most."),
    500: ("server-error", "Something went wrong", "The fault is in the portal; nothing was stored."),
    503: (
        "unavailable",
        "Not available for a moment",
        "Nothing was stored. Please try again in a few seconds.",
    ),
}
_TEMPLATES = {400: "400", 403: "403", 404: "404", 413: "400", 500: "500", 503: "503"}


def refusal(request: HttpRequest, status: int, *, detail: str = "") -> HttpResponse:
    """Return the answer for a status in the form that the caller reads: page, problem details, outcome."""
    code, title, usual_detail = _SAYS[status]
    headers = {"Retry-After": str(RETRY_AFTER)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if request.path_info.startswith(_FHIR_PATHS):
        return outcome(status, detail or usual_detail, headers=headers)
    if request.path_info.startswith(_MACHINE_PATHS):
        # an address that is refused for what is in it is not repeated
        instance = request.path if status != HTTPStatus.BAD_REQUEST else None
        return problem(
            status,
            code,
            title,
            detail or usual_detail,
            errors=() if request.path_info.startswith("/api/") else None,  # CDS Hooks has no empty lists
            instance=instance,
            request_id=getattr(request, "request_id", ""),
            headers=headers,
        )
    return HttpResponse(_page(request, status, title, detail or usual_detail), status=status, headers=headers)


def status_of(error: BaseException) -> int | None:
    """Return 503 for a database that cannot answer now, 400 for a value it cannot hold, else None."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    if isinstance(error, OperationalError | InterfaceError) or sqlstate_of(error) in _UNAVAILABLE_STATES:
        return int(HTTPStatus.SERVICE_UNAVAILABLE)
    return int(HTTPStatus.BAD_REQUEST) if isinstance(error, DataError) else None


def sqlstate_of(error: BaseException) -> str:
    """Return PostgreSQL's code for an error, or an empty text when it never reached the server."""
    return getattr(error.__cause__, "sqlstate", None) or getattr(error, "sqlstate", None) or ""


def database_refusal(request: HttpRequest, error: BaseException) -> HttpResponse | None:
    """Return the answer to a request that failed in the database, or None when that is a fault of ours."""
    status = status_of(error)
    if status is None:
        return None
    view = request.resolver_match.view_name if request.resolver_match else ""
    logger.warning("%s: answered %d for %s %s", view or "?", status, type(error).__name__, sqlstate_of(error))
    return refusal(request, status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400: malformed or suspicious requests."""
    return refusal(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403: another role's function."""
    return refusal(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: a form without its token, or sent from another site."""
    return refusal(request, 403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404: nothing there, or nothing this person may know of."""
    return refusal(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: whatever nobody expected; a database that is away counts as unavailable, not as a fault."""
    error = sys.exc_info()[1]
    answer = database_refusal(request, error) if error is not None else None
    return answer or refusal(request, 500)


def _page(request: HttpRequest, status: int, title: str, detail: str) -> str:
    name = f"errors/{_TEMPLATES[status]}.html"
    context = {"request_id": getattr(request, "request_id", "")}
    try:
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return str(loader.render_to_string(name, context, request))
        return str(loader.render_to_string(name, context))
    except Exception:
        # the frame asks who is signed in: without a database there is still something to say
        logger.warning("The page for %d could not be rendered", status)
        return f"<!doctype html><html lang=en-GB><title>{title}</title><h1>{title}</h1><p>{detail}</p></html>"
