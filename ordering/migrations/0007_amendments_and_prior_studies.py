"""Orders that replace others or are wanted by a day; findings somebody has to acknowledge; prior studies."""

from collections.abc import Sequence
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.ids
from portal.audit import watch
from portal.triggers import append_only, immutable_columns, no_delete

VIA = [("portal", "Portal"), ("api", "API"), ("cds-hooks", "CDS Hooks"), ("command", "Command line")]
SIGNED_BEFORE = [
    "consultation_id",
    "scenario_slug",
    "scenario_title",
    "version_number",
    "study_code",
    "study_name",
    "study_text",
    "rating",
    "radiation",
    "override_reason_code",
    "override_reason_text",
    "adherence",
    "priority",
    "note",
    "parent_id",
    "requester_id",
    "signed_by_id",
    "signed_at",
]
SIGNED = [*SIGNED_BEFORE, "replaces_id", "wanted_by"]


def keep_signed(columns: Sequence[str]) -> str:
    """Return the function of the trigger that keeps a signed order as it was signed."""
    return f"""
CREATE OR REPLACE FUNCTION ordering_keep_signed_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND ({", ".join(f"NEW.{column}" for column in columns)})
      IS DISTINCT FROM ({", ".join(f"OLD.{column}" for column in columns)}) THEN
    RAISE EXCEPTION 'A signed order stays as it was signed; cancel it and place another.'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;
"""


def link(to: str, **given: Any) -> models.ForeignKey:
    """Return a reference to another row, which is never deleted."""
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, to=to, **({"related_name": "+"} | given)
    )


class Migration(migrations.Migration):
    """Columns of orders and consultations, two tables with their rules, and what a signed order keeps."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("ordering", "0006_what_advice_said"),
    ]

    operations = [
        migrations.AddField(
            "consultation",
            "replaces",
            link(
                "ordering.order",
                null=True,
                help_text="The order that an order on this consultation will replace.",
            ),
        ),
        migrations.AddField("order", "wanted_by", models.DateField(null=True)),
        migrations.AddField("order", "finding_unread", models.BooleanField(default=False)),
        migrations.AddField(
            "order", "replaces", link("ordering.order", null=True, related_name="replacements")
        ),
        migrations.AddConstraint(
            "order",
            models.UniqueConstraint(
                condition=models.Q(("status__in", ["revoked", "entered-in-error"]), _negated=True),
                fields=("replaces",),
                name="ordering_order_is_replaced_once",
            ),
        ),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(
                condition=models.Q(
                    ("replaces__isnull", True),
                    models.Q(("replaces", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="ordering_order_does_not_replace_itself",
            ),
        ),
        migrations.CreateModel(
            "Acknowledgement",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("via", models.CharField(choices=VIA, max_length=10)),
                ("by", link(settings.AUTH_USER_MODEL)),
                ("order", link("ordering.order", related_name="acknowledgements")),
                (
                    "finding",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgement",
                        to="ordering.finding",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            "PriorStudy",
            [
                (
                    "id",
                    models.UUIDField(
                        default=portal.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("done_on", models.DateField()),
                ("place", models.CharField(blank=True, max_length=200)),
                ("accession", models.CharField(blank=True, max_length=60)),
                ("result", models.TextField(blank=True)),
                ("recorded_at", models.DateTimeField()),
                ("struck_at", models.DateTimeField(null=True)),
                ("struck_reason", models.TextField(blank=True)),
                ("organisation", link("portal.organisation")),
                ("patient", link("ordering.patient", related_name="prior_studies")),
                ("recorded_by", link(settings.AUTH_USER_MODEL)),
                ("struck_by", link(settings.AUTH_USER_MODEL, null=True)),
            ],
            options={
                "verbose_name_plural": "prior studies",
                "ordering": ["-done_on", "-pk"],
                "indexes": [models.Index(fields=["patient", "-done_on"], name="ordering_prior_by_patient")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("struck_at__isnull", True),
                                ("struck_by__isnull", True),
                                ("struck_reason", ""),
                            ),
                            models.Q(
                                ("struck_at__isnull", False),
                                ("struck_by__isnull", False),
                                models.Q(("struck_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="ordering_struck_prior_study_says_why",
                    )
                ],
            },
        ),
        watch(
            "ordering_acknowledgement",
            patient="order_id->ordering_order.patient_id",
            organisation="order_id->ordering_order.organisation_id",
        ),
        watch("ordering_priorstudy"),
        append_only("ordering_acknowledgement"),
        no_delete("ordering_priorstudy"),
        immutable_columns(
            "ordering_priorstudy",
            [
                "id",
                "organisation_id",
                "patient_id",
                "name",
                "done_on",
                "place",
                "accession",
                "result",
                "recorded_at",
                "recorded_by_id",
            ],
        ),
        migrations.RunSQL(keep_signed(SIGNED), keep_signed(SIGNED_BEFORE)),
    ]
