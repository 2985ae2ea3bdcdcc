"""The test database: made from a migrated template, emptied by its owner."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase
from psycopg import sql
from psycopg.conninfo import make_conninfo

from portal.bootstrap import close_database
from portal.connections import use_addresses, use_database
from portal.embedded import EmbeddedPostgres

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "test_portal"
# rows that migrations and `sync_roles` make; emptied with the rest they would be missing in the next test
KEPT = {"django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}

TRAIL = ("audit.event", "audit.seal", "audit.checkpoint")

Connection = psycopg.Connection[tuple[Any, ...]]

# the two databases of this process, once they are there: an empty one, and one for the shipped guideline
_made: list[str] = []
_filled: set[str] = set()


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """Return the owner's URL of a running server; starts the embedded one when none is named."""
    if os.environ.get("DATABASE_URL"):
        yield os.environ["PORTAL_OWNER_DATABASE_URL"]
        return
    server = EmbeddedPostgres(settings.PORTAL_DATA_DIR)
    addresses = server.start()
    use_addresses(addresses)
    yield addresses.owner_url
    server.stop()


@pytest.fixture(scope="session")
def django_db_setup(database_server: str, django_db_blocker: Any, worker_id: str) -> Iterator[None]:
    """Make this process's databases and let `default` and `owner` connect to the first."""
    name = f"{PREFIX}_{worker_id}_{os.getpid()}"
    second = f"{PREFIX}_second_{worker_id}_{os.getpid()}"
    with psycopg.connect(database_server, autocommit=True) as owner:
        # one process migrates, the others wait for its template
        owner.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])
        _drop_leftovers(owner)
        template = f"{PREFIX}_template_{_schema_digest()}"
        if not owner.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            _make_template(owner, database_server, template, django_db_blocker)
        _create(owner, name, template)
        _create(owner, second, template)
        owner.execute("SELECT pg_advisory_unlock(hashtext(%s))", [PREFIX])
    _use(name)
    _made.extend([name, second])
    patched = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]
    yield
    TransactionTestCase._fixture_teardown = patched  # type: ignore[method-assign]
    _made.clear()
    connections.close_all()
    with psycopg.connect(database_server, autocommit=True) as owner:
        _drop(owner, name)
        _drop(owner, second)


@pytest.fixture
def owner_connection(django_db_setup: None) -> Iterator[Connection]:
    """Return a connection of portal_owner to the test database, outside the test's transaction."""
    with owner_of_test_database() as connection:
        yield connection


def owner_of_test_database() -> Connection:
    """Return a new autocommitting connection of portal_owner to the test database."""
    return connect_as("owner")


def choose_database(*, second: bool) -> bool:
    """Let the next test run in the first or the second database; returns whether the second is to be filled.

    There is no choice before a test has made the databases.
    """
    if not _made:
        return False
    name = _made[second]
    if settings.DATABASES["default"]["NAME"] != name:
        _use(name)
    if not second or name in _filled:
        return False
    _filled.add(name)
    return True


def connect_as(alias: str) -> Connection:
    """Return a new autocommitting connection with the settings of a Django alias."""
    values = settings.DATABASES[alias]
    conninfo = make_conninfo(
        host=values["HOST"],
        port=values["PORT"] or None,
        user=values["USER"],
        password=values["PASSWORD"],
        dbname=values["NAME"],
    )
    return psycopg.connect(conninfo, autocommit=True)


def _make_template(owner: Connection, owner_url: str, name: str, blocker: Any) -> None:
    """Migrate a database that later ones are copied from; unfinished ones have another name."""
    unfinished = f"{PREFIX}_unfinished_{os.getpid()}"
    _create(owner, unfinished, "template0")
    _use(unfinished)
    with blocker.unblock():
        call_command("migrate", verbosity=0, interactive=False, database="owner")
        connections.close_all()
    with psycopg.connect(make_conninfo(owner_url, dbname=unfinished), autocommit=True) as database:
        close_database(database)
    owner.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(unfinished), sql.Identifier(name))
    )


def _create(owner: Connection, name: str, template: str) -> None:
    identifier = sql.Identifier(name)
    _drop(owner, name)
    owner.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(template)))
    # a test database need not survive the machine
    owner.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(identifier))
    for role in ("portal_app", "portal_auditor"):
        owner.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(identifier, sql.Identifier(role)))
    owner.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(identifier))


