"""The database always knows who acts: through rollbacks, savepoints, pools and nested blocks."""

# ruff: noqa: PT012 - what happens inside a block before it is undone is the point

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.base import DatabaseWrapper

from portal import audit
from portal.audit import Actor, acting
from portal.models import AuditEvent, Organisation, User
from portal.roles import Role
from tests.people import make_user

ANN = Actor("user:1:ann", role="clinician", request_id="r-1", ip="192.0.2.1", reason="asked")
BEN = Actor("user:2:ben", via="api")


class UndoError(Exception):
    """Raised to roll back."""


def known_to_server(database: BaseDatabaseWrapper = connection, name: str = "actor") -> str:
    """Return a setting of the server's session, without sending the actor first."""
    with database.connection.cursor() as cursor:
        row = cursor.execute(f"SELECT coalesce(current_setting('portal.{name}', true), '')").fetchone()
    return str(row[0])


def ask(database: BaseDatabaseWrapper = connection) -> str:
    """Run a statement through Django, and return who the server thought ran it."""
    with database.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('portal.actor', true), '')")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_write_without_an_actor_is_refused_and_nothing_is_stored() -> None:
    with pytest.raises(DatabaseError) as refusal:
        Organisation.objects.create(slug="nobody", name="Nobody's")

    assert refusal.value.__cause__.sqlstate == "PA001"
    assert not Organisation.objects.filter(slug="nobody").exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_without_an_actor_is_refused() -> None:
    with pytest.raises(DatabaseError) as refusal:
        audit.log("order.viewed", action="R")

    assert refusal.value.__cause__.sqlstate == "PA001"


@pytest.mark.django_db(transaction=True)
def test_every_part_of_the_actor_reaches_the_trail() -> None:
    with acting(ANN):
        event_id = audit.log(
            "export.made", entity="order", entity_id=7, organisation_id=3, detail={"rows": 2}
        )

    event = AuditEvent.objects.get(id=event_id)
    assert (event.actor, event.actor_role, event.via) == ("user:1:ann", "clinician", "portal")
    assert (event.request_id, event.client_ip, event.reason) == ("r-1", "192.0.2.1", "asked")
    assert (event.entity, event.entity_id, event.organisation, event.after) == (
        "order",
        "7",
        "3",
        {"rows": 2},
    )
    assert event.db_user == "portal_app"


@pytest.mark.django_db(transaction=True)
def test_the_actor_changes_and_returns_with_nested_blocks() -> None:
    seen = [ask()]
    with acting(ANN):
        seen.append(ask())
        with acting(BEN):
            seen.append(ask())
        seen.append(ask())
    seen.append(ask())

    assert seen == ["", ANN.id, BEN.id, ANN.id, ""]


@pytest.mark.django_db(transaction=True)
def test_the_actor_changes_and_returns_within_one_transaction() -> None:
    with transaction.atomic(), acting(ANN):
        seen = [ask()]
        with acting(BEN):
            seen.append(ask())
        with acting(None):
            seen.append(ask())
        seen.append(ask())

    assert [*seen, ask()] == [ANN.id, BEN.id, "", ANN.id, ""]


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_the_actor_of_before_and_the_next_one_is_sent() -> None:
    with acting(ANN):
        ask()
        with pytest.raises(UndoError), transaction.atomic(), acting(BEN):
            ask()
            raise UndoError
        after_rollback = known_to_server()
        with acting(BEN):
            with transaction.atomic():
                in_next = ask()
            outside = ask()

    assert (after_rollback, in_next, outside) == (ANN.id, BEN.id, BEN.id)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first_outside", [True, False])
def test_an_actor_set_inside_a_transaction_is_gone_after_it(first_outside: bool) -> None:
    connection.close()
    if first_outside:
        ask()
    with acting(ANN), transaction.atomic():
        ask()

    assert known_to_server() != ANN.id
    assert ask() == ""


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_rollback_takes_the_actor_back_and_it_is_sent_again() -> None:
    with transaction.atomic(), acting(ANN):
        ask()
        with pytest.raises(UndoError), transaction.atomic(), acting(BEN):
            ask()
            raise UndoError
        reverted = known_to_server()
        with acting(BEN):
            again = ask()
        back = ask()

    assert (reverted, again, back) == (ANN.id, BEN.id, ANN.id)


@pytest.mark.django_db(transaction=True)
def test_an_actor_first_set_inside_a_savepoint_survives_its_rollback_by_being_sent_again() -> None:
    with transaction.atomic():
        ask()
        with pytest.raises(UndoError), transaction.atomic(), acting(ANN):
            ask()
            raise UndoError
        reverted = known_to_server()
        with acting(ANN):
            Organisation.objects.create(slug="kept", name="Kept")

    event = AuditEvent.objects.filter(entity="portal_organisation").latest("id")
    assert (reverted, event.actor) == ("", ANN.id)


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_that_is_kept_keeps_the_actor_without_sending_it_again() -> None:
    with transaction.atomic(), acting(ANN):
        with transaction.atomic():
            ask()
        kept = known_to_server()

    assert kept == ANN.id


