"""Which pack a version was loaded from, and which it was exported to."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from portal.audit import watch
from portal.triggers import append_only


class Migration(migrations.Migration):
    """One table of history."""

    dependencies = [
        ("guidelines", "0009_leaflet_texts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PackRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("loaded", "Loaded from"), ("exported", "Exported to")], max_length=8
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("form", models.CharField(max_length=8)),
                ("digest", models.CharField(max_length=71)),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="packs",
                        to="guidelines.scenarioversion",
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["version", "-at"], name="guidelines_pack_by_version")]},
        ),
        append_only("guidelines_packrecord"),
        watch("guidelines_packrecord"),
    ]
