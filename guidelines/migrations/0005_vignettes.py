"""Vignettes: invented patients with the answer that a version must give for them."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from portal.audit import watch
from portal.triggers import frozen_by_parent


class Migration(migrations.Migration):
    """A list of rows more, recorded and frozen as the others are."""

    dependencies = [("guidelines", "0004_per_value_provenance")]

    operations = [
        migrations.CreateModel(
            name="Vignette",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Place in the list; smaller numbers come first. 0 puts a new row last.",
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="Name within this version.",
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]+(?:[-_][a-z0-9]+)*$",
                                "Use lower-case letters and digits, joined by single hyphens or underscores.",
                            )
                        ],
                    ),
                ),
                ("title", models.CharField(help_text="The patient in a few words.", max_length=200)),
                (
                    "story",
                    models.TextField(
                        blank=True,
                        help_text=(
                            "Who the patient is, what the vignette is for, and who says what is right."
                        ),
                    ),
                ),
                (
                    "answers",
                    models.JSONField(blank=True, default=dict, help_text="The answers that are documented."),
                ),
                (
                    "fit",
                    models.CharField(
                        choices=[
                            ("fits", "The scenario fits"),
                            ("needs_answers", "Answers are missing"),
                            ("does_not_fit", "The scenario does not fit"),
                        ],
                        help_text="Must the scenario fit?",
                        max_length=16,
                    ),
                ),
                (
                    "redirects",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Where the reader must be sent; exactly these.",
                    ),
                ),
                (
                    "studies",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="The studies that must come first, in this order, with their roles.",
                    ),
                ),
                (
                    "advisories",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="The advisories that must be shown; exactly these.",
                    ),
                ),
                (
                    "report",
                    models.JSONField(
                        blank=True,
                        help_text="What the report then showed, and the next steps that must follow.",
                        null=True,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="guidelines.scenarioversion"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("version", "key"), name="guidelines_vignette_key_once")
                ],
            },
        ),
        frozen_by_parent(
            "guidelines_vignette",
            "version_id",
            "guidelines_scenarioversion",
            "state",
            ["published", "superseded"],
        ),
        watch("guidelines_vignette"),
    ]
