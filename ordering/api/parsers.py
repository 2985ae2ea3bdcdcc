"""JSON in: strict, small, and UTF-8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.parsers import BaseParser

from ordering.api.errors import BodyTooLarge
from ordering.api.fields import shape
from ordering.exceptions import Refused
from portal.strict_json import StrictJSONError, loads


class StrictJsonParser(BaseParser):
    """Reads application/json by `portal.strict_json`: no duplicate keys, no NaN, no NUL, nothing too deep."""

    media_type = "application/json"
    media_types = frozenset({"application/json"})

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value of the body. Raises Refused, BodyTooLarge, UnsupportedMediaType."""
        coding = _content_coding(parser_context)
        if coding not in {"", "identity"}:
            raise UnsupportedMediaType(coding, detail=f"Send the body as it is, without {coding}.")
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise BodyTooLarge
        try:
            return loads(body, max_bytes=limit)
        except StrictJSONError as error:
            raise Refused([shape(error.pointer, error.code.replace("_", "-"), error.message)]) from error


def _content_coding(parser_context: Mapping[str, Any] | None) -> str:
    request = (parser_context or {}).get("request")
    coding: str = request.headers.get("Content-Encoding", "") if request is not None else ""
    return coding.strip().casefold()
