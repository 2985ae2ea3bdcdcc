"""The chain has no gaps, no forks and no change that goes unseen; nor do its guards."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from portal.audit import acting, broken_guards, checkpoints, guards_in_place, verify
from portal.models import AuditEvent, Organisation, User
from tests.people import make_organisation
from tests.portal.trail import ANN, Trail


@pytest.mark.django_db
def test_every_guard_is_in_place_and_every_table_of_the_portal_is_watched() -> None:
    assert [fault for fault in broken_guards() if "portal_" in fault or "audit." in fault] == []


OTHER_FUNCTION = "ON portal_user FOR EACH ROW EXECUTE FUNCTION portal_refuse_change('x', 'y')"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(
    ("change", "relation"),
    [
        ("ALTER TABLE portal_user DISABLE TRIGGER zz_audit", "public.portal_user"),
        ("ALTER TABLE portal_user ENABLE TRIGGER zz_audit", "public.portal_user"),
        ("ALTER TABLE portal_user ENABLE REPLICA TRIGGER zz_audit_truncate", "public.portal_user"),
        ("DROP TRIGGER zz_audit ON portal_user", "portal_user: not watched"),
        (f"CREATE OR REPLACE TRIGGER zz_audit AFTER INSERT {OTHER_FUNCTION}", "zz_audit is changed"),
        ("SET LOCAL ROLE portal_audit; ALTER TABLE audit.event DISABLE TRIGGER queue", "audit.event"),
        ("SET LOCAL ROLE portal_audit; ALTER TABLE audit.pending ENABLE TRIGGER seal", "audit.pending"),
    ],
)
def test_a_guard_that_would_not_fire_is_named(
    monkeypatch: pytest.MonkeyPatch, change: str, relation: str
) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute(change)
        cursor.execute("SET LOCAL ROLE portal_audit")
        monkeypatch.setattr("portal.audit.watching.connection", connections["owner"])
        faults = broken_guards()
        in_place = guards_in_place()
        transaction.set_rollback(True, using="owner")

    assert any(relation in fault for fault in faults), faults
    assert not in_place


# --- tampering ---------------------------------------------------------------------------------------------

REHASH_EVENT = """
UPDATE audit.event e SET content_hash = sha256(convert_to(audit.canonical(e), 'UTF8')) WHERE id = %(event)s;
"""
RESEAL = (
    "UPDATE audit.seal s SET content_hash = e.content_hash FROM audit.event e"
    " WHERE e.id = s.event_id AND e.id = %(event)s;"
)
REHASH_SEAL = """
UPDATE audit.seal SET hash = sha256(prev_hash || content_hash || int8send(seq)) WHERE event_id = %(event)s;
"""
CHANGE = "UPDATE audit.event SET actor = 'user:2:ben' WHERE id = %(event)s;"
NEW_EVENT = (
    "INSERT INTO audit.event (tx, recorded_at, actor, db_user, event_type, action, content_hash)"
    " VALUES ('1', now(), 'user:1:ann', 'portal_app', 'order.signed', 'E', '');"
)
EXCHANGE = """
UPDATE audit.seal SET event_id = -1 WHERE event_id = %(event)s;
UPDATE audit.seal SET event_id = %(event)s WHERE event_id = %(last)s;
UPDATE audit.seal SET event_id = %(last)s WHERE event_id = -1;
"""
# what an edit of the event itself sets
EDITS = [
    ("another actor", "actor = 'user:2:ben'"),
    ("another time", "recorded_at = recorded_at + '1 us'"),
    ("another value", 'after = after || \'{"name": "X"}\''),
    ("a value removed", "after = NULL"),
    ("another record", "entity_id = '0'"),
    ("another patient", "patient_ref = 'p'"),
    ("another organisation", "organisation = '0'"),
    ("another outcome", "outcome = 8"),
    ("nothing for NULL", "reason = ''"),
    ("text moved between fields", "actor_role = via, via = actor_role"),
]
TAMPERING = [
    *(
        (name, f"UPDATE audit.event SET {edit} WHERE id = %(event)s", "content_changed")
        for name, edit in EDITS
    ),
    ("changed and hashed again", CHANGE + REHASH_EVENT, "content_changed"),
    ("changed, hashed, resealed", CHANGE + REHASH_EVENT + RESEAL, "hash_wrong"),
    ("changed, hashed, resealed, linked", CHANGE + REHASH_EVENT + RESEAL + REHASH_SEAL, "link_broken"),
    ("event deleted", "DELETE FROM audit.event WHERE id = %(event)s", "event_missing"),
    ("link deleted", "DELETE FROM audit.seal WHERE event_id = %(event)s", "seq_gap"),
    (
        "event and link deleted",
        "DELETE FROM audit.event WHERE id = %(event)s; DELETE FROM audit.seal WHERE event_id = %(event)s",
        "link_broken",
    ),
    (
        "two events exchanged",
        EXCHANGE,
        "content_changed",
    ),
    ("event slipped in", NEW_EVENT, "event_unsealed"),
    ("link renumbered", "UPDATE audit.seal SET seq = seq + 5 WHERE event_id = %(last)s", "hash_wrong"),
    (
        "another predecessor",
        "UPDATE audit.seal SET prev_hash = '\\x00' WHERE event_id = %(event)s",
        "link_broken",
    ),
    ("moved to another chain", "UPDATE audit.event SET chain = 1 WHERE id = %(event)s", "event_missing"),
    (
        "end cut off",
        "DELETE FROM audit.event WHERE id = %(last)s; DELETE FROM audit.seal WHERE event_id = %(last)s",
        "head_mismatch",
    ),
    ("head moved back", "UPDATE audit.head SET seq = seq - 1", "head_mismatch"),
    ("head deleted", "DELETE FROM audit.head", "head_mismatch"),
    ("everything emptied", "TRUNCATE audit.event, audit.seal", "head_mismatch"),
]


@pytest.fixture
def some_events(transactional_db: None) -> dict[str, int]:
    """Return the ids of an event with others around it, and of the last one."""
    with acting(ANN):
        for number in range(4):
            Organisation.objects.create(slug=f"o{number}", name=f"Organisation {number}")
    ids = list(AuditEvent.objects.order_by("-seq").values_list("id", flat=True)[:3])
    return {"event": ids[1], "last": ids[0]}


@contextmanager
def everything_allowed() -> Iterator[CursorWrapper]:
    """Give what nobody has in service: the rights of portal_audit, with the guards off. All is taken back."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL ROLE portal_audit")
        for table in ("event", "seal", "checkpoint"):
            cursor.execute(f"ALTER TABLE audit.{table} DISABLE TRIGGER USER")
        yield cursor
        transaction.set_rollback(True, using="owner")


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(
    ("statements", "problem"), [row[1:] for row in TAMPERING], ids=[row[0] for row in TAMPERING]
)
def test_tampering_is_seen(some_events: dict[str, int], statements: str, problem: str) -> None:
    with everything_allowed() as cursor:
        cursor.execute("SELECT * FROM audit.verify()")
        sound = cursor.fetchall() == []
        cursor.execute(statements, some_events)
        cursor.execute("SELECT problem FROM audit.verify()")
        found = {row[0] for row in cursor.fetchall()}

    assert sound
    assert problem in found


