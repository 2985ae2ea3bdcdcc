"""Packs in and out by commands: dry runs with a diff, drafts, conflicts, many packs of one file."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from guidelines import packs, snapshot
from guidelines.engine import digest_of
from guidelines.exchange.yaml_text import to_yaml
from guidelines.models import PackRecord, ScenarioVersion, State
from portal import audit
from portal.models import AuditEvent
from tests.guidelines.desk import BICYCLE, TESTS, copy, document_at, load, publish

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: Any, **options: Any) -> str:
    said = StringIO()
    call_command(command, *map(str, arguments), stdout=said, stderr=said, **options)
    return said.getvalue()


def bicycle(**changes: Any) -> dict[str, Any]:
    return document_at(BICYCLE) | changes


def file_of(tmp_path: Path, name: str, *documents: dict[str, Any]) -> Path:
    path = tmp_path / name
    made = [packs.envelope(document) for document in documents]
    if name.endswith("yaml"):
        path.write_text("".join(map(to_yaml, made)))
    elif name.endswith("jsonl"):
        path.write_text("".join(json.dumps(pack) + "\n" for pack in made))
    else:
        path.write_text(json.dumps(made, indent=1))
    return path


def test_a_dry_run_shows_what_would_change_against_the_version_in_use(tmp_path):
    publish(load(BICYCLE))
    path = file_of(tmp_path, "pack.yaml", bicycle(title="Another title"))

    said = run("load_pack", path, "--dry-run")

    assert "Pack 1 (which-bicycle) is right: changed against" in said
    assert "+ Another title" in said
    assert "Nothing was stored" in said
    assert ScenarioVersion.objects.count() == 1


def test_a_pack_lands_as_a_draft_that_remembers_its_file(tmp_path):
    publish(load(BICYCLE))
    changed = bicycle(title="Another title")

    run("load_pack", file_of(tmp_path, "pack.yaml", changed))

    draft = ScenarioVersion.objects.get(state=State.DRAFT)
    record = PackRecord.objects.get(version=draft)
    assert snapshot.document_of(draft) == changed
    assert (record.direction, record.file_name, record.form) == ("loaded", "pack.yaml", "yaml")
    assert record.digest == digest_of(changed)
    assert AuditEvent.objects.filter(event_type="guideline.drafted", entity_id=str(draft.pk)).exists()
    with pytest.raises(IntegrityError), transaction.atomic(), audit.acting(TESTS):
        PackRecord.objects.update(file_name="another.yaml")


@pytest.mark.parametrize("name", ["packs.json", "packs.jsonl", "packs.yaml"])
def test_a_conflict_is_told_of_its_scenario_and_the_others_are_loaded(tmp_path, name):
    first = publish(load(BICYCLE))
    copy(first)
    others = [bicycle(slug="second-bicycle"), bicycle(slug="third-bicycle")]
    path = file_of(tmp_path, name, others[0], bicycle(title="In conflict"), others[1])

    with pytest.raises(CommandError) as refusal:
        run("load_pack", path)

    assert "Pack 2 (which-bicycle): conflict" in str(refusal.value)
    assert str(refusal.value).count("\n") == 1
    drafts = ScenarioVersion.objects.filter(state=State.DRAFT).order_by("scenario__slug")
    assert [draft.scenario.slug for draft in drafts] == ["second-bicycle", "third-bicycle", "which-bicycle"]
    assert drafts[2].title == first.title


def test_loading_the_same_file_again_changes_nothing(tmp_path):
    path = file_of(tmp_path, "packs.jsonl", bicycle(), bicycle(slug="second-bicycle"))
    run("load_pack", path)

    said = run("load_pack", path)

    assert "2 here already" in said
    assert ScenarioVersion.objects.count() == PackRecord.objects.count() == 2


def test_a_pack_with_faults_does_not_keep_the_others_back(tmp_path):
    broken = bicycle(slug="broken-bicycle")
    broken["criteria"][0]["condition"] = {"element": "nothing", "op": "equals", "value": "x"}
    path = file_of(tmp_path, "packs.jsonl", broken, bicycle())

    with pytest.raises(CommandError, match="Pack 1: line 1, /scenario/criteria/0/condition/element"):
        run("load_pack", path)

    assert [str(version.scenario.slug) for version in ScenarioVersion.objects.all()] == ["which-bicycle"]


def test_what_is_unchanged_is_skipped_when_asked(tmp_path):
    publish(load(BICYCLE))
    path = file_of(tmp_path, "pack.json", bicycle())

    assert "1 no change" in run("load_pack", path, "--skip-unchanged")
    assert not ScenarioVersion.objects.filter(state=State.DRAFT).exists()
    run("load_pack", path)
    assert ScenarioVersion.objects.filter(state=State.DRAFT).exists()


@pytest.mark.parametrize("form", ["json", "jsonl", "yaml"])
def test_what_is_exported_loads_again_with_the_same_digest(tmp_path, form):
    first = publish(load(BICYCLE))
    draft = copy(first)
    path = tmp_path / f"out.{form}"

    run("export_pack", "--all", "--output", path, verbosity=0)

    with pytest.raises(CommandError, match="here already"):  # the copy says the same as what was exported
        run("load_pack", path, "--dry-run")
    records = PackRecord.objects.filter(direction="exported")
    assert [(row.version_id, row.digest) for row in records] == [(first.pk, first.digest)]
    assert not records.filter(version=draft).exists()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Name the scenarios"),
        (("which-bicycle", "--all"), "Name the scenarios"),
        (("no-such",), "no published version of no-such"),
        (("which-bicycle",), "no published version of which-bicycle"),  # a draft is never written
        (("which-bicycle", "--version-number", "1"), "no published version 1"),
        (("a", "b", "--version-number", "1"), "of one scenario"),
    ],
)
def test_an_export_that_cannot_be_is_refused(arguments, message):
    load(BICYCLE)

    with pytest.raises(CommandError, match=message):
        run("export_pack", *arguments)

    assert not PackRecord.objects.exists()


def test_a_superseded_version_is_exported_when_it_is_named():
    first = publish(load(BICYCLE))
    publish(copy(first))

    pack = json.loads(run("export_pack", "which-bicycle", "--version-number", 1))[0]

    assert (pack["checksum"], pack["licence"]) == (first.digest, pack["scenario"]["licence"])
    assert pack["source"]["title"] in [row["title"] for row in pack["scenario"]["sources"]]
