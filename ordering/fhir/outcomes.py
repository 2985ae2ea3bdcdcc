"""From exceptions to OperationOutcome: the one place where the FHIR service says no."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from guidelines.exceptions import NoPublishedVersion
from ordering.api.errors import ApiProblem
from portal.outcomes import CONTENT_TYPE, outcome_body

NOT_FOUND = "There is nothing at this address, or it belongs to another organisation."


class BadSearch(Exception):
    """A search that cannot be carried out: (parameter, what is wrong) of each fault."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {said}" for name, said in faults))
        self.faults = list(faults)


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the OperationOutcome that an exception means; None for one that nobody expected."""
    if isinstance(exc, BadSearch):
        return _answer(400, "The search cannot be carried out.", details=exc.faults)
    if isinstance(exc, ApiProblem):
        return _answer(int(exc.status), exc.detail or exc.title, headers=exc.headers)
    if isinstance(exc, Http404 | NoPublishedVersion | exceptions.NotFound):
        return _answer(404, NOT_FOUND)
    if isinstance(exc, DjangoPermissionDenied):
        return _answer(403, "What you asked for needs another role or scope.")
    if isinstance(exc, exceptions.APIException):
        return _framework(exc)
    return None


def _framework(exc: exceptions.APIException) -> Response:
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    wait = getattr(exc, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(max(1, math.ceil(wait)))
    return _answer(exc.status_code, str(exc.detail), headers=headers)


def _answer(
    status: int,
    text: str,
    *,
    details: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(
        outcome_body(status, text, details),
        status=status,
        headers=dict(headers or {}),
        content_type=CONTENT_TYPE,
    )
