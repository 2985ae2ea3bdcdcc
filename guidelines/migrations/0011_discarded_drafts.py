"""A draft that nobody wants is discarded: kept and frozen, and out of the way of the next one."""

from importlib import import_module

from django.db import migrations, models
from django.db.models import Q

BEFORE = import_module("guidelines.migrations.0007_rules_of_the_workflow")
STATES = [
    ("draft", "Draft"),
    ("in_review", "In review"),
    ("approved", "Approved"),
    ("scheduled", "Scheduled"),
    ("published", "Published"),
    ("superseded", "Superseded"),
    ("withdrawn", "Withdrawn"),
    ("discarded", "Discarded"),
]
ACTIONS = [
    ("submit", "Submitted for review"),
    ("request_changes", "Changes requested"),
    ("edit", "Changed after submission"),
    ("approve", "Approved"),
    ("schedule", "Publication scheduled"),
    ("unschedule", "Taken off the schedule"),
    ("publish", "Published"),
    ("supersede", "Superseded"),
    ("withdraw", "Withdrawn"),
    ("discard", "Draft discarded"),
]
PERMISSIONS = [
    ("submit_scenarioversion", "Can submit a version for review"),
    ("request_changes_scenarioversion", "Can ask for changes in a version"),
    ("approve_scenarioversion", "Can approve a version"),
    ("schedule_scenarioversion", "Can schedule the publication of a version"),
    ("unschedule_scenarioversion", "Can take a version off the schedule"),
    ("publish_scenarioversion", "Can publish a version"),
    ("withdraw_scenarioversion", "Can withdraw a version"),
    ("discard_scenarioversion", "Can discard a draft"),
]
NEEDS_COMMENT = ["submit", "request_changes", "withdraw", "discard"]
RELEASED = ["published", "superseded", "withdrawn"]


def functions(*, frozen_too: bool) -> str:
    """Return the functions that keep content as it is; with `frozen_too`, that of discarded drafts as well."""
    text = BEFORE.RULES.read_text(encoding="utf-8")
    rows = text[text.index("CREATE FUNCTION guidelines_guard_row") :]
    rows = rows[: rows.index("$$;\n") + 4].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
    version = text[text.index("CREATE OR REPLACE FUNCTION guidelines_freeze_version") :]
    version = version[: version.index("$$;\n") + 4]
    if not frozen_too:
        return rows + version
    kept = "('published', 'superseded', 'withdrawn')"
    ended = "('superseded', 'withdrawn')"
    assert rows.count(kept) == version.count(ended) == 1
    return rows.replace(kept, "('published', 'superseded', 'withdrawn', 'discarded')") + version.replace(
        ended, "('superseded', 'withdrawn', 'discarded')"
    )


def steps(allowed: list[str]) -> str:
    """Return the guard of the history, with the steps that it lets through."""
    forget = "SELECT audit.forget_guard('guidelines_reviewstep', 'guidelines_reviewstep_allowed');"
    made = BEFORE.guard(
        "guidelines_reviewstep",
        "guidelines_reviewstep_allowed",
        "BEFORE INSERT",
        "guidelines_check_step",
        *allowed,
    )
    return forget + str(made.sql)


class Migration(migrations.Migration):
    """One state, one step, one permission."""

    dependencies = [("guidelines", "0010_packs_known")]

    operations = [
        migrations.AlterModelOptions(
            "scenarioversion", {"ordering": ["scenario", "-number"], "permissions": PERMISSIONS}
        ),
        migrations.AlterField(
            "scenarioversion", "state", models.CharField(choices=STATES, default="draft", max_length=12)
        ),
        migrations.AlterField("reviewstep", "action", models.CharField(choices=ACTIONS, max_length=16)),
        migrations.AlterField("reviewstep", "before", models.CharField(choices=STATES, max_length=12)),
        migrations.AlterField("reviewstep", "after", models.CharField(choices=STATES, max_length=12)),
        migrations.RemoveConstraint("scenarioversion", "guidelines_released_version_has_snapshot"),
        migrations.AddConstraint(
            "scenarioversion",
            models.CheckConstraint(
                condition=~Q(state__in=RELEASED) | (~Q(snapshot="") & Q(digest__startswith="sha256:")),
                name="guidelines_released_version_has_snapshot",
            ),
        ),
        migrations.RemoveConstraint("reviewstep", "guidelines_reviewstep_says_why"),
        migrations.AddConstraint(
            "reviewstep",
            models.CheckConstraint(
                condition=~Q(action__in=NEEDS_COMMENT) | ~Q(comment=""),
                name="guidelines_reviewstep_says_why",
            ),
        ),
        migrations.RunSQL(functions(frozen_too=True), functions(frozen_too=False)),
        migrations.RunSQL(steps([*BEFORE.STEPS, "discard:draft>discarded"]), steps(BEFORE.STEPS)),
    ]
