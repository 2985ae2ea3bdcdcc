"""The way of a version into use: states, steps of its history, and who wrote it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

from portal.audit import watch

STATES = [
    ("draft", "Draft"),
    ("in_review", "In review"),
    ("approved", "Approved"),
    ("scheduled", "Scheduled"),
    ("published", "Published"),
    ("superseded", "Superseded"),
    ("withdrawn", "Withdrawn"),
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
]
OPEN = ["draft", "in_review", "approved", "scheduled"]

_KEY = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


class Migration(migrations.Migration):
    """Tables and constraints; the rules in SQL follow in 0007."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("guidelines", "0005_vignettes"),
    ]

    operations = [
        migrations.AlterModelOptions(
            "scenarioversion",
            {
                "ordering": ["scenario", "-number"],
                "permissions": [
                    ("submit_scenarioversion", "Can submit a version for review"),
                    ("request_changes_scenarioversion", "Can ask for changes in a version"),
                    ("approve_scenarioversion", "Can approve a version"),
                    ("schedule_scenarioversion", "Can schedule the publication of a version"),
                    ("unschedule_scenarioversion", "Can take a version off the schedule"),
                    ("publish_scenarioversion", "Can publish a version"),
                    ("withdraw_scenarioversion", "Can withdraw a version"),
                ],
            },
        ),
        migrations.AlterField(
            "scenarioversion",
            "state",
            models.CharField(choices=STATES, default="draft", max_length=12),
        ),
        migrations.AddField(
            "scenarioversion", "submission", models.PositiveIntegerField(default=0, editable=False)
        ),
        migrations.AddField(
            "scenarioversion", "publish_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
        migrations.RemoveConstraint("scenarioversion", "guidelines_one_draft_per_scenario"),
        migrations.RemoveConstraint("scenarioversion", "guidelines_published_version_has_snapshot"),
        migrations.AddConstraint(
            "scenarioversion",
            models.UniqueConstraint(
                condition=Q(state__in=OPEN),
                fields=("scenario",),
                name="guidelines_one_open_version_per_scenario",
            ),
        ),
        migrations.AddConstraint(
            "scenarioversion",
            models.CheckConstraint(
                condition=Q(state__in=OPEN) | (~Q(snapshot="") & Q(digest__startswith="sha256:")),
                name="guidelines_released_version_has_snapshot",
            ),
        ),
        migrations.AddConstraint(
            "scenarioversion",
            models.CheckConstraint(
                condition=Q(publish_at__isnull=False, state="scheduled")
                | (~Q(state="scheduled") & Q(publish_at__isnull=True)),
                name="guidelines_scheduled_version_has_a_time",
            ),
        ),
        migrations.CreateModel(
            "Contributor",
            [
                _KEY,
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributors",
                        to="guidelines.scenarioversion",
                    ),
                ),
                ("actor", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("version", "actor"), name="guidelines_contributor_once")
                ],
            },
        ),
        migrations.CreateModel(
            "ReviewStep",
            [
                _KEY,
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="guidelines.scenarioversion",
                    ),
                ),
                ("action", models.CharField(choices=ACTIONS, max_length=16)),
                ("before", models.CharField(choices=STATES, max_length=12)),
                ("after", models.CharField(choices=STATES, max_length=12)),
                ("submission", models.PositiveIntegerField(default=0)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("actor", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField(null=True)),
                ("comment", models.TextField(blank=True)),
                ("acknowledged", models.JSONField(blank=True, default=list)),
                ("publish_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=~Q(action__in=("submit", "request_changes", "withdraw")) | ~Q(comment=""),
                        name="guidelines_reviewstep_says_why",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            # whoever began a version that is still being written is known; earlier changes are in the trail
            "INSERT INTO guidelines_contributor (version_id, actor, at)"
            " SELECT id, coalesce('user:' || created_by_id, 'system:load_pack'), created_at"
            " FROM guidelines_scenarioversion WHERE state = 'draft'",
            migrations.RunSQL.noop,
        ),
        watch("guidelines_contributor"),
        watch("guidelines_reviewstep"),
    ]
