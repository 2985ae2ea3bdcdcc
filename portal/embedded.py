"""A PostgreSQL server of our own, for `make run` and `make test` on a machine that has none.

The binaries come from a wheel; starting, stopping and securing the cluster is done here. It listens on a
socket only, asks every role for a password, and lives in the data folder:

    postgres/        the cluster                       database.json   addresses and passwords, mode 0600
    postgres.lock    held while it starts or stops     postgres.users  the processes that use it

Several processes may use it at once; the last one to leave stops it.
"""

import contextlib
import fcntl
import os
import secrets
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import psutil
import psycopg

from portal import bootstrap
from portal.embedded_account import Account, EmbeddedError, binaries, data_place, server_account
from portal.private_files import read_private, write_private

DATABASE = "portal"
SUPERUSER = "postgres"
PORT = 5432  # part of the socket's name; nothing listens on a network
LONGEST_SOCKET_PATH = 100  # bytes; Linux allows 107, macOS 103
START_SECONDS = 60  # recovery after a crash included
FAST_STOP_SECONDS = 15

SERVER_SETTINGS = {
    "listen_addresses": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    **bootstrap.QUIET_LOG,
}


class Addresses(NamedTuple):
    """How to reach the embedded database, as each role."""

    cluster: Path
    socket_dir: Path
    superuser_url: str
    owner_url: str
    app_url: str
    auditor_url: str


