"""One HTTP request to somebody else's machine, which may do anything: refuse, hang, drip, or never end.

Written on a plain socket, because each of these must hold: only an address that was just checked is connected
to, no redirect is followed, no proxy of the environment is used, and there is an end to time and size.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from ordering.webhooks.destinations import (
    Destination,
    ForbiddenDestination,
    IpAddress,
    addresses_to_call,
    read_destination,
)
from ordering.webhooks.models import WebhookAttempt

Outcome = WebhookAttempt.Outcome

MAX_HEADERS = 64 * 1024  # bytes of status line and headers
MAX_BODY = 4 * 1024  # bytes read of an answer; the rest is left unread
MAX_EXCERPT = 500  # characters kept of it
MOST_ADDRESSES = 3  # tried of a host that has many
USER_AGENT = "imaging-ordering-portal/1"


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a receiver has."""

    connect: float = 5
    read: float = 10  # between two pieces of an answer
    total: float = 20  # from the first to the last byte, connecting included


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    outcome: str
    status_code: int | None = None
    error: str = ""  # our own words
    excerpt: str = ""  # the receiver's
    retry_after: int | None = None  # seconds

    @property
    def delivered(self) -> bool:
        """Whether the receiver has it."""
        return self.outcome == Outcome.DELIVERED

    @property
    def unreachable(self) -> bool:
        """Whether there was no answer at all, which says nothing about the message."""
        return self.status_code is None


Send = Callable[[str, str, Mapping[str, str]], Answer]


class _Late(Exception):
    """The time is over."""


class _TooMuch(Exception):
    """More came than anybody reads."""


def send(url: str, body: str, headers: Mapping[str, str], limits: Limits = Limits()) -> Answer:
    """Return what came of posting the body. Raises nothing that a receiver could cause."""
    deadline = time.monotonic() + limits.total
    try:
        destination = read_destination(url)
        addresses = addresses_to_call(destination)
    except ForbiddenDestination as refused:
        return Answer(Outcome.FORBIDDEN, error=str(refused))
    except OSError:
        return Answer(Outcome.UNREACHABLE, error="The host's name does not resolve.")
    try:
        with _connect(destination, addresses, limits, deadline) as connection:
            connection.settimeout(_left(deadline))
            connection.sendall(_request(destination, body, headers))
            return _read(connection, limits, deadline)
    except ssl.SSLEOFError:
        return Answer(Outcome.BROKEN, error="The connection broke off.")
    except ssl.SSLError as error:
        return Answer(Outcome.TLS, error=_tls_words(error))
    except (_Late, TimeoutError):
        return Answer(Outcome.TIMED_OUT, error=f"No answer within {limits.total:g} s.")
    except ConnectionRefusedError:
        return Answer(Outcome.UNREACHABLE, error="The connection was refused.")
    except _TooMuch:
        return Answer(Outcome.BROKEN, error=f"The headers have more than {MAX_HEADERS // 1024} KiB.")
    except (http.client.HTTPException, ConnectionError, EOFError, ValueError):
        return Answer(Outcome.BROKEN, error="The connection broke off, or the answer was no HTTP.")
    except OSError:
        return Answer(Outcome.UNREACHABLE, error="No connection could be made.")


def _connect(
    destination: Destination, addresses: list[IpAddress], limits: Limits, deadline: float
) -> socket.socket:
    """Return a connection to one of the addresses, with TLS where the URL says so."""
    failure: OSError = OSError("the host has no address")
    for address in addresses[:MOST_ADDRESSES]:
        try:
            connection = socket.create_connection(
                (str(address), destination.port), timeout=min(limits.connect, _left(deadline))
            )
        except OSError as error:
            failure = error
            continue
        if destination.scheme != "https":
            return connection
        connection.settimeout(_left(deadline))
        try:
            # the certificate must be the name's in the URL, whatever address it has
            return _tls().wrap_socket(connection, server_hostname=destination.host)
        except BaseException:
            connection.close()
            raise
    raise failure


def _request(destination: Destination, body: str, headers: Mapping[str, str]) -> bytes:
    content = body.encode()
    lines = {
        "Host": destination.host_header,
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {destination.target} HTTP/1.1\r\n{head}\r\n".encode("ascii") + content


def _read(connection: socket.socket, limits: Limits, deadline: float) -> Answer:
    """Return the answer. Its status decides; a body that never comes or never ends changes nothing."""
    wire = _Wire(connection, limits, deadline)
    response = http.client.HTTPResponse(wire, method="POST")  # type: ignore[arg-type]  # has what it uses
    response.begin()
    wire.allow(MAX_BODY + MAX_HEADERS)  # chunks have headers too
    status = response.status
    try:
        raw = response.read(MAX_BODY)
    except (OSError, http.client.HTTPException, ValueError, _Late, _TooMuch):
        raw = b""
    excerpt = raw.decode("utf-8", "replace").replace("\x00", "\ufffd")[:MAX_EXCERPT]
    if 200 <= status < 300:
        return Answer(Outcome.DELIVERED, status, excerpt=excerpt)
    if 300 <= status < 400:
        return Answer(Outcome.REDIRECTED, status, error="Redirects are not followed.", excerpt=excerpt)
    return Answer(
        Outcome.REFUSED,
        status,
        error=f"The receiver answered {status}.",
        excerpt=excerpt,
        retry_after=_seconds(response.getheader("Retry-After")),
    )


class _Wire(io.RawIOBase):
    """Reads a socket within its time and size; looks enough like one for http.client."""

    def __init__(self, connection: socket.socket, limits: Limits, deadline: float) -> None:
        self._connection = connection
        self._limits = limits
        self._deadline = deadline
        self._left = MAX_HEADERS

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the reader that http.client asks a socket for."""
        return io.BufferedReader(self, buffer_size=2048)

    def allow(self, size: int) -> None:
        """Let this much more be read."""
        self._left = size

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Read what there is, or raise."""
        if self._left <= 0:
            raise _TooMuch
        self._connection.settimeout(min(self._limits.read, _left(self._deadline)))
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _Late
    return left


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The certificate was not accepted: {error.verify_message}."[:300]
    return "No encrypted connection could be made."


def _seconds(retry_after: str | None) -> int | None:
    """Return the seconds of a Retry-After; one that names a date is passed over."""
    text = (retry_after or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
