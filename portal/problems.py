"""RFC 9457 problem details: how every HTTP interface for other systems says what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import JsonResponse

CONTENT_TYPE = "application/problem+json"

Fault = Mapping[str, str]  # {"pointer": "/answers/egfr", "code": "out_of_range", "detail": "..."}


def problem_body(
    status: int,
    code: str,
    title: str,
    detail: str = "",
    *,
    errors: Sequence[Fault] | None = None,
    instance: str | None = None,
    request_id: str = "",
) -> dict[str, Any]:
    """Return the members of a problem: `code` is stable and for programs, the texts are for people.

    `errors` lists every fault at once, each with a JSON Pointer from the body's root.
    """
    body: dict[str, Any] = {
        "type": f"urn:imaging-portal:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
    }
    if instance:
        body["instance"] = instance
    if request_id:
        body["request_id"] = request_id
    if errors is not None:
        body["errors"] = [dict(fault) for fault in errors]
    return body


def problem(
    status: int,
    code: str,
    title: str,
    detail: str = "",
    errors: Sequence[Fault] | None = None,
    instance: str | None = None,
    *,
    request_id: str = "",
    headers: Mapping[str, str] | None = None,
) -> JsonResponse:
    """Return a problem as the whole answer; `headers` may hold what else it needs, such as Retry-After."""
    body = problem_body(status, code, title, detail, errors=errors, instance=instance, request_id=request_id)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))
