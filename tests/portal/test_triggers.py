"""The rules that migrations put on tables hold for SQL as well, for the owner too."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connections, migrations, transaction
from django.db.backends.utils import CursorWrapper
from django.db.migrations.state import ProjectState

from portal import triggers
from portal.audit import watch

pytestmark = pytest.mark.django_db(databases=["default", "owner"])

SCHEMA = """
CREATE TABLE parent (id int PRIMARY KEY, state text NOT NULL, patient_id int, organisation_id int);
CREATE TABLE child (
    id int PRIMARY KEY, parent_id int REFERENCES parent, status text NOT NULL, note text, extra jsonb
);
INSERT INTO parent VALUES (1, 'draft', 71, 81), (2, 'published', 72, 82);
INSERT INTO child VALUES (1, 1, 'draft', 'n', '{"a": 1}');
"""


@pytest.fixture
def owner() -> Iterator[CursorWrapper]:
    """Return a cursor of the owner, with two tables that are gone after the test."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(SCHEMA)
        yield cursor
        transaction.set_rollback(True, using="owner")


def apply(operation: migrations.RunSQL, *, backwards: bool = False) -> None:
    with connections["owner"].schema_editor(atomic=False) as editor:
        step = operation.database_backwards if backwards else operation.database_forwards
        step("portal", editor, ProjectState(), ProjectState())


def refused(owner: CursorWrapper, statement: str) -> str | None:
    """Return the rule that refuses the statement, or None."""
    try:
        with transaction.atomic(using="owner"):
            owner.execute(statement)
    except IntegrityError as error:
        return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    return None


STEPS = [("draft", "active"), ("active", "on-hold"), ("on-hold", "active")]
RULES = [
    (triggers.append_only("child"), "UPDATE child SET note = 'x'", "child_append_only"),
    (triggers.append_only("child"), "DELETE FROM child", "child_append_only"),
    (triggers.append_only("child"), "INSERT INTO child VALUES (2, 1, 'draft')", None),
    (triggers.append_only("child"), "TRUNCATE child", None),
    (triggers.no_delete("child"), "DELETE FROM child", "child_no_delete"),
    (triggers.no_delete("child"), "UPDATE child SET note = 'x'", None),
    (triggers.allowed_transitions("child", "status", STEPS), "UPDATE child SET status = 'active'", None),
    (triggers.allowed_transitions("child", "status", STEPS), "UPDATE child SET note = 'x'", None),
    (
        triggers.allowed_transitions("child", "status", STEPS),
        "UPDATE child SET status = 'on-hold'",
        "child_status_transition",
    ),
    (
        triggers.allowed_transitions("child", "status", STEPS),
        "UPDATE child SET status = 'it''s'",
        "child_status_transition",
    ),
    (
        triggers.allowed_transitions("child", "status", STEPS, initial=["draft"]),
        "INSERT INTO child VALUES (2, 1, 'active')",
        "child_status_transition",
    ),
    (
        triggers.allowed_transitions("child", "status", STEPS, initial=["draft"]),
        "INSERT INTO child VALUES (2, 1, 'draft')",
        None,
    ),
    (
        triggers.allowed_transitions("child", "status", STEPS, initial=["draft"]),
        "UPDATE child SET note = 'x'",
        None,
    ),
    (
        triggers.immutable_columns("child", ["note", "extra"]),
        "UPDATE child SET note = NULL",
        "child_immutable",
    ),
    (
        triggers.immutable_columns("child", ["note", "extra"]),
        "UPDATE child SET extra = '{}'",
        "child_immutable",
    ),
    (
        triggers.immutable_columns("child", ["note", "extra"]),
        "UPDATE child SET status = 'x', note = note",
        None,
    ),
    *(
        (triggers.frozen_by_parent("child", "parent_id", "parent", "state", ["published"]), statement, rule)
        for statement, rule in [
            ("INSERT INTO child VALUES (2, 2, 'draft')", "child_frozen"),
            ("INSERT INTO child VALUES (2, 1, 'draft')", None),
            ("UPDATE child SET parent_id = 2", "child_frozen"),
            ("UPDATE child SET note = 'x'", None),
            ("DELETE FROM child", None),
            ("UPDATE parent SET state = 'published'", None),
        ]
    ),
]


@pytest.mark.parametrize(("operation", "statement", "rule"), RULES, ids=[f"{r[2]}: {r[1]}" for r in RULES])
def test_a_rule_refuses_exactly_what_it_says_and_names_itself(
    owner: CursorWrapper, operation: migrations.RunSQL, statement: str, rule: str | None
) -> None:
    apply(operation)

    assert refused(owner, statement) == rule


@pytest.mark.parametrize(
    "statement", ["UPDATE child SET note = 'x'", "DELETE FROM child", "UPDATE child SET parent_id = 2"]
)
def test_a_row_is_frozen_as_soon_as_its_parent_is(owner: CursorWrapper, statement: str) -> None:
    apply(triggers.frozen_by_parent("child", "parent_id", "parent", "state", ["published"]))
    owner.execute("UPDATE parent SET state = 'published' WHERE id = 1")

    assert refused(owner, statement) == "child_frozen"


def test_rules_hold_in_a_replicas_session_and_are_gone_when_taken_back(owner: CursorWrapper) -> None:
    operation = triggers.append_only("child")
    apply(operation)
    owner.execute("SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'child_append_only'")
    enabled = owner.fetchone()
    apply(operation, backwards=True)

    assert enabled == ("A",)
    assert refused(owner, "DELETE FROM child") is None
    owner.execute("SELECT count(*) FROM audit.guard WHERE trigger = 'child_append_only'")
    assert owner.fetchone() == (0,)


def test_a_name_too_long_for_postgresql_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        triggers.append_only("a" * 60)


def test_a_watched_child_carries_the_references_of_its_parent(owner: CursorWrapper) -> None:
    apply(
        watch(
            "child", organisation="parent_id->parent.organisation_id", patient="parent_id->parent.patient_id"
        )
    )

    owner.execute("UPDATE child SET note = 'x'; DELETE FROM child")

    owner.execute("SET LOCAL ROLE portal_audit")
    owner.execute("SELECT organisation, patient_ref FROM audit.event ORDER BY id DESC LIMIT 2")
    assert owner.fetchall() == [("81", "71"), ("81", "71")]


def test_a_watched_table_is_unwatched_when_taken_back(owner: CursorWrapper) -> None:
    operation = watch("parent", patient="id", secrets=["state"])
    apply(operation)
    apply(operation, backwards=True)

    owner.execute("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'parent'::regclass AND NOT tgisinternal")
    assert owner.fetchone() == (0,)


@pytest.mark.parametrize(
    "operation",
    [
        watch("child", secrets=["pasword"]),
        watch("child", patient="patient_id"),
        watch("child", patient="parent_id->parent.nothing"),
        watch("child", organisation="nothing->parent.id"),
        watch("child", organisation="parent_id -> parent"),
    ],
)
def test_a_column_that_is_not_there_stops_the_migration(
    owner: CursorWrapper, operation: migrations.RunSQL
) -> None:
    with pytest.raises(Exception, match=r"audit\.watch"), transaction.atomic(using="owner"):
        apply(operation)
