"""A receiver of webhooks that does whatever a test tells it to, down to the bytes."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    headers: dict[str, str]
    body: str

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body)


Behave = Callable[[socket.socket, "threading.Event"], None]


class Receiver:
    """Listens on this machine; reads a whole request, then behaves."""

    def __init__(self, behave: Behave, *, context: ssl.SSLContext | None = None) -> None:
        self.behave = behave
        self.received: list[Received] = []
        self.connections = 0
        self.closing = threading.Event()
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if context else "http"
        self.port = self._socket.getsockname()[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}/hook?from=portal"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.closing.set()
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            opened.enter_context(connection)
            if self._context:
                connection = opened.enter_context(self._context.wrap_socket(connection, server_side=True))
            head, body = b"", b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536)
            head, _, body = head.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            while len(body) < int(headers["content-length"]):
                body += connection.recv(65536)
            self.received.append(Received({"": lines[0], **headers}, body.decode()))
            self.behave(connection, self.closing)


@contextlib.contextmanager
def receiving(behave: Behave, *, context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver(behave, context=context)
    try:
        yield receiver
    finally:
        receiver.close()


def says(text: str) -> Behave:
    """Answer with these bytes."""
    return lambda connection, closing: connection.sendall(text.encode())


def status(code: int, *headers: str, body: str = "") -> Behave:
    lines = [f"HTTP/1.1 {code} Said", f"Content-Length: {len(body)}", *headers]
    return says("\r\n".join(lines) + "\r\n\r\n" + body)


def in_turn(*behaviours: Behave) -> Behave:
    """Behave differently each time; at last like the last."""
    left = list(behaviours)

    def behave(connection: socket.socket, closing: threading.Event) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection, closing)

    return behave


def hangs(connection: socket.socket, closing: threading.Event) -> None:
    closing.wait(30)


def drips(beginning: str) -> Behave:
    """Send a byte now and then, and never an end."""

    def behave(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(beginning.encode())
        while not closing.wait(0.05):
            connection.sendall(b"x")

    return behave


def never_ends(beginning: str) -> Behave:
    """Send as fast as the other side reads."""

    def behave(connection: socket.socket, closing: threading.Event) -> None:
        connection.sendall(beginning.encode())
        while not closing.is_set():
            connection.sendall(b"x" * 65536)

    return behave


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return the server side of TLS with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "receiver.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
