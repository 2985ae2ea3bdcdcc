"""The outbox: events for other systems, written with the change they tell of."""

import django.db.models.deletion
from django.db import migrations, models

import portal.ids
from portal.audit import watch
from portal.triggers import append_only


class Migration(migrations.Migration):
    """One table, watched, to which rows are only added."""

    dependencies = [
        ("portal", "0005_npi_of_a_person"),
    ]

    operations = [
        migrations.CreateModel(
            name="OutboxEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("uid", models.UUIDField(default=portal.ids.uuid7, editable=False, unique=True)),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("order.signed", "An order was signed"),
                            ("order.cancelled", "An order was cancelled"),
                            ("order.status_changed", "An order has another status"),
                            ("finding.recorded", "A finding was recorded"),
                            ("guideline.published", "A version of a guideline was published"),
                        ],
                        max_length=40,
                    ),
                ),
                ("subject", models.CharField(max_length=120)),
                ("occurred_at", models.DateTimeField()),
                ("data", models.JSONField()),
                (
                    "organisation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.organisation",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "occurred_at", "id"], name="portal_outbox_by_time"),
                    models.Index(fields=["subject", "id"], name="portal_outbox_by_subject"),
                ],
            },
        ),
        append_only("portal_outboxevent"),
        watch("portal_outboxevent"),
    ]