REBUILD = """
DO $$
DECLARE
    s record;
    last bytea := sha256('portal-audit-v1');
BEGIN
    FOR s IN SELECT seq, event_id FROM audit.seal ORDER BY seq LOOP
        UPDATE audit.event e SET content_hash = sha256(convert_to(audit.canonical(e), 'UTF8'))
        WHERE id = s.event_id;
        UPDATE audit.seal SET prev_hash = last, content_hash = e.content_hash,
            hash = sha256(last || e.content_hash || int8send(audit.seal.seq))
        FROM audit.event e WHERE e.id = s.event_id AND audit.seal.event_id = s.event_id
        RETURNING audit.seal.hash INTO last;
    END LOOP;
    UPDATE audit.head SET hash = last;
END
$$;
"""
CUT_OFF = """
DELETE FROM audit.event WHERE id = %(last)s;
DELETE FROM audit.seal WHERE event_id = %(last)s;
UPDATE audit.head SET (seq, hash) = (SELECT seq, hash FROM audit.seal ORDER BY seq DESC LIMIT 1);
"""


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        ("UPDATE audit.event SET actor = 'x' WHERE id = %(event)s;" + REBUILD, "it was rebuilt"),
        (CUT_OFF, "its end was cut off"),
        ("UPDATE audit.checkpoint SET hash = '\\x00'", "forged, or changed"),
        ("UPDATE audit.checkpoint SET key_id = 'other'", "not in PORTAL_AUDIT_KEY"),
    ],
    ids=["rebuilt as a whole", "end cut off with the head", "checkpoint changed", "another key"],
)
def test_what_a_chain_cannot_see_of_itself_its_checkpoints_see(
    some_events: dict[str, int],
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    statements: str,
    fault: str,
) -> None:
    settings.PORTAL_DATA_DIR = tmp_path
    checkpoints.make_checkpoint()
    file = checkpoints.checkpoint_file()
    sound = list(verify.checkpoint_faults(file))

    with everything_allowed() as cursor:
        cursor.execute(statements, some_events)
        cursor.execute("SELECT * FROM audit.verify()")
        chain_is_sound = cursor.fetchall() == []
        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "connection", connections["owner"])
            faults = list(verify.checkpoint_faults(file))

    # tests before this one have left checkpoints with keys of their own
    assert not [text for text in sound if "PORTAL_AUDIT_KEY" not in text]
    assert chain_is_sound
    assert any(fault in text for text in faults)


