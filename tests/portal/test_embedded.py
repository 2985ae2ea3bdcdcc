"""The embedded PostgreSQL: secured, shared, and started again after every kind of end."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from portal.embedded import Addresses, EmbeddedPostgres
from portal.embedded_account import OUTSIDE, EmbeddedError
from tests.portal.servers import open_folder, started

ROOT = Path(__file__).resolve().parents[2]
USE_UNTIL_TOLD = """
import sys
from pathlib import Path
from portal.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print("started", flush=True)
sys.stdin.readline()
server.stop()
"""


@pytest.fixture(scope="module")
def shared_folder() -> Iterator[Path]:
    with open_folder() as folder, started(folder):
        yield folder


@pytest.fixture
def addresses(shared_folder: Path) -> Iterator[Addresses]:
    with started(shared_folder):
        yield EmbeddedPostgres(shared_folder).start()


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as path:
        yield path


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row and len(row) == 1 else row


def postmaster_of(addresses: Addresses) -> int:
    return int((addresses.cluster / "postmaster.pid").read_text().splitlines()[0])


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("role", "user"), [("app", "portal_app"), ("owner", "portal_owner"), ("auditor", "portal_auditor")]
)
def test_each_role_signs_in_with_its_own_password_only(addresses: Addresses, role: str, user: str) -> None:
    url = getattr(addresses, f"{role}_url")

    assert ask(url, "SELECT session_user") == user
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(make_conninfo(url, password="guessed"), "SELECT 1")


def test_nothing_listens_on_a_network(addresses: Addresses) -> None:
    assert ask(addresses.superuser_url, "SHOW listen_addresses") == ""
    assert stat.S_IMODE(addresses.socket_dir.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("log_error_verbosity", "terse"),
        ("log_min_error_statement", "panic"),
        ("log_parameter_max_length_on_error", "0"),
        ("password_encryption", "scram-sha-256"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
    ],
)
def test_the_server_keeps_values_out_of_its_log_and_data_whole(
    addresses: Addresses, setting: str, value: str
) -> None:
    assert ask(addresses.superuser_url, f"SHOW {setting}") == value


def test_a_refused_row_leaves_no_value_in_the_log(addresses: Addresses) -> None:
    with psycopg.connect(addresses.superuser_url, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE patient (name text CHECK (name <> 'Canary Tweety'))")
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("INSERT INTO patient VALUES (%s)", ["Canary Tweety"])

    log = (addresses.cluster / "server.log").read_text()
    assert "violates check constraint" in log
    assert "Canary" not in log


def test_portal_app_waits_four_seconds_for_a_lock_at_most(addresses: Addresses) -> None:
    assert ask(addresses.app_url, "SHOW lock_timeout") == "4s"


def test_passwords_are_in_a_file_of_the_portal_alone(shared_folder: Path, addresses: Addresses) -> None:
    assert stat.S_IMODE((shared_folder / "database.json").stat().st_mode) == 0o600


def test_rows_outlive_a_stop(folder: Path) -> None:
    with started(folder) as server:
        ask_write(server.start().owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")

    assert not EmbeddedPostgres(folder).running()
    with started(folder) as server:
        assert ask(server.start().owner_url, "SELECT answer FROM kept") == 42


def ask_write(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def test_a_killed_server_comes_back_with_every_committed_row(folder: Path) -> None:
    with started(folder) as server:
        addresses = server.start()
        ask_write(addresses.owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(postmaster_of(addresses), signal.SIGKILL)
        wait_until_gone(postmaster_of(addresses))

        assert not server.running()
        again = server.start()

        assert again.app_url == addresses.app_url
        assert ask(again.owner_url, "SELECT answer FROM kept") == 42


def test_a_left_over_number_of_another_living_process_does_not_block_the_start(folder: Path) -> None:
    with started(folder) as server:
        addresses = server.start()
    lines = [
        str(os.getpid()),
        str(addresses.cluster),
        "1700000000",
        "5432",
        str(addresses.socket_dir),
        "",
        "",
        "ready",
    ]
    (addresses.cluster / "postmaster.pid").write_text("\n".join(lines))

    with started(folder) as server:
        assert ask(server.start().app_url, "SELECT 1") == 1


def test_the_last_process_to_leave_stops_the_server(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    command = [sys.executable, "-c", USE_UNTIL_TOLD, str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "started\n"

        server.stop()
        assert server.running()

        other.communicate("leave\n", timeout=30)
    assert not server.running()


def test_two_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    command = [sys.executable, "-c", USE_UNTIL_TOLD, str(folder)]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "started\n"

    users = (folder / "postgres.users").read_text().splitlines()
    assert {int(line.split()[0]) for line in users} == {one.pid for one in both}

    for one in both:
        one.communicate("leave\n", timeout=30)
    assert not EmbeddedPostgres(folder).running()


def test_the_dead_do_not_keep_the_server_up(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    with (folder / "postgres.users").open("a") as users:
        users.write("1 12.0\n999999999 12.0\nnonsense\n")

    server.stop()

    assert not server.running()


def test_a_creation_that_was_cut_short_begins_anew(folder: Path) -> None:
    with started(folder) as server:
        cluster = server.start().cluster
    stored = json.loads((folder / "database.json").read_text())
    (folder / "database.json").write_text(json.dumps({**stored, "complete": False}))
    (cluster / "PG_VERSION").unlink()

    with started(folder) as server:
        assert ask(server.start().app_url, "SELECT 1") == 1


def test_lost_passwords_are_refused_in_one_line_and_nothing_is_touched(folder: Path) -> None:
    with started(folder) as server:
        cluster = server.start().cluster
    (folder / "database.json").unlink()

    with pytest.raises(EmbeddedError, match="is missing, and with it the passwords") as refusal:
        EmbeddedPostgres(folder).start()

    assert "\n" not in str(refusal.value)
    assert (cluster / "PG_VERSION").exists()


def test_a_path_too_long_for_a_socket_works_all_the_same(folder: Path) -> None:
    deep = folder / ("with spaces and 'quotes' " * 2).strip() / ("long" * 20)
    deep.mkdir(parents=True)

    with started(deep) as server:
        addresses = server.start()
        assert deep not in addresses.socket_dir.parents
        assert ask(addresses.app_url, "SELECT 1") == 1
    shutil.rmtree(addresses.socket_dir)


def test_a_folder_under_a_closed_one_works_and_the_closed_one_stays_closed(folder: Path) -> None:
    closed = folder / "home"
    closed.mkdir(mode=0o700)
    data_dir = closed / "data"

    with started(data_dir) as server:
        addresses = server.start()
        assert ask(addresses.app_url, "SELECT 1") == 1

    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    if addresses.cluster.parent != data_dir:  # we are root, and the server is not
        assert addresses.cluster.parent.parent == OUTSIDE
        shutil.rmtree(addresses.cluster.parent)
