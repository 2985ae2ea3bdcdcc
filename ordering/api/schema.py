"""What the OpenAPI document says beyond the fields: security, headers, problems, and what each call does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from guidelines.models import Rating
from ordering.api.examples import ANSWERS, REQUESTS
from ordering.api.paging import DEFAULT_LIMIT, MAX_LIMIT
from ordering.api.shapes import ProblemSerializer
from ordering.models import Order
from portal.problems import CONTENT_TYPE

JSON = "application/json"
Matches = Literal["no", "optional", "required"]
# what any call can answer, whatever it is about
ALWAYS = (400, 401, 403, 404, 405, 429, 500, 503)
PROBLEMS: dict[int, tuple[str, str, str]] = {
    400: ("malformed", "The request does not have the right shape", "Malformed: `errors` names every fault."),
    401: (
        "unauthorised",
        "Sign in with a bearer token",
        "No token, or one that is unknown, expired or revoked.",
    ),
    403: ("missing-scope", "You may not do this", "The token lacks the scope, or its user the role."),
    404: ("not-found", "Not found", "Nothing there, or another organisation's."),
    405: (
        "method-not-allowed",
        "This address has no such method",
        "Another method; `Allow` lists those there are.",
    ),
    409: (
        "illegal-transition",
        "The order's status does not allow this",
        "Lost a race, or something changed since.",
    ),
    412: ("stale", "The order has changed", "`If-Match` names another revision than the present one."),
    413: ("too-large", "The request is too large", "The body is over 1 MiB."),
    415: ("unsupported-media-type", "The body is not JSON", "The body is not `application/json`."),
    422: (
        "invalid",
        "The request cannot be carried out as it is",
        "Well-formed, but it cannot be; `errors` says why.",
    ),
    428: ("precondition-required", "Say which state you are changing", "`If-Match` is missing."),
    429: ("too-many-requests", "Too many requests", "Over the rate; `Retry-After` says when to go on."),
    500: ("server-error", "Something went wrong", "A fault of the portal; nothing was stored."),
    503: (
        "unavailable",
        "Not available for a moment",
        "The database is away; `Retry-After` says when to try again.",
    ),
}
GIVES = {
    200: "The answer.",
    201: "Stored.",
    304: "Nothing has changed since the `ETag` that was sent in `If-None-Match`.",
}
QUERY: dict[str, tuple[Any, str]] = {
    "q": (OpenApiTypes.STR, "Words to look for; typos are forgiven."),
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        "Rows of a page.",
    ),
    "cursor": (OpenApiTypes.STR, "Where the page starts, from a `next` or `previous` link; opaque."),
    "status": (
        OpenApiTypes.STR,
        f"One of {', '.join(Order.Status.values)}, or several separated by commas.",
    ),
    "scenario": (OpenApiTypes.STR, "Slug of the scenario."),
    "study": (OpenApiTypes.STR, "Code of the study."),
    "rating": (
        OpenApiTypes.STR,
        f"One of {', '.join(Rating.values)}, or `not_rated` (also `null`); several separated by commas.",
    ),
    "patient": (OpenApiTypes.STR, "Medical record number."),
    "requester": (OpenApiTypes.INT64, "Key of the requester."),
    "placed_after": (OpenApiTypes.DATETIME, "Placed later than this moment."),
    "placed_before": (OpenApiTypes.DATETIME, "Placed earlier than this moment."),
    "finding": (OpenApiTypes.STR, "Key of the latest finding."),
    "updated_since": (OpenApiTypes.DATETIME, "Changed at this moment or later."),
}
PATHS: dict[str, tuple[Any, str]] = {
    "id": (OpenApiTypes.UUID, "Identifier of the order."),
    "slug": (OpenApiTypes.STR, "Slug of the scenario."),
    "number": ({"type": "integer", "minimum": 1}, "Number of the version."),
}


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The security scheme of all calls."""

    target_class = "ordering.api.authentication.BearerTokenAuthentication"
    name = "bearerToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme: a bearer token that the portal made."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token made by `manage.py api_token create`; docs/api.md lists the scopes.",
        }


def in_query(*names: str) -> list[OpenApiParameter]:
    """Return described query parameters."""
    return [OpenApiParameter(name, QUERY[name][0], description=QUERY[name][1]) for name in names]


