"""What the leaflet for patients says: a list of rows more, recorded and frozen as the others are."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from guidelines.guards import content_rows
from portal.audit import watch


class Migration(migrations.Migration):
    """One table with its guards."""

    dependencies = [("guidelines", "0008_silent_runs")]

    operations = [
        migrations.CreateModel(
            name="LeafletText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "position",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Place in the list; smaller numbers come first. 0 puts a new row last.",
                    ),
                ),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("article", "Article"),
                            ("secondary", "Secondary"),
                            ("inferred", "Inferred"),
                            ("site_policy", "Site policy"),
                        ],
                        default="article",
                        help_text="Who says so: the article, another cited source, our reading of it, or the site.",
                        max_length=12,
                    ),
                ),
                (
                    "verified_by",
                    models.CharField(
                        blank=True,
                        help_text=(
                            "Who checked that the source says so, such as the source's own reviewer. "
                            "Empty: not recorded. Never guess."
                        ),
                        max_length=200,
                    ),
                ),
                (
                    "verified_on",
                    models.DateField(
                        blank=True,
                        help_text="When it was checked, as recorded. Empty: not recorded.",
                        null=True,
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="Name within this version.",
                        max_length=80,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z0-9]+(?:[-_][a-z0-9]+)*$",
                                "Use lower-case letters and digits, joined by single hyphens or underscores.",
                            )
                        ],
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[
                            ("why", "Why the scan is done"),
                            ("study", "What the scan is"),
                            ("radiation", "Radiation"),
                            ("tell_staff", "What to tell the staff"),
                            ("after", "After the scan"),
                        ],
                        help_text="Where it stands on the leaflet.",
                        max_length=12,
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        help_text=(
                            "Plain words that an eleven-year-old reads with ease. "
                            "What no source says is left out."
                        )
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        help_text="The source of this statement.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="guidelines.source",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        blank=True,
                        help_text="If set, only leaflets of this study say it.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="guidelines.study",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="guidelines.scenarioversion"
                    ),
                ),
            ],
            options={
                "ordering": ["position", "pk"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("version", "key"), name="guidelines_leaflet_text_key_once"
                    )
                ],
            },
        ),
        content_rows("guidelines_leaflettext", "version_id"),
        watch("guidelines_leaflettext"),
    ]
