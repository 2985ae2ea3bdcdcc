"""The web server under clients that send a byte and then wait: everybody else is served."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

SLOW = 60
QUICK_SECONDS = 5  # a server whose threads all wait would not answer at all


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """Return where the portal's web server listens; the question asked of it needs no database."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_TRAINING": "true",
        "PORTAL_DATA_DIR": str(tmp_path),
        "PORTAL_SECRET_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "PORTAL_AUDIT_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "DATABASE_URL": "postgresql://portal_app:nobody@127.0.0.1:1/nothing",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "portal.web", str(listener.fileno())],
        pass_fds=[listener.fileno()],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    host, port = listener.getsockname()[:2]
    try:
        yield host, port
    finally:
        assert server.stdin is not None
        server.stdin.close()  # it ends with its parent
        server.wait(timeout=30)
        listener.close()


def test_sixty_slow_clients_keep_nobody_waiting(address: tuple[str, int]) -> None:
    host, port = address
    assert _answer(host, port, timeout=60) == 200  # it has started

    slow = [socket.create_connection((host, port), timeout=10) for _ in range(SLOW)]
    try:
        for number, connection in enumerate(slow):
            # half of them stop in their headers, half in their body
            connection.sendall(
                b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow:"
                if number % 2
                else b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
            )
        began = time.monotonic()
        answers = [_answer(host, port, timeout=QUICK_SECONDS) for _ in range(3)]
        took = time.monotonic() - began
    finally:
        for connection in slow:
            connection.close()

    assert answers == [200, 200, 200]
    assert took < QUICK_SECONDS


def _answer(host: str, port: int, *, timeout: float) -> int:
    with urlopen(f"http://{host}:{port}/healthz", timeout=timeout) as response:
        return response.status
