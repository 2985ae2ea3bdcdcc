"""`manage.py serve` as a person meets it: a process, its pages, Ctrl-C, and the next start."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from standardwebhooks.webhooks import Webhook

from portal.embedded import EmbeddedPostgres
from tests.ordering.webhooks.receivers import Receiver, hangs, in_turn, receiving, status
from tests.portal.servers import open_folder

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 90  # on a machine that runs other tests beside this one
QUICK_CPU_SECONDS = 12  # of both processes; about 3 on an idle machine, and a busy one counts double
RECOVERY_SECONDS = 15
DELIVERY_SECONDS = 60  # a worker that died is missed after some seconds, and retries take theirs


class Served:
    """A portal that runs in a process of its own."""

    def __init__(self, folder: Path, port: int, **variables: str) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        environment = {key: value for key, value in os.environ.items() if key not in SERVER_VARIABLES}
        environment |= {"PORTAL_DATA_DIR": str(folder), "PORT": str(port), "PORTAL_TRAINING": "true"}
        environment |= variables
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def status(self, path: str) -> int:
        """Return the status of a page, or 0 when nothing answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def wait_for(self, path: str, status: int, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (found := self.status(path)) != status:
            assert self.process.poll() is None, self.process.communicate()[0]
            assert time.monotonic() < deadline, f"{path} answers {found}"
            time.sleep(0.1)

    def suggest(self) -> int:
        """Return the status of a question to the API, with the token of the training data."""
        token = self.training()["api_token"]
        request = urllib.request.Request(
            f"{self.url}/api/v1/scenarios/", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)

    def training(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "training.json").read_text())
        return content

    def processes(self) -> list[psutil.Process]:
        """Return the process that was started and the web server."""
        return [psutil.Process(self.process.pid), self.web_process()]

    def web_process(self) -> psutil.Process:
        return next(
            child for child in psutil.Process(self.process.pid).children() if "portal.web" in child.cmdline()
        )

    def worker_process(self) -> psutil.Process:
        """Return the worker; waits until there is one."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.Error):
                    if "worker" in child.cmdline():
                        return child
            time.sleep(0.1)
        raise AssertionError("no worker")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer of the API."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.training()['api_token']}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Return the exit code and everything that was printed."""
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=60)
        return self.process.returncode, output


