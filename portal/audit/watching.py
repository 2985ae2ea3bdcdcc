"""Migration operations and checks of the triggers that record every change."""

from collections.abc import Sequence

from django.apps import apps
from django.db import connection, migrations

WATCHED_APPS = ("portal", "guidelines", "ordering")  # every table of these must be watched


def watch(
    table: str, *, patient: str | None = None, organisation: str | None = None, secrets: Sequence[str] = ()
) -> migrations.RunSQL:
    """Return the operation that records every change of a table from now on.

    `patient` and `organisation` say where the references of its events come from: a column (`"id"`), or a
    column of the row it belongs to (`"order_id->ordering_order.patient_id"`). Left out, they are the table's
    own `patient_id` and `organisation_id`, if it has them. Of `secrets` only the fact of a change is
    recorded.
    """
    arguments = [table, organisation, patient, list(secrets)]
    return migrations.RunSQL(
        [("SELECT audit.watch(%s::regclass, %s, %s, %s::text[])", arguments)],
        [("SELECT audit.unwatch(%s::regclass)", [table])],
    )


def broken_guards() -> list[str]:
    """Return what keeps the trail from being complete: guards that would not fire, tables not watched."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relation, trigger, problem FROM audit.broken_guards()")
        broken = [
            f"{relation}: trigger {trigger} is {problem}" for relation, trigger, problem in cursor.fetchall()
        ]
        cursor.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE t.tgname IN ('zz_audit', 'zz_audit_truncate') AND t.tgenabled = 'A'"
            " GROUP BY c.relname HAVING count(*) = 2"
        )
        watched = {name for (name,) in cursor.fetchall()}
    return broken + [f"{table}: not watched" for table in sorted(tables_to_watch() - watched)]


def guards_in_place() -> bool:
    """Return whether every guard trigger exists, fires always, and every table of ours is watched."""
    return not broken_guards()


def tables_to_watch() -> set[str]:
    """Return the tables of the portal's own apps, join tables included."""
    return {
        model._meta.db_table
        for label in WATCHED_APPS
        if apps.is_installed(label)
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
