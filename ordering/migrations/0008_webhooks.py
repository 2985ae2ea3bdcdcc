"""Webhooks: endpoints, their secrets, deliveries and attempts, all watched."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import portal.ids
from portal.audit import watch

OF_ENDPOINT = "endpoint_id->ordering_webhookendpoint.organisation_id"


class Migration(migrations.Migration):
    """Four tables."""

    dependencies = [
        ("ordering", "0007_amendments_and_prior_studies"),
        ("portal", "0006_outbox"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("url", models.CharField(max_length=2000, verbose_name="URL")),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("order.signed", "An order was signed"),
                                ("order.cancelled", "An order was cancelled"),
                                ("order.status_changed", "An order has another status"),
                                ("finding.recorded", "A finding was recorded"),
                                ("guideline.published", "A version of a guideline was published"),
                            ],
                            max_length=40,
                        ),
                        size=None,
                    ),
                ),
                (
                    "patient_data",
                    models.CharField(
                        choices=[
                            ("none", "No patient data"),
                            ("ids", "Identifiers"),
                            ("full", "The whole order"),
                        ],
                        default="none",
                        max_length=4,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("active", "Active"), ("disabled", "Disabled"), ("deleted", "Deleted")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("disabled_at", models.DateTimeField(null=True)),
                (
                    "disabled_because",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("person", "Switched off by a person"),
                            ("failing", "Every delivery failed for days"),
                            ("gone", "The receiver answered 410 Gone"),
                        ],
                        max_length=8,
                    ),
                ),
                ("failing_since", models.DateTimeField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("updated_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            ],
            options={
                "verbose_name": "webhook",
            },
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("type", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=120)),
                ("lane", models.PositiveSmallIntegerField()),
                ("position", models.BigIntegerField()),
                ("occurred_at", models.DateTimeField()),
                (
                    "patient_data",
                    models.CharField(
                        choices=[
                            ("none", "No patient data"),
                            ("ids", "Identifiers"),
                            ("full", "The whole order"),
                        ],
                        max_length=4,
                    ),
                ),
                ("body", models.TextField()),
                (
                    "status",
                    models.CharField(
                        choices=[("pending", "Pending"), ("delivered", "Delivered"), ("failed", "Failed")],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
                ("give_up_at", models.DateTimeField()),
                ("tries", models.PositiveIntegerField(default=0)),
                ("attempt_count", models.PositiveIntegerField(default=0)),
                ("last_status_code", models.PositiveSmallIntegerField(null=True)),
                ("last_attempt_at", models.DateTimeField(null=True)),
                ("last_duration_ms", models.PositiveIntegerField(null=True)),
                ("unreachable", models.BooleanField(default=False)),
                ("delivered_at", models.DateTimeField(null=True)),
                ("redelivery", models.BooleanField(default=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.outboxevent",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ordering.order",
                    ),
                ),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="ordering.webhookendpoint",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "webhook deliveries",
            },
        ),
        migrations.CreateModel(
            name="WebhookSecret",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sealed", models.TextField()),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("expires_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="secrets",
                        to="ordering.webhookendpoint",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookAttempt",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("started_at", models.DateTimeField()),
                ("duration_ms", models.PositiveIntegerField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("delivered", "Delivered"),
                            ("refused", "The receiver answered with an error"),
                            ("redirected", "The receiver answered with a redirect, which is not followed"),
                            ("timed-out", "The receiver took too long"),
                            ("unreachable", "No connection could be made"),
                            ("broken", "The answer was no HTTP, or broke off"),
                            ("forbidden-address", "The address is not one that may be called"),
                            ("tls", "The certificate or the encryption was not accepted"),
                            ("unsigned", "The secret could not be read"),
                        ],
                        max_length=20,
                    ),
                ),
                ("status_code", models.PositiveSmallIntegerField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("response_excerpt", models.CharField(blank=True, max_length=1000)),
                ("manual", models.BooleanField(default=False)),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attempts",
                        to="ordering.webhookdelivery",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("delivery", "number"), name="ordering_webhook_attempt_numbered"
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="webhookendpoint",
            index=models.Index(fields=["organisation", "-created_at"], name="ordering_webhook_of_org"),
        ),
        migrations.AddConstraint(
            model_name="webhookendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "active"), ("disabled_at__isnull", True), ("disabled_because", "")),
                    ("status", "deleted"),
                    models.Q(
                        ("status", "disabled"),
                        ("disabled_at__isnull", False),
                        models.Q(("disabled_because", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="ordering_webhook_says_why_disabled",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                models.F("endpoint"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="ordering_delivery_recent",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["endpoint", "lane", "due_at"],
                name="ordering_delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("status", "pending")),
                fields=["endpoint", "subject", "position"],
                name="ordering_delivery_in_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(
                fields=("endpoint", "event"), name="ordering_webhook_event_once_per_endpoint"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "pending"), ("due_at__isnull", False)),
                    models.Q(models.Q(("status", "pending"), _negated=True), ("due_at__isnull", True)),
                    _connector="OR",
                ),
                name="ordering_webhook_pending_is_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhooksecret",
            constraint=models.UniqueConstraint(
                condition=models.Q(("expires_at__isnull", True)),
                fields=("endpoint",),
                name="ordering_webhook_one_current_secret",
            ),
        ),
        watch("ordering_webhookendpoint"),
        watch("ordering_webhooksecret", organisation=OF_ENDPOINT, secrets=["sealed"]),
        watch(
            "ordering_webhookdelivery",
            organisation=OF_ENDPOINT,
            patient="order_id->ordering_order.patient_id",
            secrets=["body"],
        ),
        # what a receiver answers is its own, and may repeat what it was sent
        watch("ordering_webhookattempt", secrets=["response_excerpt"]),
    ]