SERVER_VARIABLES = {
    "DATABASE_URL",
    "PORTAL_OWNER_DATABASE_URL",
    "PORTAL_DATABASE_POOL",
    "DJANGO_SETTINGS_MODULE",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, port: int | None = None) -> Iterator[Served]:
    served = Served(folder, port or free_port())
    try:
        served.wait_for("/readyz", 200, START_SECONDS)
        yield served
    finally:
        if served.process.poll() is None:
            served.stop(signal.SIGTERM)
        assert served.process.stdout is not None
        served.process.stdout.close()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a data folder that the tests below use one after the other, as one does at home."""
    with open_folder() as path:
        yield path


def test_the_first_start_makes_everything_and_says_how_to_sign_in(folder: Path) -> None:
    with serving(folder) as served:
        training = served.training()
        assert served.suggest() == 200
        code, output = served.stop(signal.SIGINT)

    assert code == 0
    assert output.splitlines()[-1] == "Stopping."
    assert training["url"] == served.url
    assert set(training["users"]) == {
        "clinician", "colleague", "other_clinic", "editor", "approver", "auditor", "admin",
    }  # fmt: skip
    assert training["other_clinic_token"] != training["api_token"]
    for said in (served.url, training["api_token"], training["users"]["clinician"]["password"]):
        assert said in output
    assert stat.S_IMODE((folder / "training.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "keys.json").stat().st_mode) == 0o600
    assert not EmbeddedPostgres(folder).running()


def test_the_next_start_is_quick_and_finds_everything(folder: Path) -> None:
    with serving(folder) as served:
        before = served.training()
        served.stop(signal.SIGTERM)

    with serving(folder, served.port) as again:
        used = sum(sum(process.cpu_times()[:2]) for process in again.processes())

        assert again.training() == before
        assert again.suggest() == 200
        code, output = again.stop(signal.SIGTERM)
    assert code == 0
    assert "Making the database" not in output
    assert used < QUICK_CPU_SECONDS


def test_a_port_in_use_is_said_in_one_line(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        refused = Served(folder, port)
        output, _ = refused.process.communicate(timeout=60)

    assert refused.process.returncode == 1
    assert output.strip().splitlines() == [
        f"CommandError: Port {port} is in use: stop what listens there, or set PORT to another."
    ]
    assert not EmbeddedPostgres(folder).running()


def test_a_wrong_setting_is_named_before_anything_starts(folder: Path) -> None:
    refused = Served(folder, free_port(), PORTAL_TIME_ZONE="Mars/Olympus")
    output, _ = refused.process.communicate(timeout=60)

    assert refused.process.returncode == 1
    assert "PORTAL_TIME_ZONE: 'Mars/Olympus' is no known time zone." in output
    assert "Traceback" not in output


def test_production_without_collected_files_is_refused_in_one_line(folder: Path) -> None:
    refused = Served(folder, free_port(), PORTAL_TRAINING="false")
    output, _ = refused.process.communicate(timeout=60)

    assert refused.process.returncode == 1
    assert output == "CommandError: The static files are not collected: run manage.py collectstatic first.\n"


def test_the_web_server_runs_as_portal_app_without_the_owners_url(folder: Path) -> None:
    with serving(folder) as served:
        environment = served.web_process().environ()

    assert environment["DATABASE_URL"].startswith("postgresql://portal_app:")
    assert "PORTAL_OWNER_DATABASE_URL" not in environment


def test_a_killed_database_is_started_again(folder: Path) -> None:
    with serving(folder) as served:
        postmaster = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGKILL)

        assert served.status("/healthz") == 200
        served.wait_for("/readyz", 200, RECOVERY_SECONDS)
        assert served.suggest() == 200


def test_webhooks_survive_receivers_that_hang_and_kills_of_the_worker_and_the_database(folder: Path) -> None:
    with receiving(in_turn(hangs, status(500), status(200))) as receiver, serving(folder) as served:
        webhook = served.call("POST", "webhooks/", {"url": receiver.url, "events": ["order.status_changed"]})
        order = served.call("GET", "orders/?status=draft&limit=1")["results"][0]["id"]
        worker = served.worker_process()

        began = time.monotonic()
        assert served.call("POST", f"orders/{order}/sign/", {})["status"] == "active"
        assert time.monotonic() - began < 5  # nobody waits for the receiver
        arrived(receiver, 1)
        worker.kill()  # while the receiver keeps it waiting
        served.call("POST", f"orders/{order}/hold/", {})
        os.kill(int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        served.wait_for("/readyz", 200, RECOVERY_SECONDS)
        arrived(receiver, 4)

        assert served.worker_process().pid != worker.pid
        first, again, third, second = receiver.received[:4]
        assert len({one.headers["webhook-id"] for one in (first, again, third)}) == 1
        assert [one.message["data"]["status"] for one in (first, second)] == ["active", "on-hold"]
        assert Webhook(webhook["secret"]).verify(second.body, second.headers)
        code, output = served.stop(signal.SIGTERM)
    assert code == 0
    assert "Traceback" not in output.rpartition("Stopping.")[2]


def arrived(receiver: Receiver, count: int) -> None:
    """Wait until so many requests have come."""
    deadline = time.monotonic() + DELIVERY_SECONDS
    while len(receiver.received) < count:
        assert time.monotonic() < deadline, receiver.received
        time.sleep(0.1)


def test_a_killed_web_server_is_started_again(folder: Path) -> None:
    with serving(folder) as served:
        time.sleep(2)  # one that dies at once would be given up
        served.web_process().kill()

        served.wait_for("/readyz", 200, RECOVERY_SECONDS)


def test_after_a_kill_of_the_whole_nothing_holds_the_port_and_the_next_start_works(folder: Path) -> None:
    with serving(folder) as served:
        children = [served.web_process(), served.worker_process()]
        served.process.kill()
        served.process.wait()
        _, left = psutil.wait_procs(children, timeout=15)

        assert left == []

    with serving(folder, served.port) as again:
        assert again.suggest() == 200
    assert not EmbeddedPostgres(folder).running()
