"""From exceptions to RFC 9457 problem details: the one place where the API says no."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from guidelines.exceptions import NoPublishedVersion
from ordering.exceptions import (
    AdviceOutOfDate,
    ConsultationUsed,
    IllegalTransition,
    NotReportable,
    NotSigned,
    OrderingError,
    Refusal,
    Refused,
    StaleOrder,
)
from ordering.webhooks.exceptions import WebhookNotActive
from portal.problems import CONTENT_TYPE, problem_body

MAX_ERRORS = 1000  # a body of 1 MiB can hold more faults than anybody reads
NOT_FOUND = "There is nothing at this address, or it belongs to another organisation."


class ApiProblem(Exception):
    """A refusal that only HTTP knows; `members` are added to the problem's own."""

    status = HTTPStatus.BAD_REQUEST
    code = "bad-request"
    title = "The request could not be read"
    detail = ""

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        self.detail = detail or self.detail
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(self.detail)


class BadHeader(ApiProblem):
    """A header that cannot be used."""

    code = "bad-header"
    title = "A header cannot be used"


class BadQuery(ApiProblem):
    """Query parameters that cannot be used: (name, code, what to do) of each."""

    code = "bad-query"
    title = "The query cannot be used"

    def __init__(self, faults: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(
            " ".join(f"{name}: {detail}" for name, _, detail in faults),
            errors=[
                {"pointer": "", "parameter": name, "code": code, "detail": detail}
                for name, code, detail in faults
            ],
        )


class BodyTooLarge(ApiProblem):
    """A body over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too-large"
    title = "The request is too large"
    detail = "A body may have 1 MiB at most."


class PreconditionRequired(ApiProblem):
    """A change that must say which state it changes."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    code = "precondition-required"
    title = "Say which state you are changing"
    detail = "Send If-Match with the ETag of the order as you read it."


class VersionNotCurrent(ApiProblem):
    """The version whose advice was shown is not the published one."""

    status = HTTPStatus.CONFLICT
    code = "version-not-current"
    title = "The guideline has another version now"
    detail = "The version that you named is not the published one. Please check the new advice."


class KeyReused(ApiProblem):
    """An idempotency key that came with another request before."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "idempotency-key-reused"
    title = "This Idempotency-Key was used for another request"
    detail = "Use a new key for each new request, and the same key only to repeat one unchanged."


class StillRunning(ApiProblem):
    """The first request with this key has not been answered yet."""

    status = HTTPStatus.CONFLICT
    code = "idempotency-key-in-use"
    title = "The first request with this Idempotency-Key is still running"
    detail = "Nothing was done. Repeat the request in a moment to get its answer."


# our own refusals: status, title
_REFUSALS: dict[type[OrderingError], tuple[HTTPStatus, str]] = {
    AdviceOutOfDate: (HTTPStatus.CONFLICT, "The advice no longer holds"),
    ConsultationUsed: (HTTPStatus.CONFLICT, "The consultation carries another order"),
    IllegalTransition: (HTTPStatus.CONFLICT, "The order's status does not allow this"),
    NotReportable: (HTTPStatus.CONFLICT, "The order's status does not allow this"),
    NotSigned: (HTTPStatus.CONFLICT, "The order was never signed"),
    StaleOrder: (HTTPStatus.PRECONDITION_FAILED, "The order has changed"),
    WebhookNotActive: (HTTPStatus.CONFLICT, "The webhook is disabled"),
}
# REST framework's: status -> code, title
_TITLES: dict[int, tuple[str, str]] = {
    400: ("bad-request", "The request could not be read"),
    401: ("unauthorised", "Sign in with a bearer token"),
    403: ("forbidden", "You may not do this"),
    404: ("not-found", "Not found"),
    405: ("method-not-allowed", "This address has no such method"),
    415: ("unsupported-media-type", "The body is not JSON"),
    429: ("too-many-requests", "Too many requests"),
}


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the problem that an exception means; None for one that nobody expected."""
    request = context["request"]
    if isinstance(exc, Refused):
        return _refused(exc, request)
    if isinstance(exc, OrderingError):
        return _ordering(exc, request)
    if isinstance(exc, ApiProblem):
        return _answer(
            request, exc.status, exc.code, exc.title, exc.detail, headers=exc.headers, members=exc.members
        )
    if isinstance(exc, Http404 | NoPublishedVersion):
        return _answer(request, 404, *_TITLES[404], NOT_FOUND)
    if isinstance(exc, DjangoPermissionDenied):
        return _answer(request, 403, *_TITLES[403], "What you asked for needs another role or scope.")
    if isinstance(exc, exceptions.APIException):
        return _framework(exc, request)
    return None


def refusal_members(refusals: Sequence[Refusal]) -> list[dict[str, str]]:
    """Return faults as members of a problem, each place and code once."""
    seen = {(refusal.pointer, refusal.code): refusal for refusal in reversed(refusals)}
    unique = [refusal for refusal in refusals if seen.get((refusal.pointer, refusal.code)) is refusal]
    return [
        {"pointer": refusal.pointer, "code": refusal.code, "detail": refusal.message}
        for refusal in unique[:MAX_ERRORS]
    ]


def _refused(refused: Refused, request: Any) -> Response:
    malformed = any(refusal.is_shape for refusal in refused.refusals)
    errors = refusal_members(refused.refusals)
    count = "One fault" if len(errors) == 1 else f"{len(errors)} faults"
    status, code, title = (
        (HTTPStatus.BAD_REQUEST, "malformed", "The request does not have the right shape")
        if malformed
        else (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "The request cannot be carried out as it is")
    )
    return _answer(request, status, code, title, f"{count}; nothing was stored.", members={"errors": errors})


def _ordering(error: OrderingError, request: Any) -> Response:
    status, title = _REFUSALS[type(error)]
    members: dict[str, Any] = {}
    if isinstance(error, AdviceOutOfDate):
        members = {"changes": error.changes, "current": error.current}
    elif isinstance(error, IllegalTransition):
        members = {"order_status": error.status}
    return _answer(request, status, error.code, title, str(error), members=members)


def _framework(exc: exceptions.APIException, request: Any) -> Response:
    usual, title = _TITLES.get(exc.status_code, ("refused", "The request was refused"))
    code = exc.get_codes()
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    wait = getattr(exc, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    if isinstance(exc, exceptions.UnsupportedMediaType):
        headers["Accept"] = "application/json"
    known = code if isinstance(code, str) and code in {"missing-scope"} else usual
    detail = NOT_FOUND if isinstance(exc, exceptions.NotFound) else str(exc.detail)
    return _answer(request, exc.status_code, known, title, detail, headers=headers)


def _answer(
    request: Any,
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    request_id = getattr(request, "request_id", "")
    body = problem_body(
        int(status), code, title, detail, errors=(), instance=request.path, request_id=request_id
    )
    body |= members or {}
    return Response(body, status=int(status), headers=dict(headers or {}), content_type=CONTENT_TYPE)
