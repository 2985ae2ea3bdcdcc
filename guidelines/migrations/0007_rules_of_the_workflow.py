"""The rules of the workflow in the database: who wrote, which steps are allowed, what stays as it is."""

from importlib import import_module
from pathlib import Path

from django.db import migrations

from guidelines.guards import content_rows
from portal.triggers import append_only, frozen_by_parent

BEFORE = import_module("guidelines.migrations.0002_freeze_published_content")
RULES = Path(__file__).resolve().parent.parent / "sql" / "0007_workflow.sql"
VERSION_ROWS = [
    "source",
    "dataelement",
    "redirect",
    "criterion",
    "radiationlevel",
    "study",
    "ratedstudy",
    "orderrule",
    "advisory",
    "contradiction",
    "question",
    "reportfinding",
    "complication",
    "nextstep",
    "nextsteprule",
    "pitfall",
    "faq",
    "binding",
    "vignette",
]
NESTED_ROWS = {  # table -> (column, parent table)
    "choice": ("element_id", "dataelement"),
    "criterionredirect": ("criterion_id", "criterion"),
    "ruleplacement": ("rule_id", "orderrule"),
}
STEPS = [  # "!": refused to whoever changed the version
    "submit:draft>in_review",
    "request_changes:in_review>draft",
    "request_changes:approved>draft",
    "request_changes:scheduled>draft",
    "edit:in_review>draft",
    "edit:approved>draft",
    "edit:scheduled>draft",
    "!approve:in_review>approved",
    "!publish:approved>published",
    "!publish:scheduled>published",
    "!schedule:approved>scheduled",
    "unschedule:scheduled>approved",
    "supersede:published>superseded",
    "withdraw:published>withdrawn",
]


def guard(table: str, name: str, events: str, function: str, *arguments: str) -> migrations.RunSQL:
    """A guard that no setting of a session can switch off."""
    literals = ", ".join(f"'{argument}'" for argument in (name, *arguments))
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}({literals});"
        f"SELECT audit.expect_guard('{table}', '{name}');",
        f"SELECT audit.forget_guard('{table}', '{name}');",
    )


def as_before() -> str:
    """Return the SQL of the guards of rows and versions that this migration replaces."""
    guards = [str(operation.sql) for operation in BEFORE.Migration.operations[1:-2]]
    states = ["published", "superseded"]
    guards.append(
        str(
            frozen_by_parent(
                "guidelines_vignette", "version_id", "guidelines_scenarioversion", "state", states
            ).sql
        )
    )
    begin = BEFORE.FUNCTIONS.index("CREATE FUNCTION guidelines_freeze_version")
    end = BEFORE.FUNCTIONS.index("CREATE FUNCTION guidelines_freeze_slug")
    version = BEFORE.FUNCTIONS[begin:end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
    reset = "ALTER FUNCTION guidelines_freeze_version() RESET ALL;"
    return version + reset + "".join(guards)


class Migration(migrations.Migration):
    """Functions and triggers."""

    dependencies = [("guidelines", "0006_review_workflow")]

    operations = [
        migrations.RunSQL(migrations.RunSQL.noop, as_before()),
        migrations.RunSQL(
            RULES.read_text(encoding="utf-8"),
            "DROP FUNCTION guidelines_guard_row(), guidelines_note_author(), guidelines_check_step(),"
            " guidelines_note_change(bigint, text), guidelines_actor()",
        ),
        *[content_rows(f"guidelines_{table}", "version_id") for table in VERSION_ROWS],
        *[
            content_rows(f"guidelines_{table}", column, parent=f"guidelines_{parent}")
            for table, (column, parent) in NESTED_ROWS.items()
        ],
        guard(
            "guidelines_scenarioversion",
            "guidelines_scenarioversion_author",
            "AFTER INSERT",
            "guidelines_note_author",
        ),
        guard(
            "guidelines_reviewstep",
            "guidelines_reviewstep_allowed",
            "BEFORE INSERT",
            "guidelines_check_step",
            *STEPS,
        ),
        append_only("guidelines_reviewstep"),
        append_only("guidelines_contributor"),
    ]
