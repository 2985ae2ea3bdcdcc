"""A person's number is the US National Provider Identifier: ten digits, checked."""

from django.db import migrations, models

import portal.npi


class Migration(migrations.Migration):
    """The field's name, its check, and the rule of the database."""

    dependencies = [("portal", "0004_watch_people")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="npi",
            field=models.CharField(
                blank=True,
                help_text="US National Provider Identifier, ten digits, where the person has one. It is sent with orders and stands in the account of consultations.",
                max_length=20,
                validators=[portal.npi.valid_npi],
                verbose_name="NPI",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(("npi", ""), ("npi__regex", "^[12][0-9]{9}$"), _connector="OR"),
                name="portal_npi_is_ten_digits",
            ),
        ),
    ]
