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
from ordering.api.catalogue import problems_of
from ordering.api.examples import ANSWERS, REQUESTS
from ordering.api.input import MAX_CODE
from ordering.api.paging import DEFAULT_LIMIT, MAX_LIMIT
from ordering.api.shapes import ProblemSerializer
from ordering.api.throttles import RATE_HEADERS
from ordering.models import Order
from portal.models import OutboxEvent
from portal.problems import CONTENT_TYPE

JSON = "application/json"
Matches = Literal["no", "optional", "required"]
# what any call can answer, whatever it is about
ALWAYS = (400, 401, 403, 404, 405, 429, 500, 503)
GIVES = {
    200: "The answer.",
    201: "Stored.",
    202: "Accepted; the worker sends it.",
    204: "Done.",
    304: "Nothing has changed since the `ETag` that was sent in `If-None-Match`.",
}
TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
URI = {"type": "string", "format": "uri"}
TAGS = {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$'}
KEY = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r'^("[ !#-\[\]-~]+"|[!#-~]+)$'}
SOME_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_CODE}
EXAMPLE_FAULTS = {
    "malformed": [{"pointer": "/sign", "code": "wrong-type", "detail": "Use true or false."}],
    "bad-query": [
        {
            "pointer": "",
            "parameter": "limit",
            "code": "not-usable",
            "detail": "must be a whole number from 1 to 200.",
        }
    ],
    "invalid": [{"pointer": "/answers/egfr", "code": "out-of-range", "detail": "must be a number, 0 to 200"}],
}
QUERY: dict[str, tuple[Any, str]] = {
    "q": ({"type": "string", "maxLength": MAX_CODE}, "Words to look for; typos are forgiven."),
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        "Rows of a page.",
    ),
    "cursor": (OpenApiTypes.STR, "Where the page starts, from a `next` or `previous` link; opaque."),
    "status": (
        {"type": "array", "items": {"type": "string", "enum": Order.Status.values}, "minItems": 1},
        "Status; several separated by commas, or the parameter several times.",
    ),
    "scenario": (SOME_TEXT, "Slug of the scenario."),
    "study": (SOME_TEXT, "Code of the study."),
    "rating": (
        {
            "type": "array",
            "items": {"type": "string", "enum": [*Rating.values, "not_rated", "null"]},
            "minItems": 1,
        },
        "Rating at the time of the order, `not_rated` or `null` for none; several as with `status`.",
    ),
    "patient": (SOME_TEXT, "Medical record number."),
    "requester": (
        {"type": "integer", "format": "int64", "minimum": 1},
        "Key of the requester.",
    ),
    "placed_after": (OpenApiTypes.DATETIME, "Placed later than this moment."),
    "placed_before": (OpenApiTypes.DATETIME, "Placed earlier than this moment."),
    "finding": (SOME_TEXT, "Key of the latest finding."),
    "after": (
        {"type": "integer", "format": "int64", "minimum": 0, "default": 0},
        "Events after this `seq`; 0 for the first.",
    ),
    "type": (
        {"type": "array", "items": {"type": "string", "enum": OutboxEvent.Type.values}, "minItems": 1},
        "Kind of event; several separated by commas, or the parameter several times.",
    ),
    "updated_since": (OpenApiTypes.DATETIME, "Changed at this moment or later."),
    "against": (
        {"type": "integer", "minimum": 1, "maximum": 2**31 - 1},
        "Number of the version to compare with; the one before, if it is left out.",
    ),
}
PATHS: dict[str, tuple[Any, str]] = {
    "id": (OpenApiTypes.UUID, "Identifier of the order."),
    "webhook": (OpenApiTypes.UUID, "Identifier of the webhook."),
    "delivery": (OpenApiTypes.UUID, "Identifier of the delivery."),
    "slug": ({"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}, "Slug of the scenario."),
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
            "description": (
                "A token made on the portal's page of tokens or by `manage.py api_token create`. It needs "
                "the scope that each call names."
            ),
        }


def in_query(*names: str) -> list[OpenApiParameter]:
    """Return described query parameters."""
    found = []
    for name in names:
        said, text = QUERY[name]
        several = isinstance(said, dict) and said.get("type") == "array"
        how: dict[str, Any] = {"style": "form", "explode": False} if several else {}
        found.append(OpenApiParameter(name, said, description=text, **how))
    return found


def describe(
    operation_id: str,
    summary: str,
    *,
    gives: Mapping[int, type[serializers.Serializer] | None],
    takes: type[serializers.Serializer] | None = None,
    refuses: Sequence[int] = (),
    query: Sequence[OpenApiParameter] = (),
    of: Sequence[str] = (),
    texts: Sequence[str] = (),
    tagged: bool = False,
    matches: Matches = "no",
    idempotent: bool = False,
) -> Callable[[Any], Any]:
    """Describe a call: what it takes, gives and refuses.

    `of` names the parts of the path; `texts` the media types of an answer that is text. `tagged` answers
    carry an ETag; `matches` says whether a call takes If-Match; `idempotent` ones take Idempotency-Key.
    """
    responses: dict[Any, Any] = {}
    for status, shape in gives.items():
        if status < 300 and texts:
            for media_type in texts:
                responses[(status, media_type)] = OpenApiResponse(OpenApiTypes.STR, description=GIVES[status])
        elif shape is None:
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
    known = problems_of(status)
    examples = []
    for row in known:
        value: dict[str, Any] = {
            "type": f"urn:imaging-portal:problem:{row.code}",
            "title": row.title,
            "status": status,
            "detail": row.means.replace("`", ""),
            "code": row.code,
            "instance": "/api/v1/orders/",
            "request_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            "errors": EXAMPLE_FAULTS.get(row.code, []),
        }
        examples.append(OpenApiExample(row.code, value=value, response_only=True, status_codes=[str(status)]))
    says = " ".join(f"`{row.code}`: {row.means}" for row in known)
    return OpenApiResponse(ProblemSerializer, description=says, examples=examples)


def _headers(
    gives: list[int], *, tagged: bool, matches: Matches, idempotent: bool, reads: bool
) -> list[OpenApiParameter]:
    found = [
        _header("X-Request-ID", TEXT, "Your id of the request; it comes back and is in the trail."),
        _header("X-Request-ID", TEXT, "Id of the request, yours or ours.", of=True),
        *(_header(name, COUNT, text, of=gives) for name, text in RATE_HEADERS.items()),
        _header("Retry-After", COUNT, "Seconds to wait.", of=[429, 503]),
        _header("WWW-Authenticate", TEXT, "How to sign in.", of=[401]),
        _header("Allow", TEXT, "The methods of this address.", of=[405]),
    ]
    if tagged:
        found.append(_header("ETag", TEXT, "Tag of this state.", of=gives))
    if tagged and reads:
        found.append(_header("If-None-Match", TAGS, "An ETag: 304 if it is still so."))
    if matches != "no":
        found.append(
            _header(
                "If-Match",
                TAGS,
                "The ETag of the order as you read it, or `*`: 412 if it has changed since.",
                required=matches == "required",
            )
        )
    if idempotent:
        found.append(
            _header(
                "Idempotency-Key",
                KEY,
                "Quoted or bare, 1 to 255 characters: the same again gets the stored answer.",
            )
        )
        found.append(
            _header(
                "Idempotent-Replayed",
                {"type": "string", "const": "true"},
                "There when this is the stored answer of an earlier request.",
                of=gives,
            )
        )
    if 201 in gives and tagged:
        found.append(_header("Location", URI, "Address of the new order.", of=[201]))
    return found


def _header(
    name: str, said: dict[str, Any], text: str, *, of: bool | list[int] = False, required: bool = False
) -> OpenApiParameter:
    """Return a header that is sent, or `of` the answers with these statuses."""
    return OpenApiParameter(
        name, said, OpenApiParameter.HEADER, description=text, required=required, response=of
    )
