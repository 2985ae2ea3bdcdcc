"""In which format to answer: JSON, under whichever of its names the caller asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import FormParser
from rest_framework.request import Request

from ordering.api.rendering import JsonRenderer
from portal.outcomes import CONTENT_TYPE

# what is asked for -> what is answered. FHIR R4, http: a generic name is answered under that name
ANSWERED_AS = {
    "*/*": CONTENT_TYPE,
    "application/*": CONTENT_TYPE,
    CONTENT_TYPE: CONTENT_TYPE,
    "application/json+fhir": CONTENT_TYPE,  # the name it had before R4
    "application/json": "application/json",
    "text/json": "text/json",
}
_FORMATS = {"json": CONTENT_TYPE, **ANSWERED_AS}
_VERSIONS = ("4.0", "4.0.1")
FORM = FormParser.media_type


class NotAcceptable(APIException):
    """A format that is not offered."""

    status_code = 406
    default_detail = "The portal answers in application/fhir+json, version 4.0."


class FhirJsonRenderer(JsonRenderer):
    """JSON as FHIR has it."""

    media_type = CONTENT_TYPE


class FhirNegotiation(BaseContentNegotiation):
    """`_format` first, then Accept, as FHIR has it."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """Return the parser of a search that was posted as a form, or None."""
        media_type = (request.content_type or FORM).partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the one renderer, and the name of the answer's format. Raises NotAcceptable."""
        only = next(iter(renderers))
        wanted = request.query_params.get("_format")
        if wanted:
            # an unescaped + in an address arrives as a space
            answered = _FORMATS.get(wanted.partition(";")[0].strip().lower().replace(" ", "+"))
            if answered is None:
                raise NotAcceptable
            return only, answered
        return only, _accepted(request.headers.get("Accept", ""))


def _accepted(header: str) -> str:
    """Return the best name that the header takes; raises NotAcceptable."""
    if not header.strip():
        return CONTENT_TYPE
    best: tuple[float, str] | None = None
    for part in header.split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        given = dict(parameter.partition("=")[::2] for parameter in parameters)
        answered = ANSWERED_AS.get(media_type)
        quality = _quality(given.get("q", "1"))
        version = given.get("fhirversion", "4.0").strip('"')
        if answered and quality > 0 and version in _VERSIONS and (best is None or quality > best[0]):
            best = (quality, answered)
    if best is None:
        raise NotAcceptable
    return best[1]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
