"""Keeps the web server, the worker and the embedded database running until it is told to stop."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import NoReturn

from django.conf import settings

STOP_SECONDS = 10  # for running requests to end
LOOK_SECONDS = 0.5  # between two looks at what runs
FEWEST_SECONDS = 2  # a web server that dies sooner than this after its start is not started again
WORKER_PAUSES = (1, 2, 5, 10)  # seconds before the next start of a worker that died, and died again


class PortInUse(Exception):
    """Another program listens there."""


class WebServerFailed(Exception):
    """The web server ended at once; its own last words are above."""


class Stopped(BaseException):
    """Somebody pressed Ctrl-C, or sent SIGTERM."""


def reserve(host: str, port: int) -> socket.socket:
    """Return a socket bound to the address, not yet listening. Raises PortInUse."""
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((host, port))
        # binding alone succeeds beside another reserved socket; asking tells who answers
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as visitor:
            visitor.settimeout(1)
            if visitor.connect_ex((host, port)) == 0:
                raise OSError
    except OSError as error:
        reserved.close()
        raise PortInUse(f"Port {port} is in use: stop what listens there, or set PORT to another.") from error
    return reserved


def stop_on_signals() -> None:
    """Turn Ctrl-C and SIGTERM into Stopped, once; a second one changes nothing."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        ignore_signals()
        raise Stopped

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def ignore_signals() -> None:
    """Let nothing interrupt the clean stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def keep_serving(
    reserved: socket.socket,
    environment: Mapping[str, str],
    *,
    keep_database: Callable[[], None],
    ready: Callable[[], None],
) -> NoReturn:
    """Run web server and worker until Stopped is raised; start them again when they die, and the database."""
    process = _spawn(reserved, environment)
    worker = Worker(environment)
    try:
        _await_listening(reserved, process)
        ready()
        while True:
            began = time.monotonic()
            while process.poll() is None:
                time.sleep(LOOK_SECONDS)
                keep_database()
                worker.keep()
            if time.monotonic() - began < FEWEST_SECONDS:
                raise WebServerFailed("The web server could not start.")
            process = _spawn(reserved, environment)
    finally:
        worker.tell_to_stop()
        _end(process)
        worker.end()


class Worker:
    """The process that delivers webhooks. It may die as often as it likes: orders do not need it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths = 0
        self._started_at = self._next_start = 0.0

    def keep(self) -> None:
        """Start it when it does not run, a little later each time that it died soon."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            lived_long = now - self._started_at > 60
            self._deaths = 1 if lived_long else self._deaths + 1
            self._next_start = now + WORKER_PAUSES[min(self._deaths, len(WORKER_PAUSES)) - 1]
            self._close()
        if self._process is None and now >= self._next_start:
            self._started_at = now
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "worker", "--with-parent"],
                cwd=settings.BASE_DIR,
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                start_new_session=True,
            )

    def tell_to_stop(self) -> None:
        """Ask it to end; it does so while the web server does."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def end(self) -> None:
        """See to it that it has ended."""
        if self._process is not None:
            _end(self._process)
            self._close()

    def _close(self) -> None:
        assert self._process is not None
        if self._process.stdin:
            self._process.stdin.close()
        self._process = None


def _await_listening(reserved: socket.socket, process: subprocess.Popen[bytes]) -> None:
    """Return when the web server takes connections, or has died: an address that is announced works."""
    while process.poll() is None:
        with socket.socket() as visitor:
            if visitor.connect_ex(reserved.getsockname()) == 0:
                return
        time.sleep(0.05)


def _spawn(reserved: socket.socket, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    descriptor = reserved.fileno()
    return subprocess.Popen(
        [sys.executable, "-m", "portal.web", str(descriptor)],
        cwd=settings.BASE_DIR,
        env=dict(environment),
        stdin=subprocess.PIPE,  # never written to; its end tells the child that we are gone
        pass_fds=[descriptor],
        start_new_session=True,  # Ctrl-C reaches us alone, and we stop things in order
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin:
        process.stdin.close()


def web_environment(app_url: str | None) -> dict[str, str]:
    """Return the environment of the web server: ours, with the URL of portal_app alone."""
    environment = {key: value for key, value in os.environ.items() if key != "PORTAL_OWNER_DATABASE_URL"}
    environment.pop("PORTAL_DATABASE_POOL", None) if environment.get("PORTAL_DATABASE_POOL") == "0" else None
    if app_url:
        environment["DATABASE_URL"] = app_url
    return environment
