"""The WSGI application, as a server calls it."""

from typing import Any

import pytest
from django.test import RequestFactory

from portal.wsgi import application


def call(method: str, path: str) -> tuple[str, dict[str, str], bytes]:
    """Return status, headers and body of one request."""
    said: list[Any] = []
    environ = RequestFactory().generic(method, path).environ
    answer = application(environ, lambda status, headers, *rest: said.extend([status, dict(headers)]))
    return said[0], said[1], b"".join(answer)


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/orders/", "/nothing-here"])
def test_head_has_the_headers_of_its_get_and_no_body(path: str, db: None) -> None:
    status, headers, body = call("GET", path)
    head_status, head_headers, head_body = call("HEAD", path)
    assert body
    assert head_body == b""
    assert head_status == status
    assert head_headers["Content-Type"] == headers["Content-Type"]
    assert head_headers["Content-Length"] == headers["Content-Length"] == str(len(body))