# --- many at once ------------------------------------------------------------------------------------------


def in_threads(*works: Callable[[], None]) -> list[BaseException]:
    """Run functions at the same time, each with its own connection, and return what they raised."""
    raised: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], None]) -> None:
        try:
            start.wait()
            with acting(ANN):
                work()
        except BaseException as error:
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_eight_writers_at_once_make_one_chain_without_gaps_or_forks() -> None:
    trail = Trail()

    def writer(number: int) -> Callable[[], None]:
        def work() -> None:
            for turn in range(15):
                with transaction.atomic():
                    for row in range(1 + turn % 3):
                        name = f"{number}-{turn}-{row}"
                        Organisation.objects.create(slug=name, name=name)
                    if turn % 5 == 4:
                        transaction.set_rollback(True)

        return work

    raised = in_threads(*(writer(number) for number in range(8)))

    events = sorted(trail.events(), key=lambda event: event.seq)
    numbers = [event.seq for event in events]
    assert raised == []
    assert (
        len(events)
        == Organisation.objects.count()
        == 8 * sum(1 + turn % 3 for turn in range(15) if turn % 5 != 4)
    )
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert verify.chain_faults() == []


@pytest.mark.django_db(transaction=True)
def test_sealing_does_not_deadlock_with_deferred_foreign_keys() -> None:
    organisation = make_organisation("busy", "Busy")

    def refer(number: int) -> Callable[[], None]:
        def work() -> None:
            for turn in range(12):
                with transaction.atomic():
                    User.objects.create(username=f"{number}-{turn}", organisation_id=organisation.pk)

        return work

    def lock() -> None:
        for _ in range(12):
            with transaction.atomic():
                row = Organisation.objects.select_for_update().get(pk=organisation.pk)
                row.name = f"Busy at {timezone.now()}"
                row.save(update_fields=["name"])

    raised = in_threads(refer(1), lock, refer(2), lock, refer(3), lock)

    assert raised == []
    assert User.objects.count() == 36
    assert verify.chain_faults() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_the_chain_verifies_in_every_time_zone(some_events: dict[str, int], zone: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL timezone = '{zone}'")
        cursor.execute("SET LOCAL datestyle = 'SQL, DMY'")
        cursor.execute("SELECT * FROM audit.verify()")
        faults = cursor.fetchall()

    assert faults == []


@pytest.mark.django_db(transaction=True)
def test_constraints_checked_early_do_not_disturb_the_chain() -> None:
    trail = Trail()

    with acting(ANN), transaction.atomic(), connection.cursor() as cursor:
        Organisation.objects.create(slug="a", name="A")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        Organisation.objects.create(slug="b", name="B")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        Organisation.objects.create(slug="c", name="C")

    first, *_rest = numbers = [event.seq for event in trail.events()]
    assert numbers == [first, first + 1, first + 2]
    assert verify.chain_faults() == []
