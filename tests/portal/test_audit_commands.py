"""`manage.py audit`: verify, export, checkpoint; and the thread that signs while the portal runs."""

import io
import json
import logging
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal import audit
from portal.audit import acting, checkpoints, verify
from portal.audit.checkpoints import Checkpoint, CheckpointError
from portal.models import AuditEvent, Organisation
from tests.database import Connection
from tests.portal.trail import ANN, Trail

VERIFIER = Path(__file__).resolve().parents[2] / "docs" / "verify_audit.py"
KEY = "a key for tests, kept outside the database"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _place(settings: Any, tmp_path: Path, owner_connection: Connection) -> None:
    """Keep checkpoints in a folder of the test, signed with a key of the test."""
    settings.PORTAL_DATA_DIR = tmp_path
    settings.PORTAL_AUDIT_KEY = KEY
    # other tests sign with other keys
    owner_connection.execute(
        "SET ROLE portal_audit; ALTER TABLE audit.checkpoint DISABLE TRIGGER append_only"
    )
    owner_connection.execute(
        "DELETE FROM audit.checkpoint; ALTER TABLE audit.checkpoint ENABLE ALWAYS TRIGGER append_only"
    )


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("audit", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def happen(number: int = 3, **place: Any) -> None:
    with acting(ANN):
        for _ in range(number):
            audit.log(
                "order.viewed",
                action="R",
                entity="order",
                reason="é, “ü” \U0001f600",
                detail={"n": 1.50},
                **place,
            )


def verified(text: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the published script, with the standard library alone."""
    file = tmp_path / "export.jsonl"
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-I", "-S", VERIFIER, file], capture_output=True, text=True, check=False
    )


def test_verify_says_how_many_events_are_sound() -> None:
    happen()

    assert run("verify") == f"{verify.length()} events, every one as it was written.\n"


def test_verify_names_the_first_broken_link_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [verify.Fault("content_changed", 0, 7, 9), verify.Fault("seq_gap", 0, 12, 14)]
    monkeypatch.setattr(verify, "chain_faults", lambda: faults)

    with pytest.raises(CommandError, match=r"First: chain 0, seq 7, event 9: content_changed"):
        run("verify")


def test_a_checkpoint_is_in_the_database_the_file_and_the_log(caplog: pytest.LogCaptureFixture) -> None:
    happen()

    with caplog.at_level(logging.INFO, "portal.audit.checkpoints"):
        line = run("checkpoint")

    made = Checkpoint.from_line(line)
    head = AuditEvent.objects.order_by("-seq")[0]
    assert (made.seq, made.hash) == (head.seq, bytes(head.hash).hex())
    assert checkpoints.checkpoint_file().read_text() == line
    assert made.mac in caplog.text
    assert [stored.mac for stored in checkpoints.stored_checkpoints()] == [made.mac]
    assert KEY not in line


def test_verify_agrees_with_sound_checkpoints() -> None:
    for _ in range(3):
        happen()
        run("checkpoint")

    assert "every one as it was written" in run("verify", "--checkpoints", str(checkpoints.checkpoint_file()))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"seq": 10**9}, "forged, or changed"),
        ({"hash": "00" * 32}, "forged, or changed"),
        ({"mac": "00" * 32}, "forged, or changed"),
        ({"key_id": "000000000000"}, "not in PORTAL_AUDIT_KEY"),
        ({"mac": "é"}, "forged, or changed"),
    ],
)
def test_verify_sees_a_forged_checkpoint(tmp_path: Path, change: dict[str, Any], fault: str) -> None:
    happen()
    forged = tmp_path / "forged.jsonl"
    forged.write_text(json.dumps(json.loads(run("checkpoint")) | change))

    with pytest.raises(CommandError, match=fault):
        run("verify", "--checkpoints", str(forged))


@pytest.mark.parametrize("content", ["not json", "[]", '{"seq": 1}'])
def test_a_file_without_checkpoints_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text(content)

    with pytest.raises(CommandError, match="no checkpoint"):
        run("verify", "--checkpoints", str(file))


def test_a_missing_file_of_checkpoints_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        run("verify", "--checkpoints", str(tmp_path / "none.jsonl"))


def test_checkpoints_of_an_older_key_stay_valid_while_it_is_listed(settings: Any) -> None:
    happen()
    run("checkpoint")
    settings.PORTAL_AUDIT_KEY = f"a newer key, {KEY}"
    happen()
    run("checkpoint")

    first, second = checkpoints.stored_checkpoints()
    assert first.key_id != second.key_id
    assert "as it was written" in run("verify", "--checkpoints", str(checkpoints.checkpoint_file()))


def test_a_chain_that_left_its_last_checkpoint_is_not_signed_again() -> None:
    happen()
    made = json.loads(run("checkpoint"))
    checkpoints.checkpoint_file().write_text(json.dumps(made | {"hash": "00" * 32}) + "\n")

    with pytest.raises(CommandError, match="does not agree with its last checkpoint"):
        run("checkpoint")


def test_the_thread_signs_after_enough_events_and_stops_when_told() -> None:
    stop = threading.Event()
    happen()
    thread = threading.Thread(
        target=checkpoints.run_forever, args=[stop], kwargs={"seconds": 0.05, "events": 2}
    )

    thread.start()
    _wait_for(lambda: len(checkpoints.stored_checkpoints()) == 1)
    happen()
    _wait_for(lambda: len(checkpoints.stored_checkpoints()) == 2)
    time.sleep(0.2)
    stop.set()
    thread.join(5)

    assert not thread.is_alive()
    assert len(checkpoints.stored_checkpoints()) == 2, "nothing happened, so nothing is signed"


def test_the_thread_survives_a_chain_that_disagrees_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop = threading.Event()
    happen()

    def refuse() -> None:
        raise CheckpointError("no")

    monkeypatch.setattr(checkpoints, "make_checkpoint", refuse)
    thread = threading.Thread(target=checkpoints.run_forever, args=[stop], kwargs={"seconds": 0.05})
    thread.start()
    _wait_for(lambda: "does not agree" in caplog.text)
    alive = thread.is_alive()
    stop.set()
    thread.join(5)

    assert alive


def test_a_whole_export_is_verified_by_the_published_script(tmp_path: Path) -> None:
    happen()
    with acting(ANN):
        Organisation.objects.create(slug="x", name="Line\nbreak; 3:abc;")

    text = run("export")
    result = verified(text, tmp_path)

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{len(text.splitlines()) - 2} events, every one as it was written\n"


def test_a_filtered_export_stays_verifiable_and_says_nothing_of_what_it_leaves_out(tmp_path: Path) -> None:
    happen(2, organisation_id=71)
    happen(3, organisation_id=72, entity_id="secret")
    happen(1, organisation_id=71)

    text = run("export", "--organisation", "71")
    result = verified(text, tmp_path)

    kinds = ["event" in json.loads(line) for line in text.splitlines()[1:-1]]
    assert kinds[-6:] == [True, True, False, False, False, True]
    assert "secret" not in text
    assert (result.returncode, result.stderr) == (0, "")


def test_an_export_of_a_stretch_of_time_holds_that_stretch(tmp_path: Path) -> None:
    trail = Trail()
    happen(3)
    moments = [event.recorded_at.isoformat() for event in trail.events()]

    text = run("export", "--from", moments[1], "--to", moments[2])

    events = [json.loads(line)["event"] for line in text.splitlines()[1:-1]]
    assert [event["id"] for event in events] == [str(trail.events()[1].id)]
    assert verified(text, tmp_path).returncode == 0


def test_an_export_of_nothing_is_sound(tmp_path: Path) -> None:
    text = run("export", "--from", "2001-01-01", "--to", "2001-01-02")

    assert verified(text, tmp_path).stdout.startswith("0 events")


@pytest.mark.parametrize(
    "arguments", [["--from", "yesterday"], ["--to", "2026-02-30"], ["--from", "2026-13-01T00:00"]]
)
def test_a_time_that_is_none_is_refused(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="neither a day"):
        run("export", *arguments)


TAMPERING = {
    "a value changed": lambda lines: [
        *lines[:2],
        lines[2].replace("order.viewed", "order.signed"),
        *lines[3:],
    ],
    "a line removed": lambda lines: [*lines[:2], *lines[3:]],
    "two lines exchanged": lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
    "the end cut off": lambda lines: lines[:-2],
    "an event before the end removed": lambda lines: [*lines[:-2], lines[-1]],
    "something after the end": lambda lines: [*lines, lines[1]],
    "a line twice": lambda lines: [*lines[:2], lines[1], *lines[2:]],
}


@pytest.mark.parametrize("change", TAMPERING.values(), ids=TAMPERING)
def test_the_published_script_sees_what_was_done_to_an_export(tmp_path: Path, change: Any) -> None:
    trail = Trail()
    happen(5)
    lines = run("export", "--from", trail.events()[0].recorded_at.isoformat()).splitlines(keepends=True)

    sound, broken = verified("".join(lines), tmp_path), verified("".join(change(lines)), tmp_path)

    assert sound.returncode == 0
    assert broken.returncode == 1
    assert "NOT as it was written" in broken.stderr


def test_an_export_is_an_event_itself() -> None:
    trail = Trail()

    run("export", "--organisation", "71")

    (event,) = trail.events()
    assert (event.event_type, event.actor, event.via) == ("export.made", "system:audit export", "command")
    assert event.after["organisation"] == "71"


def test_an_export_is_streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    happen(30)
    monkeypatch.setattr("portal.audit.export._CHUNK", 7)

    count = AuditEvent.objects.count()

    assert len(run("export").splitlines()) == count + 3, "header, end, and the export itself"


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 10 s"
        time.sleep(0.02)
