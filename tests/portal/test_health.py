"""Two questions of the platform, asked without signing in."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client

from portal import health
from tests.database import Connection


@pytest.fixture
def visitor() -> Client:
    return Client()


def test_a_living_process_says_so_without_asking_the_database(
    visitor: Client, django_assert_num_queries: Callable, db: None
) -> None:
    with django_assert_num_queries(0):
        answer = visitor.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-cache" in answer["Cache-Control"]


def test_a_portal_that_can_take_orders_is_ready(visitor: Client, db: None) -> None:
    answer = visitor.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": ["database", "migrations", "audit"],
        "warnings": ["worker-missing"],  # tests do its work themselves
    }


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_only_questions_are_answered(visitor: Client, db: None, path: str) -> None:
    assert visitor.post(path).status_code == 405


def failed(visitor: Client) -> str:
    answer = visitor.get("/readyz")
    assert answer.status_code == 503
    assert answer["Retry-After"]
    return str(answer.json()["failed"])


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_makes_it_unready(visitor: Client) -> None:
    connection.close()
    host = connection.settings_dict["HOST"]
    connection.settings_dict["HOST"] = "/nonexistent"
    try:
        assert failed(visitor) == "database"
        assert visitor.get("/healthz").status_code == 200
    finally:
        connection.settings_dict["HOST"] = host


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_is_not_applied_makes_it_unready(
    visitor: Client, owner_connection: Connection
) -> None:
    row = owner_connection.execute(
        "DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)"
        " RETURNING app, name, applied"
    ).fetchone()
    try:
        assert failed(visitor) == "migrations"
    finally:
        owner_connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row
        )


@pytest.mark.django_db(transaction=True)
def test_a_guard_of_the_audit_trail_that_is_off_makes_it_unready(
    visitor: Client, owner_connection: Connection
) -> None:
    owner_connection.execute("ALTER TABLE portal_user DISABLE TRIGGER USER")
    try:
        assert failed(visitor) == "audit"
    finally:
        owner_connection.execute("ALTER TABLE portal_user ENABLE TRIGGER USER")
        for (name,) in owner_connection.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'portal_user'::regclass AND NOT tgisinternal"
        ).fetchall():
            owner_connection.execute(f"ALTER TABLE portal_user ENABLE ALWAYS TRIGGER {name}")
    assert visitor.get("/readyz").status_code == 200


def test_every_check_has_a_name_of_its_own() -> None:
    names = [name for name, _ in health.CHECKS]

    assert len(names) == len(set(names))
