"""What a person prefers: the time zone of pages, the size of their text, keyboard shortcuts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Columns of the person; the audit trail sees them already."""

    dependencies = [("portal", "0007_life_of_a_token")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Times are shown in this zone; empty: the site's.",
                max_length=60,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="user",
            name="text_size",
            field=models.CharField(
                blank=True,
                choices=[("", "Normal"), ("large", "Large"), ("larger", "Larger")],
                default="",
                max_length=10,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="user",
            name="shortcuts",
            field=models.BooleanField(default=False, help_text="Single letters go to pages."),
        ),
    ]
