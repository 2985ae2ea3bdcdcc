"""Migration operations for rules that hold in the database, whoever writes: the portal, the admin or SQL.

A refusal is a `django.db.IntegrityError`; `error.__cause__.diag.constraint_name` is the name of the rule.
Every trigger fires always, also for a replica's or a restore's session, and /readyz reports one that is
missing or switched off. TRUNCATE is not refused: the portal's own role may not truncate any table, and tests
must be able to.
"""

from collections.abc import Iterable, Sequence

from django.db import migrations

_MAX_IDENTIFIER = 63  # bytes; PostgreSQL cuts longer names short


def append_only(table: str) -> migrations.RunSQL:
    """Refuse to change or delete a row. Rule: `<table>_append_only`."""
    return _trigger(
        table,
        name=f"{table}_append_only",
        when="BEFORE UPDATE OR DELETE",
        function="portal_refuse_change",
        arguments=["Rows of this table are history: add one that corrects it."],
    )


def no_delete(table: str) -> migrations.RunSQL:
    """Refuse to delete a row. Rule: `<table>_no_delete`."""
    return _trigger(
        table,
        name=f"{table}_no_delete",
        when="BEFORE DELETE",
        function="portal_refuse_change",
        arguments=["Rows of this table are kept: change the status instead."],
    )


def allowed_transitions(
    table: str, column: str, pairs: Iterable[tuple[str, str]], *, initial: Sequence[str] = ()
) -> migrations.RunSQL:
    """Refuse every step of a status column but the pairs (from, to). Rule: `<table>_<column>_transition`.

    With `initial`, a new row must start with one of these values.
    """
    return _trigger(
        table,
        name=f"{table}_{column}_transition",
        # not UPDATE OF: a trigger before this one may change the column too
        when=f"BEFORE {'INSERT OR ' if initial else ''}UPDATE",
        function="portal_check_transition",
        arguments=[column, *(f">{value}" for value in initial), *(f"{old}>{new}" for old, new in pairs)],
    )


def immutable_columns(table: str, columns: Sequence[str]) -> migrations.RunSQL:
    """Refuse to change these columns once a row exists. Rule: `<table>_immutable`."""
    return _trigger(
        table,
        name=f"{table}_immutable",
        when="BEFORE UPDATE",
        function="portal_check_immutable",
        arguments=list(columns),
    )


def frozen_by_parent(
    table: str, foreign_key: str, parent: str, column: str, values: Sequence[str]
) -> migrations.RunSQL:
    """Refuse to add, change or delete a row while its parent's column holds one of the values.

    Rule: `<table>_frozen`. The parent row is share-locked: it cannot be frozen while a child is changing.
    """
    return _trigger(
        table,
        name=f"{table}_frozen",
        when="BEFORE INSERT OR UPDATE OR DELETE",
        function="portal_check_frozen",
        arguments=[foreign_key, f'public."{parent}"', column, *values],
    )


def _trigger(
    table: str, *, name: str, when: str, function: str, arguments: Sequence[str]
) -> migrations.RunSQL:
    if len(name.encode()) > _MAX_IDENTIFIER:
        raise ValueError(f"{name} is too long for the name of a trigger")
    literals = ", ".join("'" + argument.replace("'", "''") + "'" for argument in [name, *arguments])
    return migrations.RunSQL(
        f'CREATE TRIGGER "{name}" {when} ON "{table}" FOR EACH ROW EXECUTE FUNCTION {function}({literals});'
        f"SELECT audit.expect_guard('\"{table}\"', '{name}');",
        f"SELECT audit.forget_guard('\"{table}\"', '{name}');",
    )