def describe(
    operation_id: str,
    summary: str,
    *,
    gives: Mapping[int, type[serializers.Serializer] | None],
    takes: type[serializers.Serializer] | None = None,
    refuses: Sequence[int] = (),
    query: Sequence[OpenApiParameter] = (),
    of: Sequence[str] = (),
    tagged: bool = False,
    matches: Matches = "no",
    idempotent: bool = False,
) -> Callable[[Any], Any]:
    """Describe a call: what it takes, gives and refuses.

    `of` names the parts of the path. `tagged` answers carry an ETag; `matches` says whether a call
    takes If-Match; `idempotent` ones take Idempotency-Key.
    """
    responses: dict[Any, Any] = {}
    for status, shape in gives.items():
        if shape is None:
            responses[status] = OpenApiResponse(description=GIVES[status])
        else:
            examples = (
                [
                    OpenApiExample(
                        "Example", value=ANSWERS[operation_id], response_only=True, status_codes=[str(status)]
                    )
                ]
                if operation_id in ANSWERS
                else []
            )
            responses[(status, JSON)] = OpenApiResponse(shape, description=GIVES[status], examples=examples)
    for status in sorted({*ALWAYS, *refuses}):
        responses[(status, CONTENT_TYPE)] = _problem(status)
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        request={JSON: takes} if takes else None,
        responses=responses,
        parameters=[
            *query,
            *(
                OpenApiParameter(name, PATHS[name][0], OpenApiParameter.PATH, description=PATHS[name][1])
                for name in of
            ),
            *_headers(
                list(gives),
                tagged=tagged,
                matches=matches,
                idempotent=idempotent,
                reads=takes is None,
            ),
        ],
        examples=[
            OpenApiExample(name, value=value, request_only=True)
            for name, value in REQUESTS.get(operation_id, {}).items()
        ],
    )


@cache
def schema_document() -> dict[str, Any]:
    """Return the OpenAPI document; it follows from the code alone, so it is made once."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    document: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return document


def _problem(status: int) -> OpenApiResponse:
    code, title, says = PROBLEMS[status]
    value: dict[str, Any] = {
        "type": f"urn:imaging-portal:problem:{code}",
        "title": title,
        "status": status,
        "detail": says.replace("`", ""),
        "code": code,
        "instance": "/api/v1/orders/",
        "request_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    }
    if status in {400, 422}:
        value["errors"] = [
            {"pointer": "/answers/egfr", "code": "out-of-range", "detail": "must be a number, 0 to 200"}
            if status == 422
            else {"pointer": "/sign", "code": "wrong-type", "detail": "Use true or false."}
        ]
    return OpenApiResponse(
        ProblemSerializer,
        description=says,
        examples=[OpenApiExample(title, value=value, response_only=True, status_codes=[str(status)])],
    )


def _headers(
    gives: list[int], *, tagged: bool, matches: Matches, idempotent: bool, reads: bool
) -> list[OpenApiParameter]:
    header: Literal["header"] = "header"
    found = [
        OpenApiParameter(
            "X-Request-ID",
            str,
            header,
            description="Your id of the request; it comes back and is in the trail.",
        ),
        OpenApiParameter(
            "X-Request-ID", str, header, response=True, description="Id of the request, yours or ours."
        ),
    ]
    if tagged:
        found.append(OpenApiParameter("ETag", str, header, response=gives, description="Tag of this state."))
    if tagged and reads:
        found.append(
            OpenApiParameter("If-None-Match", str, header, description="An ETag: 304 if it is still so.")
        )
    if matches != "no":
        found.append(
            OpenApiParameter(
                "If-Match",
                str,
                header,
                required=matches == "required",
                description="The ETag of the order as you read it, or `*`: 412 if it has changed since.",
            )
        )
    if idempotent:
        found.append(
            OpenApiParameter(
                "Idempotency-Key",
                str,
                header,
                description="Quoted or bare, 1 to 255 characters: the same again gets the stored answer.",
            )
        )
    if 201 in gives and tagged:
        found.append(
            OpenApiParameter("Location", str, header, response=[201], description="Address of the new order.")
        )
    return found
