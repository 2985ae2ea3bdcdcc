"""What the stored advice said, as columns that the database works out from it: for counting, without reading it.

Rewrites the table of consultations once. The columns cannot disagree with the advice, and rows that are there
already get them too, although nobody may change those.
"""

import django.contrib.postgres.fields
import django.db.models.expressions
from django.db import migrations, models

FUNCTIONS = """
CREATE FUNCTION ordering_fired(advice text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
  WITH given AS MATERIALIZED (SELECT advice::jsonb AS said)
  SELECT coalesce(array_agg(DISTINCT code ORDER BY code), '{}') FROM (
    SELECT 'rule:' || (reason ->> 'code') || '@' || (study ->> 'code') AS code
    FROM given, jsonb_array_elements(said -> 'studies') study, jsonb_array_elements(study -> 'reasons') reason
    UNION ALL
    SELECT 'advisory:' || (advisory ->> 'code') FROM given, jsonb_array_elements(said -> 'advisories') advisory
    UNION ALL
    SELECT 'not-met:' || (criterion ->> 'key') FROM given, jsonb_array_elements(said -> 'criteria') criterion
    WHERE criterion ->> 'status' = 'not_met'
  ) AS everything
$$;
CREATE FUNCTION ordering_not_documented(advice text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT coalesce(array_agg(key ORDER BY key), '{}')
  FROM jsonb_array_elements_text(advice::jsonb -> 'not_documented') key
$$;
GRANT EXECUTE ON FUNCTION ordering_fired(text), ordering_not_documented(text) TO portal_app;
"""
FUNCTIONS_BACK = "DROP FUNCTION ordering_fired(text); DROP FUNCTION ordering_not_documented(text);"


def worked_out(function: str) -> models.GeneratedField:
    """Return the column that a function of the advice fills."""
    return models.GeneratedField(
        db_persist=True,
        expression=django.db.models.expressions.Func(models.F("advice"), function=function),
        output_field=django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None),
    )


class Migration(migrations.Migration):
    """Two columns of a consultation, and how a card's study stands to the guideline."""

    dependencies = [("ordering", "0005_search_orders_by_time")]

    operations = [
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
        migrations.AddField("consultation", "fired", worked_out("ordering_fired")),
        migrations.AddField("consultation", "not_documented", worked_out("ordering_not_documented")),
        migrations.AddField(
            "cdscard",
            "adherence",
            models.CharField(
                choices=[
                    ("adheres", "Adheres"),
                    ("does_not_adhere", "Does not adhere"),
                    ("not_applicable", "Not applicable"),
                ],
                default="not_applicable",
                max_length=16,
            ),
        ),
    ]
