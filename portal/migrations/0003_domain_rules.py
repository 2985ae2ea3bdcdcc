"""Trigger functions for the rules that `portal.triggers` puts on tables."""

from pathlib import Path

from django.db import migrations

RULES = Path(__file__).resolve().parent.parent / "audit_sql" / "0006_rules.sql"


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_audit_trail")]

    operations = [
        migrations.RunSQL(
            RULES.read_text(encoding="utf-8"),
            "DROP FUNCTION portal_refuse_change(), portal_check_transition(),"
            " portal_check_immutable(), portal_check_frozen()",
        )
    ]
