"""What the roles may not do to the audit trail: rewrite it, switch it off, get round it."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from portal.audit import acting
from portal.models import AuditEvent, Organisation
from tests.database import Connection, connect_as
from tests.portal.trail import ANN

TABLES = ("event", "seal", "head", "checkpoint", "pending", "guard")
EVENT_COLUMNS = "(tx, recorded_at, actor, db_user, event_type, action, content_hash)"
EVENT_VALUES = "('1', now(), 'user:2:ben', 'portal_app', 'order.signed', 'E', '')"

ATTACKS = [
    *(f"UPDATE audit.{table} SET {column} = {column}" for table, column in (
        ("event", "actor"), ("seal", "hash"), ("head", "hash"), ("checkpoint", "mac"), ("pending", "tx"),
        ("guard", "trigger"),
    )),
    *(f"DELETE FROM audit.{table}" for table in TABLES),
    *(f"TRUNCATE audit.{table} CASCADE" for table in TABLES),
    *(f"DROP TABLE audit.{table} CASCADE" for table in TABLES),
    # forge
    f"INSERT INTO audit.event {EVENT_COLUMNS} VALUES {EVENT_VALUES}",
    "INSERT INTO audit.trail (actor) VALUES ('user:2:ben')",
    "INSERT INTO audit.seal VALUES (0, 999999999, 1, '', '', '')",
    "INSERT INTO audit.head VALUES (1, 0, '')",
    "INSERT INTO audit.pending VALUES ('1')",
    "INSERT INTO audit.guard VALUES ('x', 'y', 'z')",
    "INSERT INTO audit.checkpoint (at, chain, seq, hash, mac, key_id) VALUES (now(), 0, 1, '', '', '')",
    "INSERT INTO audit.checkpoint (id, seq) OVERRIDING SYSTEM VALUE VALUES (1, 1)",
    "SELECT audit.log('row.update', 'U', 0, 'portal_user', '1', '', '', '', '{}')",
    "COPY audit.event (actor) FROM STDIN",
    "SELECT setval('audit.event_id_seq', 1)",
    "SELECT nextval('audit.event_id_seq')",
    # switch off
    "ALTER TABLE audit.event DISABLE TRIGGER ALL",
    "ALTER TABLE audit.event DISABLE TRIGGER append_only",
    "ALTER TABLE audit.pending DISABLE TRIGGER seal",
    "ALTER TABLE portal_user DISABLE TRIGGER zz_audit",
    "DROP TRIGGER zz_audit ON portal_user",
    "DROP TRIGGER queue ON audit.event",
    "ALTER TRIGGER zz_audit ON portal_user RENAME TO aa",
    "SET session_replication_role = 'replica'",
    "SELECT set_config('session_replication_role', 'replica', false)",
    "CREATE RULE nothing AS ON INSERT TO audit.event DO INSTEAD NOTHING",
    "CREATE RULE nothing AS ON UPDATE TO portal_user DO INSTEAD NOTHING",
    "CREATE TRIGGER aa BEFORE UPDATE ON portal_user EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    *(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
        for name in ("audit.capture", "audit.refuse", "audit.seal_transaction", "portal_refuse_change")
    ),
    "ALTER FUNCTION audit.capture() SECURITY INVOKER",
    "ALTER FUNCTION audit.capture() SET search_path = public",
    "DROP FUNCTION audit.capture() CASCADE",
    "DROP SCHEMA audit CASCADE",
    "ALTER SCHEMA audit RENAME TO old",
    "ALTER TABLE audit.event RENAME TO old",
    "ALTER TABLE audit.event ALTER COLUMN actor DROP NOT NULL",
    "ALTER TABLE audit.event DROP COLUMN before",
    "DROP INDEX audit.event_tx",
    # get round
    "TRUNCATE portal_user CASCADE",
    "SELECT audit.watch('portal_user')",
    "SELECT audit.unwatch('portal_user')",
    "SELECT audit.expect_guard('portal_user', 'zz_audit')",
    "SELECT audit.forget_guard('portal_user', 'zz_audit')",
    "SELECT audit.actor('x')",
    "SELECT audit.capture()",
    "CREATE TABLE audit.mine (id int)",
    "CREATE FUNCTION audit.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE public.mine (id int)",
    "CREATE TEMPORARY TABLE event (id int)",
    "CREATE FUNCTION public.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'",
    "CREATE EVENT TRIGGER mine ON ddl_command_end EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    # hold up
    "LOCK TABLE audit.event IN ACCESS EXCLUSIVE MODE",
    "LOCK TABLE audit.head IN EXCLUSIVE MODE",
    "SELECT * FROM audit.head FOR UPDATE",
    "SELECT * FROM audit.head FOR KEY SHARE",
    # become somebody else
    "SET ROLE portal_audit",
    "SET ROLE portal_owner",
    "SET ROLE portal_auditor",
    "SET SESSION AUTHORIZATION portal_owner",
    "ALTER ROLE portal_app SUPERUSER",
    "ALTER ROLE portal_audit LOGIN",
    "ALTER ROLE portal_app SET session_replication_role = 'replica'",
    "CREATE ROLE mine",
    "GRANT portal_audit TO portal_app",
    "ALTER TABLE audit.event OWNER TO portal_app",
    "REASSIGN OWNED BY portal_audit TO portal_app",
    "ALTER DEFAULT PRIVILEGES FOR ROLE portal_audit GRANT ALL ON TABLES TO portal_app",
    "UPDATE pg_trigger SET tgenabled = 'D'",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_reload_conf()",
    "SELECT pg_rotate_logfile()",
]  # fmt: skip
# insufficient privilege; a view that takes no rows
REFUSED = {"42501", "55000"}


@pytest.fixture
def app(django_db_setup: None) -> Iterator[Connection]:
    """Return a connection of portal_app that Django knows nothing of."""
    with connect_as("default") as app, app.transaction(force_rollback=True):
        app.execute("SELECT set_config('portal.actor', 'user:1:ann', true)")
        yield app


def run(app: Connection, attack: str) -> None:
    with app.cursor() as cursor:
        if attack.startswith("COPY audit"):
            with cursor.copy(attack.encode()) as copy:
                copy.write("x\n")
        else:
            cursor.execute(attack.encode())


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_portals_own_role_is_refused(app: Connection, attack: str) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        run(app, attack)

    assert refusal.value.sqlstate in REFUSED, refusal.value


def test_the_portals_own_role_changes_no_setting_of_the_server(django_db_setup: None) -> None:
    with connect_as("default") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("ALTER SYSTEM SET session_replication_role = 'replica'")


def test_there_are_at_least_61_attacks() -> None:
    assert len(set(ATTACKS)) >= 61


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["GRANT ALL ON audit.event TO portal_app", "GRANT ALL ON SCHEMA audit TO PUBLIC"]
)
def test_what_the_role_grants_itself_it_does_not_get(statement: str) -> None:
    with connection.cursor() as cursor:
        # PostgreSQL answers such a grant with a warning, and grants nothing
        cursor.execute(f"SET LOCAL client_min_messages = 'error'; {statement}")
        cursor.execute(
            "SELECT has_table_privilege('audit.event', 'UPDATE'),"
            " has_schema_privilege('public', 'audit', 'USAGE')"
        )
        assert cursor.fetchone() == (False, False)


@pytest.mark.django_db
def test_a_security_definer_function_does_not_see_the_callers_search_path() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'audit'::regnamespace AND p.prosecdef"
            " AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY(p.proconfig), false)"
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_everything_in_schema_audit_belongs_to_the_role_that_nobody_signs_in_as() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT owner::regrole::text FROM ("
            " SELECT relowner AS owner FROM pg_class WHERE relnamespace = 'audit'::regnamespace"
            " UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = 'audit'::regnamespace"
            " UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'audit') AS owners"
        )
        assert cursor.fetchall() == [("portal_audit",)]
        cursor.execute("SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = 'portal_audit'")
        assert cursor.fetchone() == (False, False)


WRITES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["portal_auditor", "public"])
@pytest.mark.parametrize("table", [*TABLES, "trail"])
@pytest.mark.parametrize("privilege", WRITES)
def test_an_auditor_and_the_public_write_nothing(role: str, table: str, privilege: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, f"audit.{table}", privilege])
        assert cursor.fetchone() == (False,)


READABLE = {
    "portal_auditor": {"event", "seal", "head", "checkpoint", "trail"},
    "portal_app": {"event", "seal", "head", "checkpoint", "trail"},
    "public": set(),
}


@pytest.mark.django_db
@pytest.mark.parametrize("role", READABLE)
def test_who_reads_what(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'audit'::regnamespace"
            " AND relkind IN ('r', 'v') AND has_table_privilege(%s, oid, 'SELECT')",
            [role],
        )
        assert {name for (name,) in cursor.fetchall()} == READABLE[role]


EXECUTABLE = {
    "portal_auditor": {"verify", "framed", "canonical"},
    "portal_app": {"log", "verify", "framed", "canonical", "broken_guards"},
    "public": set(),
}


@pytest.mark.django_db
@pytest.mark.parametrize("role", EXECUTABLE)
def test_who_runs_what(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'audit'::regnamespace"
            " AND has_function_privilege(%s, oid, 'EXECUTE')",
            [role],
        )
        assert {name for (name,) in cursor.fetchall()} == EXECUTABLE[role]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["portal_auditor", "public"])
def test_an_auditor_and_the_public_see_no_other_table(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'v') AND has_table_privilege(%s, oid, 'SELECT')",
            [role],
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_the_portals_role_may_truncate_no_table_and_owns_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind = 'r' AND n.nspname IN ('public', 'audit')"
            " AND (has_table_privilege('portal_app', pg_class.oid, 'TRUNCATE')"
            " OR has_table_privilege('portal_app', pg_class.oid, 'TRIGGER')"
            " OR pg_has_role('portal_app', relowner, 'MEMBER'))"
        )
        assert cursor.fetchall() == []


@pytest.mark.django_db
def test_the_server_stamps_what_the_caller_could_lie_about() -> None:
    with acting(ANN):
        Organisation.objects.create(slug="stamped", name="Stamped")

    event = AuditEvent.objects.latest("id")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_current_xact_id()::text, session_user, clock_timestamp() - %s < '1 min'",
            [event.recorded_at],
        )
        assert cursor.fetchone() == (event.tx, event.db_user, True)
