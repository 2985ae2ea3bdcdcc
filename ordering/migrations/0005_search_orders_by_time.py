"""Indexes for searches of orders by when they were authored, or last changed."""

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    """Two indexes."""

    dependencies = [("ordering", "0004_cds_hooks")]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                models.F("organisation"),
                models.OrderBy(
                    django.db.models.functions.comparison.Coalesce("signed_at", "placed_at"), descending=True
                ),
                models.OrderBy(models.F("id"), descending=True),
                name="ordering_order_authored",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                models.F("organisation"),
                models.OrderBy(models.F("updated_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="ordering_order_updated",
            ),
        ),
    ]