class EmbeddedPostgres:
    """The server of one data folder. `start` and `stop` are safe from several processes at once."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self._file = self.data_dir / "database.json"
        self._users = self.data_dir / "postgres.users"

    def start(self) -> Addresses:
        """Start the server unless it runs, with roles and database, and return how to reach them.

        Registers this process as a user. Raises EmbeddedError when this machine cannot run it.
        """
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
            with self._locked():
                addresses = self._launched() if self._complete() else self._created()
                self._write_users(self._living_users() | {os.getpid()})
                return addresses
        except PermissionError as error:
            raise EmbeddedError(
                f"{error.filename} may not be written: set PORTAL_DATA_DIR elsewhere."
            ) from error

    def stop(self) -> None:
        """Leave the server; the last process to leave stops it, at once if it must."""
        with self._locked():
            others = self._living_users() - {os.getpid()}
            self._write_users(others)
            stored = read_private(self._file)
            if not others and stored and _postmaster(Path(stored["cluster"])):
                self._halt(Path(stored["cluster"]))

    def running(self) -> bool:
        """Return whether the server of this data folder runs now."""
        stored = read_private(self._file)
        return bool(stored) and _postmaster(Path(stored["cluster"])) is not None

    # --- the cluster -----------------------------------------------------------------------------------

    def _complete(self) -> bool:
        """Return whether there is a cluster, made to its end. Refuses one whose passwords are lost."""
        stored = read_private(self._file)
        cluster = Path(stored["cluster"]) if stored else self.data_dir / "postgres"
        if not stored and (cluster / "PG_VERSION").exists():
            raise EmbeddedError(
                f"{self._file} is missing, and with it the passwords of {cluster}: restore it, or move both."
            )
        return bool(stored) and stored["complete"] and (cluster / "PG_VERSION").exists()

    def _created(self) -> Addresses:
        """Make the cluster, start it and make its roles."""
        account = server_account(None)
        stored = read_private(self._file)
        cluster = Path(stored["cluster"]) if stored else data_place(self.data_dir, account) / "postgres"
        if stored and _postmaster(cluster):
            self._halt(cluster)
        passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, "owner", "app", "auditor")}
        content = {"complete": False, "cluster": str(cluster), "socket_dir": "", "passwords": passwords}
        write_private(self._file, content)
        shutil.rmtree(cluster, ignore_errors=True)  # what an initdb that was cut short has left
        cluster.mkdir(mode=0o700, parents=True)
        account.give(cluster)
        with tempfile.NamedTemporaryFile("w", prefix="portal-", encoding="ascii") as password_file:
            password_file.write(passwords[SUPERUSER])
            password_file.flush()
            account.give(Path(password_file.name))
            arguments = [
                f"--pgdata={cluster}", f"--username={SUPERUSER}", f"--pwfile={password_file.name}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--data-checksums",
                "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
            ]  # fmt: skip
            _run(account, "initdb", arguments)
        with (cluster / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in SERVER_SETTINGS.items())
        addresses = self._launched()
        bootstrap.bootstrap(
            superuser_url=addresses.superuser_url,
            accounts=bootstrap.Accounts(
                database=DATABASE,
                owner_password=passwords["owner"],
                app_password=passwords["app"],
                auditor_password=passwords["auditor"],
            ),
        )
        write_private(self._file, {**read_private(self._file), "complete": True})
        return addresses

    def _launched(self) -> Addresses:
        """Start the server of the cluster unless it runs, and return its addresses."""
        stored = read_private(self._file)
        cluster = Path(stored["cluster"])
        if _postmaster(cluster) is None:
            account = server_account(cluster)
            socket_dir = self._socket_dir(cluster, account)
            # what a killed server leaves; its number may by now be another process's, and block the start
            for leftover in (cluster / "postmaster.pid", *socket_dir.glob(".s.PGSQL.*")):
                leftover.unlink(missing_ok=True)
            stored |= {"socket_dir": str(socket_dir)}
            stored |= {f"{role}_url": _url(stored, role) for role in ("superuser", "owner", "app", "auditor")}
            write_private(self._file, stored)
            _start(account, cluster, socket_dir)
        addresses = _addresses(stored)
        _wait_for_answer(addresses)
        return addresses

    def _socket_dir(self, cluster: Path, account: Account) -> Path:
        """Return a folder for the socket: beside the cluster, or a temporary one if that path is long."""
        before = read_private(self._file)["socket_dir"]
        if before and Path(before).is_dir():
            return Path(before)  # whoever kept the address finds the server again
        beside = cluster.parent / "socket"
        if len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH and not set(
            str(beside)
        ) & set(',"'):
            beside.mkdir(mode=0o700, exist_ok=True)
            account.give(beside)
            return beside
        temporary = Path(tempfile.mkdtemp(prefix="portal-"))
        account.give(temporary)
        return temporary

    def _halt(self, cluster: Path) -> None:
        account = server_account(cluster)
        try:
            _run(
                account,
                "pg_ctl",
                ["stop", f"--pgdata={cluster}", "-m", "fast", "-w", "-t", str(FAST_STOP_SECONDS)],
            )
        except EmbeddedError:
            if _postmaster(cluster):
                _run(account, "pg_ctl", ["stop", f"--pgdata={cluster}", "-m", "immediate", "-w"])

    # --- who uses it -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder's lock, so that one process at a time starts or stops the server."""
        with (self.data_dir / "postgres.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _living_users(self) -> set[int]:
        """Return the processes that use the server, without those that died and left their number."""
        alive = set()
        for line in self._users.read_text().splitlines() if self._users.exists() else []:
            pid, _, born = line.partition(" ")
            if pid.isdigit() and _born(int(pid)) == born:
                alive.add(int(pid))
        return alive

    def _write_users(self, pids: set[int]) -> None:
        self._users.write_text("".join(f"{pid} {_born(pid)}\n" for pid in sorted(pids)))


def _born(pid: int) -> str:
    """Return when the process began: a number alone is given again to another process."""
    try:
        return f"{psutil.Process(pid).create_time():.1f}"
    except psutil.Error:
        return ""


def _postmaster(cluster: Path) -> int | None:
    """Return the process number of the server that runs this cluster, if one does."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().splitlines()[0])
        process = psutil.Process(pid)
        ours = process.name().startswith("postgres") and Path(process.cwd()) == cluster.resolve()
        return pid if ours and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _url(stored: dict[str, Any], role: str) -> str:
    user = SUPERUSER if role == "superuser" else f"portal_{role}"
    password = stored["passwords"][SUPERUSER if role == "superuser" else role]
    database = SUPERUSER if role == "superuser" else DATABASE
    return (
        f"postgresql://{user}:{password}@/{database}?host={quote(stored['socket_dir'], safe='/')}&port={PORT}"
    )


def _addresses(stored: dict[str, Any]) -> Addresses:
    urls = [stored[f"{role}_url"] for role in ("superuser", "owner", "app", "auditor")]
    return Addresses(Path(stored["cluster"]), Path(stored["socket_dir"]), *urls)


def _start(account: Account, cluster: Path, socket_dir: Path) -> None:
    options = f"-p {PORT} -k {shlex.quote(str(socket_dir))}"
    arguments = ["start", f"--pgdata={cluster}", "-w", "-t", str(START_SECONDS), "-o", options]
    arguments += ["-l", str(cluster / "server.log")]
    for pause in (0.5, 1, 2, 4, None):
        try:
            _run(account, "pg_ctl", arguments)
            return
        except EmbeddedError:
            # the children of a killed server take a moment to go, and hold its memory until then
            if pause is None:
                raise
            time.sleep(pause)


def _wait_for_answer(addresses: Addresses) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(addresses.superuser_url, connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"PostgreSQL does not answer: see {addresses.cluster / 'server.log'}."
                ) from error
            time.sleep(0.1)


def _run(account: Account, program: str, arguments: list[str]) -> None:
    """Run one of PostgreSQL's programs as the account; raises EmbeddedError with its last line."""
    command = [str(binaries(account) / program), *arguments]
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    # a file, not a pipe: the server inherits it, and a pipe would never end
    with tempfile.TemporaryFile() as output:
        result = subprocess.run(
            command,
            stdout=output,
            stderr=output,
            env=environment,
            check=False,
            **account.subprocess_options(),
        )
        output.seek(0)
        lines = output.read().decode(errors="replace").strip().splitlines()
    if result.returncode:
        raise EmbeddedError(f"{program} failed: {lines[-1] if lines else result.returncode}")