def _drop_leftovers(owner: Connection) -> None:
    """Drop what processes that died have left, and templates of another schema."""
    rows = owner.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"]).fetchall()
    for (name,) in rows:
        kind, number = name.rsplit("_", 1)
        if kind.endswith("template"):
            gone = number != _schema_digest()
        else:
            gone = not (number.isdigit() and Path(f"/proc/{number}").exists())
        if gone:
            _drop(owner, name)


def _drop(owner: Connection, name: str) -> None:
    """Drop the database unless somebody uses it, such as another machine; the next run tries again."""
    with contextlib.suppress(psycopg.errors.ObjectInUse):
        owner.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _schema_digest() -> str:
    """Return a name for the schema that the migrations make now."""
    digest = hashlib.sha256()
    for app in ("portal", "guidelines", "ordering"):
        files = [*(ROOT / app).rglob("*.py"), *(ROOT / app).rglob("*.sql")]
        for path in sorted(files):
            # models name the permissions; roles give them
            parts = {*path.relative_to(ROOT).parts, path.stem}
            if path.suffix == ".sql" or parts & {
                "migrations",
                "models",
                "audit_models",
                "roles",
                "triggers",
                "watching",
            }:
                digest.update(path.read_bytes())
    for name, version in sorted((item.name, item.version) for item in distributions()):
        digest.update(f"{name}={version}\n".encode())
    return digest.hexdigest()[:12]


def _use(name: str) -> None:
    """Let `default` and `owner` connect to this database from now on."""
    for alias in ("default", "owner"):
        use_database(alias, name)


def _empty(self: TransactionTestCase) -> None:
    """Empty the tables after a test that committed, as their owner: portal_app may not TRUNCATE.

    Triggers that refuse TRUNCATE are off only for that one statement. The audit trail goes too: the next test
    must find only what it recorded itself.
    """
    with owner_of_test_database() as owner:
        _empty_tables(owner)
        empty_trail(owner)
    _filled.discard(settings.DATABASES["default"]["NAME"])


def empty_trail(owner: Connection) -> None:
    """Forget all audit events of the test database, and begin the chain anew."""
    with owner.transaction():
        owner.execute("SET LOCAL ROLE portal_audit")
        for table in TRAIL:
            _switch(owner, table, "no_truncate", "DISABLE")
        names = sql.SQL(", ").join(map(sql.SQL, TRAIL))
        owner.execute(sql.SQL("TRUNCATE {}, audit.pending").format(names))
        owner.execute("UPDATE audit.head SET seq = 0, hash = sha256('portal-audit-v1')")
        for table in TRAIL:
            _switch(owner, table, "no_truncate", "ENABLE ALWAYS")


def _empty_tables(owner: Connection) -> None:
    with owner.transaction():
        owner.execute(
            "SELECT set_config('portal.actor', 'system:tests', true), set_config('lock_timeout', '20s', true)"
        )
        tables = _filled_tables(owner)
        if not tables:
            return
        triggers = owner.execute(
            "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgtype & 32 > 0 AND tgenabled <> 'D'"
            " AND tgrelid::regclass::text = ANY(%s)",
            [tables],
        ).fetchall()
        for table, trigger, _ in triggers:
            _switch(owner, table, trigger, "DISABLE")
        names = sql.SQL(", ").join(map(sql.SQL, tables))
        owner.execute(sql.SQL("TRUNCATE {}").format(names))
        for table, trigger, enabled in triggers:
            _switch(
                owner, table, trigger, {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}[enabled]
            )


def _switch(owner: Connection, table: str, trigger: str, state: str) -> None:
    statement = sql.SQL("ALTER TABLE {} {} TRIGGER {}")
    owner.execute(statement.format(sql.SQL(table), sql.SQL(state), sql.Identifier(trigger)))


def _filled_tables(owner: Connection) -> list[str]:
    """Return the tables to empty, quoted: those that hold a row, and those that refer to them."""
    rows = owner.execute(
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)",
        [list(KEPT)],
    ).fetchall()
    query = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT 1 FROM {})").format(sql.Literal(name), sql.SQL(name))
        for (name,) in rows
    )
    filled = [name for (name,) in owner.execute(query).fetchall()]
    # TRUNCATE takes the tables that refer to these along, empty or not, and fires their triggers
    referring = owner.execute(
        "WITH RECURSIVE reached(id) AS (SELECT unnest(%s::text[])::regclass::oid"
        " UNION SELECT conrelid FROM pg_constraint JOIN reached ON confrelid = id WHERE contype = 'f')"
        " SELECT id::regclass::text FROM reached",
        [filled],
    ).fetchall()
    return [name for (name,) in referring]
