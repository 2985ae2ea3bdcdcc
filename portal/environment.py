"""Reading of environment variables that collects what is wrong instead of stopping at the first fault."""

import re
import secrets
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
import psycopg
from psycopg.conninfo import conninfo_to_dict

APP_ROLE = "portal_app"
OWNER_ROLE = "portal_owner"
MAIL_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Fault:
    """A variable that settings could not use, for `manage.py check`."""

    variable: str
    message: str
    hint: str


@dataclass(slots=True)
class Environment:
    """The process environment, read with `environ`; `faults` lists every wrong value."""

    env: environ.Env = field(default_factory=environ.Env)
    faults: list[Fault] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        """Return the variable as it is."""
        return str(self.env.str(name, default))

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a yes/no variable; refuses words that are neither."""
        raw = self.text(name).strip().lower()
        if raw in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
            return raw in {"1", "true", "yes", "on"} if raw else default
        self._refuse(name, f"{raw!r} is neither yes nor no.", "Use true or false.")
        return default

    def whole_number(self, name: str, default: int, *, at_least: int, at_most: int) -> int:
        """Return a whole number within its bounds."""
        raw = self.text(name).strip()
        if not raw:
            return default
        if raw.isascii() and raw.isdigit() and at_least <= int(raw) <= at_most:
            return int(raw)
        self._refuse(name, f"{raw!r} is no number to use here.", f"Use {at_least} to {at_most}.")
        return default

    def number(self, name: str, *, above: float, at_most: float) -> float | None:
        """Return a number within its bounds, or None when there is none."""
        raw = self.text(name).strip()
        if not raw:
            return None
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", raw) and above < float(raw) <= at_most:
            return float(raw)
        self._refuse(
            name, f"{raw!r} is no number to use here.", f"Use a number above {above:g}, to {at_most:g}."
        )
        return None

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of the choices."""
        raw = self.text(name).strip()
        if raw and raw not in choices:
            self._refuse(name, f"{raw!r} is not known here.", f"Use one of: {', '.join(choices)}.")
        return raw if raw in choices else default

    def words(self, name: str, default: list[str]) -> list[str]:
        """Return a list, separated by commas."""
        found = [word.strip() for word in self.text(name).split(",") if word.strip()]
        return found or default

    def some_of(self, name: str, choices: tuple[str, ...], default: list[str]) -> list[str]:
        """Return a list of choices, separated by commas; "none" is the empty one."""
        found = self.words(name, default)
        if found == ["none"]:
            return []
        unknown = [word for word in found if word not in choices]
        if unknown:
            hint = f"Use none, or some of: {', '.join(choices)}."
            self._refuse(name, f"{', '.join(unknown)!r} is not known here.", hint)
            return default
        return found

    def time_zone(self, name: str, default: str) -> str:
        """Return the name of a time zone that this machine knows."""
        raw = self.text(name, default)
        try:
            zoneinfo.ZoneInfo(raw)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            self._refuse(name, f"{raw!r} is no known time zone.", "Use a name such as Europe/London.")
            return default
        return raw

    def mail(self, name: str) -> dict[str, str]:
        """Return the parts of a mail server's URL, or nothing when there is none."""
        raw = self.text(name).strip()
        try:
            parts = urlsplit(raw)
            usual = MAIL_PORTS[parts.scheme]
            host, port = parts.hostname, parts.port or usual
        except (KeyError, ValueError):
            host, port = None, 0
        if raw and not host:
            # the URL may hold a password: it is not repeated
            self._refuse(name, "is no mail server's URL.", "Use smtp+tls://USER:PASSWORD@HOST:587.")
        if not host:
            return {}
        return {
            "scheme": parts.scheme,
            "host": host,
            "port": str(port),
            "user": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
        }

    def database(self, name: str, url: str, *, role: str, options: dict[str, Any]) -> dict[str, Any]:
        """Return Django's settings for a PostgreSQL URL; the user must be `role`."""
        try:
            parts = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # the message of libpq repeats the URL, which holds a password
            self._refuse(
                name, "is no PostgreSQL URL.", f"Use postgresql://{role}:PASSWORD@HOST:5432/DATABASE."
            )
            parts = {}
        if parts and parts.get("user") != role:
            self._refuse(name, f"signs in as {parts.get('user')!r}.", f"The user of this URL must be {role}.")
        if parts and not parts.get("dbname"):
            self._refuse(name, "names no database.", "End the URL with /DATABASE.")
        rest = {key: value for key, value in parts.items() if key not in _CONNECTION_PARTS}
        own = f"{options.get('options', '')} {rest.pop('options', '')}".strip()
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.get("dbname") or "portal",
            "USER": parts.get("user") or role,
            "PASSWORD": parts.get("password") or "",
            # an empty host would mean whatever server listens on the machine's own socket
            "HOST": parts.get("host") or parts.get("hostaddr") or "/nonexistent",
            "PORT": str(parts.get("port") or ""),
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {**options, **rest, "options": own},
        }

    def _refuse(self, variable: str, message: str, hint: str) -> None:
        self.faults.append(Fault(variable, message, hint))


_CONNECTION_PARTS = {"user", "password", "host", "hostaddr", "port", "dbname"}


def first_known(*candidates: str, otherwise: Callable[[], str] = lambda: secrets.token_urlsafe(50)) -> str:
    """Return the first candidate that is not empty, else a fresh random key."""
    return next((candidate for candidate in candidates if candidate), "") or otherwise()
