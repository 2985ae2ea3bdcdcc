"""Migration operation that guards rows of a version: frozen once released, and who writes is noted."""

from django.db import migrations


def content_rows(table: str, column: str, *, parent: str = "") -> migrations.RunSQL:
    """Guard a table whose `column` names the version, or a row of `parent` that names it.

    Rule `<table>_frozen`: nothing is added, changed or deleted once the version was released. Before, the
    database notes who wrote (`Contributor`), and a version that was submitted becomes a draft again, which
    voids its approvals.
    """
    name = f"{table}_frozen"
    literals = ", ".join(f"'{argument}'" for argument in (name, column, parent))
    return migrations.RunSQL(
        f"SELECT audit.forget_guard('{table}', '{name}');"
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION guidelines_guard_row({literals});"
        f"SELECT audit.expect_guard('{table}', '{name}');",
        f"SELECT audit.forget_guard('{table}', '{name}');",
    )
