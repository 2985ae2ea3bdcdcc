"""Record every change of guideline content in the audit trail."""

from django.db import migrations

from portal.audit import watch

TABLES = [
    "scenario",
    "scenarioversion",
    "source",
    "dataelement",
    "choice",
    "redirect",
    "criterion",
    "criterionredirect",
    "radiationlevel",
    "study",
    "ratedstudy",
    "orderrule",
    "ruleplacement",
    "advisory",
    "contradiction",
    "question",
    "reportfinding",
    "complication",
    "nextstep",
    "nextsteprule",
    "pitfall",
    "faq",
    "binding",
]


class Migration(migrations.Migration):
    """Audit triggers on every table of content."""

    dependencies = [("guidelines", "0002_freeze_published_content")]

    operations = [watch(f"guidelines_{table}") for table in TABLES]
