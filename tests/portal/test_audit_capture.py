"""Every change of a row is recorded, whichever way it was written, and no other way works."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import Error, connection, transaction

from portal.audit import acting
from portal.models import Organisation
from portal.roles import Role
from tests.people import make_user
from tests.portal.trail import ANN, Trail


def save(organisation: Organisation) -> None:
    organisation.name = "Changed"
    organisation.save()


def run_sql(sql: str) -> Callable[[Organisation], None]:
    def run(organisation: Organisation) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"id": organisation.pk})

    return run


def bulk_create(_: Organisation) -> None:
    Organisation.objects.bulk_create([Organisation(slug=f"b{n}", name=f"Bulk {n}") for n in range(3)])


def bulk_update(organisation: Organisation) -> None:
    organisation.name = "Bulk"
    Organisation.objects.bulk_update([organisation], ["name"])


def update_or_create(organisation: Organisation) -> None:
    Organisation.objects.update_or_create(slug=organisation.slug, defaults={"name": "Either"})


INSERT = "INSERT INTO portal_organisation (slug, name, created_at) VALUES ('raw', 'Raw', now())"
WAYS: list[tuple[str, Callable[[Organisation], Any], list[str]]] = [
    ("save", save, ["row.update"]),
    ("create", lambda _: Organisation.objects.create(slug="new", name="New"), ["row.insert"]),
    ("queryset update", lambda _: Organisation.objects.update(name="Same for one"), ["row.update"]),
    ("bulk_create", bulk_create, ["row.insert"] * 3),
    ("bulk_update", bulk_update, ["row.update"]),
    ("update_or_create", update_or_create, ["row.update"]),
    ("delete", lambda organisation: organisation.delete(), ["row.delete"]),
    ("queryset delete", lambda _: Organisation.objects.all().delete(), ["row.delete"]),
    ("raw insert", run_sql(INSERT), ["row.insert"]),
    ("raw update", run_sql("UPDATE portal_organisation SET name = 'Raw' WHERE id = %(id)s"), ["row.update"]),
    ("raw delete", run_sql("DELETE FROM portal_organisation WHERE id = %(id)s"), ["row.delete"]),
    (
        "statement within WITH",
        run_sql(f"WITH made AS ({INSERT} RETURNING id) SELECT * FROM made"),
        ["row.insert"],
    ),
    (
        "upsert",
        run_sql(f"{INSERT} ON CONFLICT (slug) DO UPDATE SET name = 'Again'"),
        ["row.insert"],
    ),
    (
        "merge",
        run_sql(
            "MERGE INTO portal_organisation o USING (VALUES (%(id)s::bigint)) v (id) ON o.id = v.id"
            " WHEN MATCHED THEN UPDATE SET name = 'Merged'"
        ),
        ["row.update"],
    ),
    ("update that changes nothing", run_sql("UPDATE portal_organisation SET name = name"), []),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("write", "expected"), [row[1:] for row in WAYS], ids=[row[0] for row in WAYS])
def test_every_way_to_write_leaves_one_event_per_changed_row(
    organisation: Organisation, write: Callable[[Organisation], Any], expected: list[str]
) -> None:
    trail = Trail()

    with acting(ANN):
        write(organisation)

    assert trail.types() == expected
    assert {event.actor for event in trail.events()} <= {ANN.id}


@pytest.mark.django_db
@pytest.mark.parametrize("write", [row[1] for row in WAYS[:-1]], ids=[row[0] for row in WAYS[:-1]])
def test_no_way_to_write_works_without_an_actor(
    organisation: Organisation, write: Callable[[Organisation], Any]
) -> None:
    trail = Trail()

    with pytest.raises(Error) as refusal, transaction.atomic():
        write(organisation)

    assert refusal.value.__cause__.sqlstate == "PA001"
    assert trail.events() == []


@pytest.mark.django_db
def test_an_update_records_the_changed_columns_before_and_after(organisation: Organisation) -> None:
    trail = Trail()

    with acting(ANN):
        save(organisation)

    (event,) = trail.events()
    assert (event.before, event.after) == ({"name": "North Clinic"}, {"name": "Changed"})
    assert (event.entity, event.entity_id) == ("portal_organisation", str(organisation.pk))
    assert (event.action, event.outcome, event.organisation) == ("U", 0, str(organisation.pk))


@pytest.mark.django_db
def test_a_password_leaves_the_fact_of_its_change_and_nothing_of_itself(organisation: Organisation) -> None:
    trail = Trail()

    user = make_user("jdoe", organisation=organisation)
    with acting(ANN):
        user.set_password("another long password")
        user.save(update_fields=["password"])

    created, changed = trail.events(entity="portal_user")
    assert created.after["password"] == "[redacted]"
    assert (changed.before, changed.after) == ({"password": "[redacted]"}, {"password": "[changed]"})
    assert changed.organisation == str(organisation.pk)


@pytest.mark.django_db
def test_a_role_given_is_recorded_under_the_organisation_of_the_person(organisation: Organisation) -> None:
    user = make_user("jdoe", organisation=organisation)
    trail = Trail()

    with acting(ANN):
        user.groups.add(Group.objects.get(name=Role.AUDITOR))

    (event,) = trail.events()
    assert (event.event_type, event.entity) == ("row.insert", "portal_user_groups")
    assert (event.organisation, event.after["user_id"]) == (str(organisation.pk), user.pk)


@pytest.mark.django_db
def test_times_inside_an_event_are_utc_whatever_the_session_uses() -> None:
    trail = Trail()

    with acting(ANN), connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'Asia/Tokyo'")
        cursor.execute(
            "INSERT INTO portal_organisation (slug, name, created_at) VALUES ('t', 'T', '2026-01-01T00:00Z')"
        )

    assert trail.events()[0].after["created_at"] == "2026-01-01T00:00:00+00:00"


@pytest.mark.django_db
def test_a_change_that_is_rolled_back_leaves_no_event(organisation: Organisation) -> None:
    trail = Trail()

    with acting(ANN), transaction.atomic():
        save(organisation)
        transaction.set_rollback(True)

    assert trail.events() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_another_isolation_than_read_committed_is_refused(isolation: str) -> None:
    @transaction.atomic
    def write() -> None:
        connection.cursor().execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        Organisation.objects.create(slug="x", name="X")

    with acting(ANN):
        Organisation.objects.exists()  # says who acts outside the transaction, whose level is chosen first
        with pytest.raises(Error) as refusal:
            write()

    assert refusal.value.__cause__.sqlstate == "PA002"
    assert not Organisation.objects.exists()
