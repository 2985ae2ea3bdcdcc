"""Who vouches for each value, and since when. Rows that were there before say nothing of it."""

from django.db import migrations, models

VERIFIER = "Who checked that the source says so, such as the source's own reviewer. Empty: not recorded. Never guess."
DAY = "When it was checked, as recorded. Empty: not recorded."

ROWS = [
    ("advisory", ""),
    ("binding", ""),
    ("criterion", ""),
    ("faq", ""),
    ("nextstep", ""),
    ("orderrule", ""),
    ("pitfall", ""),
    ("radiationlevel", ""),
    ("ratedstudy", "rating_"),
    ("ratedstudy", "radiation_"),
]


def provenance_of(row: str, prefix: str) -> list[migrations.AddField]:
    return [
        migrations.AddField(
            row,
            f"{prefix}verified_by",
            models.CharField(blank=True, default="", max_length=200, help_text=VERIFIER),
            False,
        ),
        migrations.AddField(
            row, f"{prefix}verified_on", models.DateField(blank=True, null=True, help_text=DAY)
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [("guidelines", "0003_watch_content")]

    operations = [operation for row, prefix in ROWS for operation in provenance_of(row, prefix)]
