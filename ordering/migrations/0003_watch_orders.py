"""Record every change of patients, consultations, orders and findings in the audit trail."""

from django.db import migrations

from portal.audit import watch


def of_order(column: str) -> str:
    """A column of the order that a row belongs to."""
    return f"order_id->ordering_order.{column}"


class Migration(migrations.Migration):
    """Audit triggers on every table of ordering."""

    dependencies = [("ordering", "0002_rules_of_the_database")]

    operations = [
        watch("ordering_patient", patient="id"),
        watch("ordering_consultation"),
        watch("ordering_order"),
        *[
            watch(table, patient=of_order("patient_id"), organisation=of_order("organisation_id"))
            for table in ("ordering_orderstatus", "ordering_finding", "ordering_progress")
        ],
        watch("ordering_idempotencykey", secrets=["body", "headers"]),
    ]
