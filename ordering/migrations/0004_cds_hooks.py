"""EHRs that call over CDS Hooks, the tokens they used, the cards they got and the feedback that came back."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import ordering.cds_hooks.checks
import portal.ids
from portal.audit import watch
from portal.triggers import append_only, no_delete

OF_CLIENT = "client_id->ordering_cdsclient.organisation_id"
OF_PATIENT = "consultation_id->ordering_consultation.patient_id"


class Migration(migrations.Migration):
    """Tables, what never changes in them, and the audit trail of them."""

    dependencies = [
        ("ordering", "0003_watch_orders"),
        ("portal", "0004_watch_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CdsClient",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(help_text="The EHR, as people call it.", max_length=100)),
                (
                    "issuer",
                    models.CharField(
                        help_text="What the EHR's tokens say in “iss”, exactly. Tokens of any other issuer are refused.",
                        max_length=200,
                        unique=True,
                    ),
                ),
                (
                    "jku",
                    models.URLField(
                        blank=True,
                        help_text="If its tokens carry “jku”, it must be this. It is never fetched: enter the keys below.",
                        max_length=300,
                        verbose_name="key set address",
                    ),
                ),
                (
                    "jwks",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The EHR's JSON Web Key Set, public keys only: EC P-384 for ES384, RSA for RS384.",
                        validators=[ordering.cds_hooks.checks.usable_key_set],
                        verbose_name="public keys",
                    ),
                ),
                (
                    "origins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            max_length=200, validators=[ordering.cds_hooks.checks.web_origin]
                        ),
                        blank=True,
                        default=list,
                        help_text="Origins of browser-based clients (CORS), such as https://ehr.example.org, commas between.",
                        size=None,
                    ),
                ),
                (
                    "replacement",
                    models.CharField(
                        choices=[
                            ("update", "Update the draft"),
                            ("delete-create", "Delete the draft and create another"),
                        ],
                        default="update",
                        help_text="How a suggestion replaces the draft.",
                        max_length=14,
                    ),
                ),
                (
                    "may_be_rating",
                    models.CharField(
                        choices=[
                            ("no-criteria-apply", "No criteria apply"),
                            ("appropriate", "Appropriate"),
                            ("not-appropriate", "Not appropriate"),
                        ],
                        default="no-criteria-apply",
                        max_length=20,
                        verbose_name="“may be appropriate” is reported as",
                    ),
                ),
                (
                    "qcdsm",
                    models.CharField(
                        blank=True,
                        help_text="Code of the qualified mechanism that the site has contracted. Empty: none is claimed.",
                        max_length=40,
                        verbose_name="qualified mechanism",
                    ),
                ),
                (
                    "mrn_system",
                    models.CharField(
                        blank=True,
                        help_text="Identifier system of medical record numbers in the EHR. Empty: identifiers of type MR.",
                        max_length=200,
                        verbose_name="MRN system",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="Calls of a client that is not active get 401."
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
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
                    "user",
                    models.ForeignKey(
                        help_text="A clinician of the organisation: asks in its consultations, acts in the audit trail.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="acts as",
                    ),
                ),
            ],
            options={
                "verbose_name": "CDS Hooks client",
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="CdsCard",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("service", models.CharField(max_length=40)),
                ("indicator", models.CharField(max_length=10)),
                ("study_code", models.CharField(blank=True, max_length=80)),
                ("rating", models.CharField(blank=True, max_length=40)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "consultation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cards",
                        to="ordering.consultation",
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ordering.cdsclient"
                    ),
                ),
            ],
            options={
                "verbose_name": "CDS Hooks card",
            },
        ),
        migrations.CreateModel(
            name="CdsSeenToken",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="ordering.cdsclient"
                    ),
                ),
            ],
            options={
                "verbose_name": "CDS Hooks token",
            },
        ),
        migrations.CreateModel(
            name="CdsFeedback",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=portal.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("card", models.CharField(blank=True, max_length=100)),
                ("service", models.CharField(max_length=40)),
                ("outcome", models.CharField(blank=True, max_length=40)),
                ("accepted", models.JSONField(default=list)),
                ("reason_system", models.CharField(blank=True, max_length=200)),
                ("reason_code", models.CharField(blank=True, max_length=100)),
                ("reason_display", models.CharField(blank=True, max_length=200)),
                ("comment", models.TextField(blank=True)),
                ("happened_at", models.DateTimeField(null=True)),
                (
                    "received_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("entry", models.JSONField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ordering.cdsclient"
                    ),
                ),
                (
                    "consultation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feedback",
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
            ],
            options={
                "verbose_name": "CDS Hooks feedback",
                "verbose_name_plural": "CDS Hooks feedback",
                "indexes": [
                    models.Index(fields=["organisation", "-received_at"], name="ordering_feedback_recent")
                ],
            },
        ),
        no_delete("ordering_cdsclient"),
        append_only("ordering_cdscard"),
        append_only("ordering_cdsfeedback"),
        watch("ordering_cdsclient"),
        watch("ordering_cdsseentoken", organisation=OF_CLIENT),
        watch("ordering_cdscard", organisation=OF_CLIENT, patient=OF_PATIENT),
        # a comment may name a patient: the trail says that there is one, not what it says
        watch("ordering_cdsfeedback", patient=OF_PATIENT, secrets=["comment", "entry"]),
    ]
