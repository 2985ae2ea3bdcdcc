"""What silent versions would have said, one row for each consultation of their scenario."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from portal.audit import watch
from portal.triggers import append_only


class Migration(migrations.Migration):
    """One table, of history only."""

    dependencies = [
        ("ordering", "0008_webhooks"),
        ("guidelines", "0008_silent_runs"),
    ]

    operations = [
        migrations.CreateModel(
            name="SilentComparison",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("same", "The same"),
                            ("different", "Different"),
                            ("failed", "Could not be asked"),
                        ],
                        max_length=10,
                    ),
                ),
                ("first_given", models.CharField(blank=True, max_length=80)),
                ("first_silent", models.CharField(blank=True, max_length=80)),
                ("changes", models.JSONField(default=list)),
                (
                    "compared_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "consultation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ordering.consultation",
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="guidelines.silentrun",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["run", "outcome", "-id"], name="ordering_silent_by_outcome"),
                    models.Index(fields=["organisation", "compared_at"], name="ordering_silent_recent"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "consultation"), name="ordering_compared_in_silence_once"
                    )
                ],
            },
        ),
        append_only("ordering_silentcomparison"),
        watch(
            "ordering_silentcomparison",
            patient="consultation_id->ordering_consultation.patient_id",
        ),
    ]
