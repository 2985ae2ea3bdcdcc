"""What helps while an order is written: kept answers, favourites, and phrases that no scenario matches."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import portal.ids
from portal.audit import watch


def key() -> models.UUIDField:
    """A fresh primary key field."""
    return models.UUIDField(default=portal.ids.uuid7, editable=False, primary_key=True, serialize=False)


def reference(to: str, *, null: bool = False) -> models.ForeignKey:
    """A fresh reference that keeps its row from being deleted and cannot be followed back."""
    return models.ForeignKey(null=null, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to)


class Migration(migrations.Migration):
    """Tables, and the audit trail of them."""

    dependencies = [
        ("ordering", "0009_silent_comparisons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptAnswers",
            fields=[
                ("id", key()),
                ("scenario_slug", models.CharField(max_length=80)),
                (
                    "typed",
                    models.JSONField(
                        help_text="What each row of the form holds: a list of texts by the row's name."
                    ),
                ),
                ("saved_at", models.DateTimeField()),
                ("author", reference(settings.AUTH_USER_MODEL)),
                ("draft", reference("ordering.order", null=True)),
                ("organisation", reference("portal.organisation")),
                ("parent", reference("ordering.order", null=True)),
                ("patient", reference("ordering.patient")),
                ("replaces", reference("ordering.order", null=True)),
            ],
            options={
                "verbose_name_plural": "kept answers",
                "indexes": [
                    models.Index(
                        fields=["organisation", "author", "-saved_at"], name="ordering_answers_kept_by"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("author", "patient", "scenario_slug", "draft", "parent", "replaces"),
                        name="ordering_answers_kept_once_per_form",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="FavouriteScenario",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("scenario_slug", models.CharField(max_length=80)),
                ("user", reference(settings.AUTH_USER_MODEL)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "scenario_slug"), name="ordering_favourite_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="UnmatchedPhrase",
            fields=[
                ("id", key()),
                ("phrase", models.CharField(max_length=200)),
                (
                    "asked_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("asked_by", reference(settings.AUTH_USER_MODEL)),
                ("organisation", reference("portal.organisation")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "-asked_at"], name="ordering_unmatched_recent")
                ],
            },
        ),
        watch("ordering_keptanswers"),
        watch("ordering_favouritescenario"),
        watch("ordering_unmatchedphrase"),
    ]
