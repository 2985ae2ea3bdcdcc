"""OperationOutcome of FHIR R4: how the FHIR service says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import JsonResponse

CONTENT_TYPE = "application/fhir+json"

# HTTP status -> FHIR's issue-type
ISSUE_CODES = {
    400: "invalid",
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    406: "not-supported",
    413: "too-long",
    415: "not-supported",
    429: "throttled",
    500: "exception",
    503: "transient",
}


def outcome_body(status: int, text: str, details: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """Return an OperationOutcome: one issue, or one for each of `details`, a parameter and what is wrong."""
    code = ISSUE_CODES.get(status, "processing")
    issues = [
        {
            "severity": "error",
            "code": code,
            "details": {"text": text},
            "diagnostics": f"{name}: {said}" if name else said,
        }
        for name, said in details
    ]
    return {
        "resourceType": "OperationOutcome",
        "issue": issues
        or [{"severity": "error", "code": code, "details": {"text": text}, "diagnostics": text}],
    }


def outcome(status: int, text: str, *, headers: Mapping[str, str] | None = None) -> JsonResponse:
    """Return an OperationOutcome as the whole answer."""
    return JsonResponse(
        outcome_body(status, text), status=status, content_type=CONTENT_TYPE, headers=dict(headers or {})
    )
