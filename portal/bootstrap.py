"""The roles and the database that the portal needs, made once by a superuser of PostgreSQL 15 or newer.

portal_owner    signs in; owns the database and its tables, migrates, creates test databases
portal_app      signs in; what the portal runs as: reads and writes rows, changes no schema
portal_audit    never signs in; owns the audit trail, so that nobody who signs in does
portal_auditor  signs in; reads the audit trail and nothing else
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

OWNER, APP, AUDIT, AUDITOR = "portal_owner", "portal_app", "portal_audit", "portal_auditor"
OLDEST_SERVER = 15

_ATTRIBUTES = {
    OWNER: "LOGIN CREATEDB NOCREATEROLE",
    APP: "LOGIN NOCREATEDB NOCREATEROLE",
    AUDIT: "NOLOGIN NOCREATEDB NOCREATEROLE",
    AUDITOR: "LOGIN NOCREATEDB NOCREATEROLE",
}
# PostgreSQL repeats the values of a failing row in its log: patient data
QUIET_LOG = {
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}


class BootstrapError(Exception):
    """The server, or the role given, cannot carry the portal; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The database's name and the passwords to set; None leaves a password as it is."""

    database: str
    owner_password: str | None = None
    app_password: str | None = None
    auditor_password: str | None = None


def bootstrap(*, superuser_url: str, accounts: Accounts) -> None:
    """Make the four roles and the database as they must be. Harmless when they are already."""
    with psycopg.connect(superuser_url, autocommit=True) as server:
        _refuse_unfit(server)
        for role in _ATTRIBUTES:
            _make_role(server, role)
        _let_owner_become_audit(server)
        for role, password in (
            (OWNER, accounts.owner_password),
            (APP, accounts.app_password),
            (AUDITOR, accounts.auditor_password),
        ):
            if password is not None:
                server.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), password))
        # a lock that is not free within 4 s is answered with 503 rather than with a queue of waiting pages
        server.execute(sql.SQL("ALTER ROLE {} SET lock_timeout = '4s'").format(sql.Identifier(APP)))
        _make_database(server, accounts.database)
    with psycopg.connect(make_conninfo(superuser_url, dbname=accounts.database), autocommit=True) as database:
        close_database(database)


def close_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Leave the connected database to the portal's own roles. For its owner or a superuser."""
    name = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(
        sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(
            name, sql.Identifier(APP), sql.Identifier(AUDITOR)
        )
    )
    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def password_in(url: str) -> str | None:
    """Return the password of a connection URL, if it has one."""
    password = conninfo_to_dict(url).get("password")
    return str(password) if password else None


def _refuse_unfit(server: psycopg.Connection[tuple[object, ...]]) -> None:
    version = server.info.server_version // 10000
    if version < OLDEST_SERVER:
        raise BootstrapError(f"PostgreSQL {version} is too old: the portal needs {OLDEST_SERVER} or newer.")
    row = server.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row != (True,):
        raise BootstrapError("This URL is no superuser's: the roles can be made by a superuser only.")


def _make_role(server: psycopg.Connection[tuple[object, ...]], role: str) -> None:
    known = server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
    attributes = sql.SQL(_ATTRIBUTES[role] + " NOSUPERUSER NOREPLICATION NOBYPASSRLS")
    server.execute(sql.SQL("{} {} {}").format(verb, sql.Identifier(role), attributes))


def _let_owner_become_audit(server: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let migrations say SET ROLE portal_audit, and give the owner nothing of that role otherwise.

    PostgreSQL 15 knows no such distinction: there a member inherits what the role may do.
    """
    terms = " WITH INHERIT FALSE, SET TRUE" if server.info.server_version >= 160000 else ""
    server.execute(f"GRANT {AUDIT} TO {OWNER}{terms}")


def _make_database(server: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    known = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if known:
        server.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(OWNER))
        )
        return
    server.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
            sql.Identifier(name), sql.Identifier(OWNER)
        )
    )
