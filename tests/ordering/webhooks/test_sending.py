"""One request to a receiver that fails in every way there is."""

import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from ordering.webhooks import destinations, sending
from ordering.webhooks.sending import Limits, Outcome
from tests.ordering.webhooks.receivers import (
    Behave,
    drips,
    hangs,
    never_ends,
    receiving,
    says,
    self_signed,
    status,
)

QUICK = Limits(connect=0.5, read=0.3, total=0.6)
HEADERS = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
OK = "HTTP/1.1 200 OK\r\n"


def send(url: str, body: str = "{}") -> sending.Answer:
    return sending.send(url, body, HEADERS, QUICK)


def test_the_request_is_plain_http_with_the_headers_of_standard_webhooks() -> None:
    with receiving(status(204)) as receiver:
        answer = send(receiver.url, '{"text":"Zürich"}')

    (received,) = receiver.received
    assert answer == sending.Answer(Outcome.DELIVERED, 204)
    assert received.headers[""] == "POST /hook?from=portal HTTP/1.1"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["content-type"] == "application/json"
    assert {name: received.headers[name] for name in HEADERS} == HEADERS
    assert received.body == '{"text":"Zürich"}'


FAILURES: list[tuple[str, Behave, Outcome, int | None]] = [
    ("an error", status(500), Outcome.REFUSED, 500),
    ("a refusal", status(404, body="no such hook"), Outcome.REFUSED, 404),
    ("a redirect", status(302, "Location: http://127.0.0.1:1/"), Outcome.REDIRECTED, 302),
    ("a redirect that keeps the method", status(308, "Location: /again"), Outcome.REDIRECTED, 308),
    ("silence", hangs, Outcome.TIMED_OUT, None),
    ("drops of a status line", drips("HTTP/1.1 2"), Outcome.TIMED_OUT, None),
    ("drops of a header", drips(OK + "X-Slow: "), Outcome.TIMED_OUT, None),
    ("a header without end", never_ends(OK + "X-Huge: "), Outcome.BROKEN, None),
    ("too many headers", says(OK + "X: y\r\n" * 200 + "\r\n"), Outcome.BROKEN, None),
    ("continue without end", never_ends("HTTP/1.1 100 Continue\r\n\r\n"), Outcome.BROKEN, None),
    ("another protocol", says("SSH-2.0-OpenSSH_9.6\r\n"), Outcome.BROKEN, None),
    ("a status that is none", says("HTTP/1.1 nine\r\n\r\n"), Outcome.BROKEN, None),
    ("nothing", says(""), Outcome.BROKEN, None),
    ("half a header", says(OK + "Content-Le"), Outcome.DELIVERED, 200),
]


@pytest.mark.parametrize(
    ("behave", "outcome", "code"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES]
)
def test_a_failure_is_told_apart_and_costs_no_more_than_its_time(
    behave: Behave, outcome: Outcome, code: int | None
) -> None:
    with receiving(behave) as receiver:
        began = time.monotonic()
        answer = send(receiver.url)
        took = time.monotonic() - began

    assert (answer.outcome, answer.status_code) == (outcome, code)
    assert took < QUICK.total + 1
    assert receiver.connections == 1  # no redirect was followed, nothing was tried again
    assert answer.delivered or answer.error


BODIES: list[tuple[str, Behave, str]] = [
    ("a short one", status(200, body="thanks"), "thanks"),
    ("one in pieces", says(OK + "Transfer-Encoding: chunked\r\n\r\n6\r\nthanks\r\n0\r\n\r\n"), "thanks"),
    ("one that never comes", says(OK + "Content-Length: 9\r\n\r\n"), ""),
    ("one that breaks off", says(OK + "Content-Length: 900\r\n\r\nhalf"), "half"),
    ("one in broken pieces", says(OK + "Transfer-Encoding: chunked\r\n\r\nzzz\r\n"), ""),
    ("one with NUL and no UTF-8", says(OK + "Content-Length: 2\r\n\r\n\x00\x7f"), "\ufffd\x7f"),
    ("drops without end", drips(OK + "\r\n"), ""),
    ("a flood without end", never_ends(OK + "\r\n"), "x" * sending.MAX_EXCERPT),
]


@pytest.mark.parametrize(("behave", "excerpt"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_the_status_decides_whatever_body_follows_and_little_of_it_is_kept(
    behave: Behave, excerpt: str
) -> None:
    with receiving(behave) as receiver:
        began = time.monotonic()
        answer = send(receiver.url)

    assert answer.delivered
    assert answer.excerpt == excerpt
    assert time.monotonic() - began < QUICK.total + 1


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    assert send(f"http://127.0.0.1:{port}/").outcome == Outcome.UNREACHABLE


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    with receiving(status(200), context=self_signed(tmp_path)) as receiver:
        answer = send(receiver.url)

    assert answer.outcome == Outcome.TLS
    assert "certificate" in answer.error
    assert receiver.received == []


def test_a_certificate_that_somebody_vouches_for_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = self_signed(tmp_path)
    trusting = ssl.create_default_context(cafile=tmp_path / "receiver.pem")
    monkeypatch.setattr(sending, "_tls", lambda: trusting)
    with receiving(status(200), context=context) as receiver:
        assert send(receiver.url).delivered


def test_a_server_without_tls_behind_https_is_refused() -> None:
    with receiving(status(200)) as receiver:
        assert send(receiver.url.replace("http:", "https:")).outcome in {Outcome.TLS, Outcome.TIMED_OUT}


def test_a_name_that_leads_inside_by_now_is_never_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def inside(host: str, port: int, **kwargs: Any) -> list[Any]:
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]

    with receiving(status(200)) as receiver:
        monkeypatch.setattr(destinations.socket, "getaddrinfo", inside)
        answer = send(f"https://rebound.example.com:{receiver.port}/")

    assert answer.outcome == Outcome.FORBIDDEN
    assert receiver.connections == 0


def test_the_wait_that_a_receiver_asks_for_is_read() -> None:
    for said, seconds in (("120", 120), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)):
        with receiving(status(503, f"Retry-After: {said}")) as receiver:
            assert send(receiver.url).retry_after == seconds
