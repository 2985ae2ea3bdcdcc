"""Roles and database on a server that exists already."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from psycopg.conninfo import make_conninfo

from portal import bootstrap
from portal.embedded import Addresses
from tests.portal.servers import open_folder, started

PASSWORDS = {"portal_owner": "owner's own", "portal_app": "app's own"}


@pytest.fixture(scope="module")
def server() -> Iterator[Addresses]:
    with open_folder() as folder, started(folder) as running:
        yield running.start()


@pytest.fixture
def urls(server: Addresses, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Return the URLs of a database that does not exist yet; takes it and the passwords back at the end."""
    urls = {}
    for variable, role in (("DATABASE_URL", "portal_app"), ("PORTAL_OWNER_DATABASE_URL", "portal_owner")):
        urls[role] = make_conninfo(server.app_url, user=role, password=PASSWORDS[role], dbname="hospital")
        monkeypatch.setenv(variable, urls[role])
    yield urls
    with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
        superuser.execute("DROP DATABASE IF EXISTS hospital WITH (FORCE)")


def run(server: Addresses, **options: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    superuser_url = options.pop("superuser_url", server.superuser_url)
    call_command("bootstrap_database", superuser_url=superuser_url, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def ask(url: str, query: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
        return row[0] if row else None


def test_one_command_makes_roles_and_database_and_says_what_is_next(
    server: Addresses, urls: dict[str, str]
) -> None:
    out, err = run(server)

    assert "manage.py migrate" in out
    assert err == ""  # this server keeps values out of its log
    assert (
        ask(urls["portal_app"], "SELECT current_user || '@' || current_database()") == "portal_app@hospital"
    )
    assert ask(
        urls["portal_owner"], "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'hospital'"
    ) == ("portal_owner")


def test_a_second_run_changes_nothing(server: Addresses, urls: dict[str, str]) -> None:
    catalog = (
        "SELECT string_agg(r::text, ';' ORDER BY rolname) FROM"
        " (SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, rolbypassrls FROM pg_roles) r"
    )
    run(server)
    before = ask(server.superuser_url, catalog)

    run(server)

    assert ask(server.superuser_url, catalog) == before


@pytest.mark.parametrize(
    ("role", "signs_in", "makes_databases"),
    [
        ("portal_owner", True, True),
        ("portal_app", True, False),
        ("portal_audit", False, False),
        ("portal_auditor", True, False),
    ],
)
def test_no_role_has_more_than_it_needs(
    server: Addresses, role: str, signs_in: bool, makes_databases: bool
) -> None:
    with psycopg.connect(server.superuser_url) as superuser:
        found = superuser.execute(
            "SELECT rolcanlogin, rolcreatedb, rolsuper, rolcreaterole, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = %s",
            [role],
        ).fetchone()

    assert found == (signs_in, makes_databases, False, False, False, False)


def test_a_role_that_was_made_too_strong_is_made_weak_again(server: Addresses, urls: dict[str, str]) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
        superuser.execute("ALTER ROLE portal_app SUPERUSER BYPASSRLS CREATEDB")

    run(server)

    assert ask(server.superuser_url, "SELECT rolsuper FROM pg_roles WHERE rolname = 'portal_app'") is False


@pytest.mark.parametrize(
    ("role", "statement", "allowed"),
    [
        ("portal_owner", "SET ROLE portal_audit", True),
        ("portal_app", "SET ROLE portal_audit", False),
        ("portal_app", "SET ROLE portal_owner", False),
        ("portal_owner", "CREATE TABLE made (id int)", True),
        ("portal_app", "CREATE TABLE made (id int)", False),
        ("portal_app", "CREATE SCHEMA made", False),
        ("portal_app", "CREATE TEMPORARY TABLE made (id int)", False),
        ("portal_app", "CREATE DATABASE made", False),
    ],
)
def test_what_each_role_may_do_in_the_new_database(
    server: Addresses, urls: dict[str, str], role: str, statement: str, allowed: bool
) -> None:
    run(server)

    with psycopg.connect(urls[role], autocommit=True) as connection:
        if allowed:
            connection.execute(statement)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_stranger_role_may_not_connect(server: Addresses, urls: dict[str, str]) -> None:
    run(server)
    with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
        superuser.execute("DROP ROLE IF EXISTS stranger")
        superuser.execute("CREATE ROLE stranger LOGIN PASSWORD 'known'")

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(make_conninfo(urls["portal_app"], user="stranger", password="known"))


def test_the_auditor_signs_in_once_a_password_is_given(server: Addresses, urls: dict[str, str]) -> None:
    run(server, auditor_password="auditor's own")

    url = make_conninfo(urls["portal_app"], user="portal_auditor", password="auditor's own")
    assert ask(url, "SELECT current_user") == "portal_auditor"


def test_a_talkative_server_is_named(server: Addresses, urls: dict[str, str]) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as superuser:
        superuser.execute("ALTER ROLE postgres SET log_error_verbosity = 'default'")
        try:
            _, err = run(server)
        finally:
            superuser.execute("ALTER ROLE postgres RESET log_error_verbosity")

    assert "set log_error_verbosity = terse" in err


def refusal(server: Addresses, **options: Any) -> str:
    with pytest.raises(CommandError) as refused:
        run(server, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_an_ordinary_role_cannot_bootstrap(server: Addresses, urls: dict[str, str]) -> None:
    run(server)

    assert "no superuser's" in refusal(server, superuser_url=urls["portal_owner"])


def test_an_old_server_is_refused(
    server: Addresses, urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST_SERVER", 99)

    assert "the portal needs 99 or newer" in refusal(server)


def test_a_server_that_does_not_answer_is_said_in_one_line(server: Addresses, urls: dict[str, str]) -> None:
    assert "PostgreSQL refused" in refusal(server, superuser_url="postgresql://postgres@127.0.0.1:1/postgres")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DATABASE_URL", "", "Set DATABASE_URL to postgresql://portal_app:"),
        ("DATABASE_URL", "nonsense://x", "Set DATABASE_URL to postgresql://portal_app:"),
        (
            "DATABASE_URL",
            "postgresql://root:pw@host/hospital",
            "Set DATABASE_URL to postgresql://portal_app:",
        ),
        ("PORTAL_OWNER_DATABASE_URL", "", "Set PORTAL_OWNER_DATABASE_URL to postgresql://portal_owner:"),
        (
            "PORTAL_OWNER_DATABASE_URL",
            "postgresql://portal_owner:pw@host/other",
            "must name the same database",
        ),
    ],
)
def test_wrong_urls_are_refused_without_repeating_a_password(
    server: Addresses,
    urls: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(variable, value)

    message = refusal(server)

    assert said in message
    assert ":pw@" not in message
