"""Published and superseded content cannot be changed or deleted, in SQL either."""

from django.db import migrations

from portal.triggers import frozen_by_parent

VERSION_ROWS = [
    "source",
    "dataelement",
    "redirect",
    "criterion",
    "radiationlevel",
    "study",
    "ratedstudy",
    "orderrule",
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
NESTED_ROWS = {  # table -> (column, parent table)
    "choice": ("element_id", "dataelement"),
    "criterionredirect": ("criterion_id", "criterion"),
    "ruleplacement": ("rule_id", "orderrule"),
}

FUNCTIONS = """
CREATE FUNCTION guidelines_freeze_nested_row() RETURNS trigger LANGUAGE plpgsql AS $$
-- arguments: the name of the rule, the column that names the parent row, the parent's table
DECLARE
  parents bigint[];
  states text[];
BEGIN
  IF TG_OP <> 'INSERT' THEN parents := parents || (to_jsonb(OLD)->>TG_ARGV[1])::bigint; END IF;
  IF TG_OP <> 'DELETE' THEN parents := parents || (to_jsonb(NEW)->>TG_ARGV[1])::bigint; END IF;
  -- the lock keeps a publication from overtaking the change of a row
  EXECUTE format(
    'SELECT array_agg(locked.state) FROM (SELECT v.state FROM guidelines_scenarioversion v'
    ' JOIN %I p ON p.version_id = v.id WHERE p.id = ANY ($1) FOR SHARE OF v) locked', TG_ARGV[2])
    INTO states USING parents;
  IF states && ARRAY['published', 'superseded'] THEN
    RAISE EXCEPTION 'Published content stays as it is; copy the version to a new draft to change it.'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION guidelines_freeze_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  expected public.guidelines_scenarioversion;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state = 'draft' THEN RETURN NEW; END IF;  -- whatever is published was a draft before
  ELSIF OLD.state = 'draft' THEN
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF NEW.state IN ('draft', 'published') AND NEW.scenario_id = OLD.scenario_id
        AND NEW.number = OLD.number THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'UPDATE' AND OLD.state = 'published' THEN
    expected := OLD;
    expected.state := 'superseded';
    IF NEW IS NOT DISTINCT FROM expected THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION 'Published content stays as it is; copy the version to a new draft to change it.'
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
END $$;

CREATE FUNCTION guidelines_freeze_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR NEW.slug <> OLD.slug THEN
    PERFORM 1 FROM guidelines_scenarioversion WHERE scenario_id = OLD.id AND state <> 'draft';
    IF FOUND THEN
      RAISE EXCEPTION 'A scenario that was published keeps its slug and is never deleted.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0];
    END IF;
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""

DROP = """
DROP FUNCTION guidelines_freeze_slug(), guidelines_freeze_version(), guidelines_freeze_nested_row();
"""


def guard(table: str, events: str, function: str, *arguments: str) -> migrations.RunSQL:
    """A guard on a table that no setting of a session can switch off."""
    name = f"guidelines_{table}_frozen"
    literals = ", ".join(f"'{argument}'" for argument in (name, *arguments))
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE {events} ON guidelines_{table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}({literals});"
        f"SELECT audit.expect_guard('guidelines_{table}', '{name}');",
        f"SELECT audit.forget_guard('guidelines_{table}', '{name}');",
    )


class Migration(migrations.Migration):
    """Freeze triggers on every table of content."""

    dependencies = [("guidelines", "0001_initial"), ("portal", "0004_watch_people")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP),
        *[
            frozen_by_parent(
                f"guidelines_{table}",
                "version_id",
                "guidelines_scenarioversion",
                "state",
                ["published", "superseded"],
            )
            for table in VERSION_ROWS
        ],
        *[
            guard(
                table,
                "INSERT OR UPDATE OR DELETE",
                "guidelines_freeze_nested_row",
                column,
                f"guidelines_{parent}",
            )
            for table, (column, parent) in NESTED_ROWS.items()
        ],
        guard("scenarioversion", "INSERT OR UPDATE OR DELETE", "guidelines_freeze_version"),
        guard("scenario", "UPDATE OR DELETE", "guidelines_freeze_slug"),
    ]