@pytest.mark.django_db(transaction=True)
def test_a_savepoint_of_the_low_level_interface_is_followed_as_well() -> None:
    with transaction.atomic(), acting(ANN):
        ask()
        savepoint = transaction.savepoint()
        with acting(BEN):
            ask()
            transaction.savepoint_rollback(savepoint)
            seen = ask()

    assert seen == BEN.id


@pytest.mark.django_db(transaction=True)
def test_a_failed_statement_is_reported_as_itself_and_the_actor_recovers() -> None:
    with acting(ANN), transaction.atomic():
        with pytest.raises(DatabaseError, match="division by zero"), transaction.atomic():
            connection.cursor().execute("SELECT 1/0")
        assert ask() == ANN.id


@pytest.mark.django_db(transaction=True)
def test_reset_all_cannot_take_the_actor_away() -> None:
    with acting(ANN):
        with connection.cursor() as cursor:
            cursor.execute("RESET ALL")
        assert ask() == ANN.id


@pytest.mark.django_db(transaction=True)
def test_copy_needs_the_actor_to_be_sent_and_is_then_recorded() -> None:
    with acting(ANN), transaction.atomic():
        audit.apply_actor(connection)
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY portal_organisation (slug, name, created_at) FROM STDIN") as copy,
        ):
            copy.write_row(["copied", "Copied", "2026-01-01T00:00:00Z"])

    event = AuditEvent.objects.filter(entity="portal_organisation").latest("id")
    assert (event.actor, event.after["slug"]) == (ANN.id, "copied")


@pytest.mark.django_db(transaction=True)
def test_sending_the_actor_is_no_query_of_the_page(django_assert_num_queries: Any) -> None:
    with acting(ANN), django_assert_num_queries(1):
        ask()


@pytest.mark.django_db(transaction=True)
def test_the_actor_is_sent_once_for_many_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    sent: list[str] = []
    original = type(connection.connection).cursor

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append("cursor")
        return original(self, *args, **kwargs)

    with acting(ANN):
        ask()
        monkeypatch.setattr(type(connection.connection), "cursor", counting)
        for _ in range(5):
            ask()

    assert len(sent) == 5


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_owner_is_told_of_nobody() -> None:
    with acting(ANN), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT current_setting('portal.actor', true)")
        known = cursor.fetchone()[0]
    connections["owner"].close()

    assert not known


@pytest.fixture
def pooled(db: None) -> Iterator[DatabaseWrapper]:
    """Return a connection wrapper with a pool that holds a single connection."""
    settings_dict = connection.settings_dict.copy()
    settings_dict["OPTIONS"] = {
        **settings_dict["OPTIONS"],
        "pool": {"min_size": 1, "max_size": 1, "timeout": 5},
    }
    database = DatabaseWrapper(settings_dict, alias="default")
    yield database
    database.close()
    database.close_pool()


def test_a_pooled_connection_never_hands_an_actor_to_its_next_user(pooled: DatabaseWrapper) -> None:
    with acting(ANN):
        first = ask(pooled)
        process = pooled.connection.info.backend_pid
    pooled.close()
    pooled.ensure_connection()
    left_behind = known_to_server(pooled)
    second = ask(pooled)

    assert pooled.connection.info.backend_pid == process, "the pool must hand out the same session"
    assert (first, left_behind, second) == (ANN.id, ANN.id, "")


def test_a_pooled_connection_learns_of_a_new_actor(pooled: DatabaseWrapper) -> None:
    seen = []
    for actor in (ANN, BEN, None, BEN):
        with acting(actor):
            seen.append(ask(pooled))
        pooled.close()

    assert seen == [ANN.id, BEN.id, "", BEN.id]


def test_a_wrapper_block_around_the_first_query_does_not_remove_ours(pooled: DatabaseWrapper) -> None:
    def passing(execute: Any, *args: Any) -> Any:
        return execute(*args)

    with pooled.execute_wrapper(passing), acting(ANN):
        ask(pooled)

    with acting(BEN):
        assert ask(pooled) == BEN.id


@pytest.mark.django_db
def test_characters_that_postgresql_refuses_do_not_stop_a_request() -> None:
    with acting(Actor("user:1:a\x00b", reason="\ud800")):
        assert ask() == "user:1:ab"


def test_bind_lasts_to_the_end_of_the_enclosing_block() -> None:
    with acting(ANN):
        with acting(audit.ANONYMOUS):
            audit.bind(BEN)
            inside = audit.current_actor()
        after = audit.current_actor()

    assert (inside, after, audit.current_actor()) == (BEN, ANN, None)


@pytest.mark.django_db
def test_the_actor_of_a_person_names_them_and_their_roles(organisation: Organisation) -> None:
    user = make_user("jdoe", Role.EDITOR, Role.CLINICIAN, organisation=organisation)

    actor = audit.actor_of(User.objects.get(pk=user.pk), via="api")

    assert actor == Actor(f"user:{user.pk}:jdoe", role="clinician,editor", via="api")
