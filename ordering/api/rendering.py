"""JSON out, whatever the caller says it accepts: there is nothing else to offer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class JsonRenderer(BaseRenderer):
    """Compact JSON in UTF-8."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        """Return the bytes of an answer; none for an answer without a body."""
        return b"" if data is None else json_bytes(data)


class AlwaysJson(BaseContentNegotiation):
    """Ignores Accept (RFC 9110, 12.4.1, allows that): a client with a sloppy header still gets its answer."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """Return the parser for the body's media type, or None for one that is not taken."""
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if media_type in parser.media_types), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the one renderer."""
        only = next(iter(renderers))
        return only, only.media_type


def json_bytes(data: Any) -> bytes:
    """Return data as the API writes it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def instant(moment: datetime | None) -> str | None:
    """Return a moment as RFC 3339 in UTC, to the microsecond, so that it can be sent back unchanged."""
    return (
        None
        if moment is None
        else moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    )
