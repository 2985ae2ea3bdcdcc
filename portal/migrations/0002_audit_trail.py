"""The audit trail: schema audit, owned by a role nobody signs in as."""

from pathlib import Path

from django.db import migrations, models

SCRIPTS = Path(__file__).resolve().parent.parent / "audit_sql"
INSTALL = ["0001_tables", "0002_chain", "0003_capture", "0004_verify", "0005_privileges"]


def script(name: str) -> str:
    return (SCRIPTS / f"{name}.sql").read_text(encoding="utf-8")


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [
        migrations.RunSQL("\n".join(map(script, INSTALL)), script("drop")),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("chain", models.IntegerField()),
                ("seq", models.BigIntegerField(null=True, verbose_name="place in the chain")),
                ("tx", models.TextField()),
                ("recorded_at", models.DateTimeField()),
                ("actor", models.TextField()),
                ("actor_role", models.TextField(null=True, verbose_name="roles")),
                ("via", models.TextField(null=True)),
                ("request_id", models.TextField(null=True, verbose_name="request")),
                ("client_ip", models.TextField(null=True, verbose_name="address")),
                ("db_user", models.TextField(verbose_name="database user")),
                ("event_type", models.TextField(verbose_name="event")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("C", "create"),
                            ("R", "read"),
                            ("U", "update"),
                            ("D", "delete"),
                            ("E", "execute"),
                        ],
                        max_length=1,
                    ),
                ),
                (
                    "outcome",
                    models.SmallIntegerField(
                        choices=[
                            (0, "success"),
                            (4, "minor failure"),
                            (8, "serious failure"),
                            (12, "major failure"),
                        ]
                    ),
                ),
                ("entity", models.TextField(null=True)),
                ("entity_id", models.TextField(null=True)),
                ("organisation", models.TextField(null=True)),
                ("patient_ref", models.TextField(null=True, verbose_name="patient")),
                ("reason", models.TextField(null=True)),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                ("content_hash", models.BinaryField()),
                ("prev_hash", models.BinaryField(null=True)),
                ("hash", models.BinaryField(null=True)),
            ],
            options={
                "verbose_name": "audit event",
                "db_table": '"audit"."trail"',
                "ordering": ["-id"],
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
