"""What holds for orders whoever writes: history is only added to, statuses follow their table,
a signed order says what it said when it was signed, and order numbers come from one sequence."""

from django.db import migrations

from portal.triggers import allowed_transitions, append_only, immutable_columns, no_delete

TRANSITIONS = [
    ("draft", "active"),
    ("active", "on-hold"),
    ("on-hold", "active"),
    ("draft", "revoked"),
    ("active", "revoked"),
    ("on-hold", "revoked"),
    ("active", "completed"),
    ("active", "entered-in-error"),
    ("on-hold", "entered-in-error"),
    ("completed", "entered-in-error"),
    ("revoked", "entered-in-error"),
]
SIGNED = [
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

SIGNED_ORDER = f"""
CREATE FUNCTION ordering_keep_signed_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND ({", ".join(f"NEW.{column}" for column in SIGNED)})
      IS DISTINCT FROM ({", ".join(f"OLD.{column}" for column in SIGNED)}) THEN
    RAISE EXCEPTION 'A signed order stays as it was signed; cancel it and place another.'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ordering_order_signed BEFORE UPDATE ON ordering_order
  FOR EACH ROW EXECUTE FUNCTION ordering_keep_signed_order();
SELECT audit.expect_guard('ordering_order', 'ordering_order_signed');
"""
SIGNED_ORDER_BACK = """
SELECT audit.forget_guard('ordering_order', 'ordering_order_signed');
DROP FUNCTION ordering_keep_signed_order();
"""


class Migration(migrations.Migration):
    """Guards and the sequence of order numbers."""

    dependencies = [("ordering", "0001_initial"), ("portal", "0004_watch_people")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE ordering_order_number; GRANT USAGE ON SEQUENCE ordering_order_number TO portal_app;",
            "DROP SEQUENCE ordering_order_number;",
        ),
        no_delete("ordering_patient"),
        append_only("ordering_consultation"),
        append_only("ordering_orderstatus"),
        append_only("ordering_finding"),
        append_only("ordering_progress"),
        no_delete("ordering_order"),
        immutable_columns(
            "ordering_order", ["id", "number", "organisation_id", "patient_id", "created_by_id", "placed_at"]
        ),
        allowed_transitions("ordering_order", "status", TRANSITIONS, initial=["draft"]),
        migrations.RunSQL(SIGNED_ORDER, SIGNED_ORDER_BACK),
    ]
