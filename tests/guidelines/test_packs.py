"""Content packs: checked as a whole, loaded as a draft or not at all."""

import json
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from guidelines import actions, gate, library, packs
from guidelines.engine import Case, digest_of, evaluate
from guidelines.exceptions import ContentRefused
from guidelines.models import Faq, Scenario, ScenarioVersion, State
from guidelines.row_lists import LISTS
from ordering.advice import advise
from portal import audit
from tests.guidelines.desk import BICYCLE, SHIPPED, TESTS, document_at, load, pack_bytes, publish
from tests.guidelines.vignettes import as_it_answers

BICYCLE_ANSWERS = {"rider_age": 34, "can_ride": "yes", "purpose": "commute", "knee_pain": "yes"}


def stored() -> int:
    """Return how many rows of content there are."""
    tables = [Scenario, ScenarioVersion, *(spec.model for spec in LISTS)]
    tables += [spec.nested.model for spec in LISTS if spec.nested]
    return sum(table._default_manager.count() for table in tables)


def run(*arguments: Any) -> str:
    """Return what the command says."""
    said = StringIO()
    call_command("load_pack", *map(str, arguments), stdout=said, stderr=said)
    return said.getvalue()


def run_publish(*arguments: Any) -> str:
    """Return what the command says that publishes."""
    said = StringIO()
    call_command("publish_pack", *map(str, arguments), stdout=said)
    return said.getvalue()


def pack_file(tmp_path: Path, document: Any) -> Path:
    """Return a file with a pack of this document."""
    path = tmp_path / "pack.json"
    path.write_bytes(pack_bytes(document))
    return path


@pytest.mark.parametrize("path", [SHIPPED, BICYCLE, *packs.shipped()], ids=lambda path: path.stem)
def test_the_packs_that_ship_are_right_and_carry_their_checksum(path: Path) -> None:
    document = packs.read_pack(path.read_bytes())

    assert json.loads(path.read_text("utf-8"))["checksum"] == digest_of(document)


# --- the command -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_dry_run_says_what_is_in_the_pack_and_stores_nothing() -> None:
    said = run(SHIPPED, "--dry-run")

    assert said.startswith("Pack 1 (adult-all-emd-post-therapy) is right: new scenario.")
    assert "19 data elements" in said
    assert "Nothing was stored" in said
    assert stored() == 0


@pytest.mark.django_db
def test_a_pack_becomes_a_draft_and_is_published_by_a_command_of_its_own() -> None:
    draft = run(SHIPPED)
    used = run_publish(BICYCLE)

    states = dict(ScenarioVersion.objects.values_list("scenario__slug", "state"))
    assert states == {"adult-all-emd-post-therapy": State.DRAFT, "which-bicycle": State.PUBLISHED}
    assert "loaded as draft" in draft
    assert "is published" in used


@pytest.mark.django_db
def test_faults_are_said_with_their_places_and_nothing_is_stored(tmp_path: Path) -> None:
    document = document_at(SHIPPED)
    document["criteria"][1]["condition"]["value"] = "lupus"
    document["order_rules"][0]["placements"][0]["study"] = "no-such-study"
    document["faqs"][0]["answer"] = ""
    path = pack_file(tmp_path, document)

    for command, *options in ((run,), (run, "--dry-run"), (run_publish,)):
        with pytest.raises(CommandError, match=r"was not (loaded|published), 3 fault\(s\)") as refusal:
            command(path, *options)
        for place in (
            "/scenario/criteria/1/condition/value",
            "/scenario/order_rules/0/placements/0/study",
            "/scenario/faqs/0/answer",
        ):
            assert f" {place}: " in str(refusal.value)
    assert stored() == 0


@pytest.mark.django_db
def test_a_second_draft_is_refused_by_the_command() -> None:
    run(BICYCLE)
    before = stored()

    with pytest.raises(CommandError, match="already has an open draft"):
        run(BICYCLE)
    assert stored() == before


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match=r"No such file|Is a directory"):
        run(tmp_path / name)


@pytest.mark.django_db(transaction=True)
def test_a_fault_of_the_database_in_the_middle_leaves_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    before = stored()

    def fail(*_: Any, **__: Any) -> None:
        raise DatabaseError("the disk is full")

    # FAQs are the last list but one: everything before them is written by then
    monkeypatch.setattr(Faq._default_manager, "bulk_create", fail)
    with audit.acting(TESTS), pytest.raises(DatabaseError, match="disk is full"):
        actions.load_pack(document=document_at(SHIPPED), by=None)

    assert stored() == before == 0


@pytest.mark.django_db(transaction=True)
def test_a_draft_that_cannot_be_published_is_not_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(version: ScenarioVersion, **given: Any) -> None:
        raise ContentRefused([("/title", "is refused for this test")])

    monkeypatch.setattr(gate, "check", refuse)
    with pytest.raises(CommandError, match="/title"):
        run_publish(BICYCLE)

    assert stored() == 0


# --- the file ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"null", ""),
        (b'"pack"', ""),
        (b"{}", ""),
        (b'{"schema": "imaging-orders/guideline-pack/1"}', ""),
        (b'{"schema": "another/1", "scenario": {}}', "/schema"),
        (b'{"schema": "imaging-orders/guideline-pack/1", "scenario": []}', "/scenario"),
        (b'{"schema": "imaging-orders/guideline-pack/1", "scenario": null}', "/scenario"),
        (b"\xff\xfe{}", ""),
        (b'{"scenario": {"title": "a", "title": "b"}}', ""),
        (b"[" * 3000 + b"]" * 3000, ""),
        (b'{"schema": NaN}', ""),
    ],
)
def test_a_file_that_is_no_pack_is_refused_with_a_place(data: bytes, place: str) -> None:
    with pytest.raises(ContentRefused) as refusal:
        packs.read_pack(data)

    assert refusal.value.errors
    assert any(pointer.startswith(place) for pointer, _ in refusal.value.errors)


def test_a_pack_that_was_changed_after_its_checksum_is_refused() -> None:
    pack = json.loads(BICYCLE.read_text("utf-8"))
    pack["scenario"]["title"] = "Another title"

    with pytest.raises(ContentRefused) as refusal:
        packs.read_pack(json.dumps(pack).encode())

    assert refusal.value.errors == [
        ("/checksum", "does not fit the scenario: the file was changed or cut short")
    ]


def test_a_pack_without_a_checksum_loads_as_one_written_by_hand() -> None:
    pack = json.loads(BICYCLE.read_text("utf-8"))
    del pack["checksum"]

    assert packs.read_pack(json.dumps(pack).encode())["slug"] == "which-bicycle"


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("/scenario/title", "", "must not be empty"),
        ("/scenario/title", "Rated <b>well</b>", "plain text"),
        ("/scenario/title", "x" * 201, "at most 200 characters"),
        ("/scenario/title", 7, "must be a text"),
        ("/scenario/criteria", [], "needs at least 1"),
        ("/scenario/review_due_on", "2027-02-30", "day of the calendar"),
        ("/scenario/primary_source", "nobody", "not a source"),
        ("/scenario/criteria/0/condition/op", "roughly", "does not fit"),
        ("/scenario/rated_studies/0/rating", "very_good", "must be one of"),
        ("/scenario/data_elements/0/kind", "colour", "must be one of"),
        ("/scenario/next_steps/0/study", "no-such-study", "not a study"),
    ],
)
def test_a_fault_says_what_to_do_in_one_sentence(place: str, value: Any, said: str) -> None:
    pack = json.loads(SHIPPED.read_text("utf-8"))
    del pack["checksum"]
    *parents, last = place.strip("/").split("/")
    target = pack
    for part in parents:
        target = target[int(part) if part.isdigit() else part]
    target[last] = value

    with pytest.raises(ContentRefused) as refusal:
        packs.read_pack(json.dumps(pack).encode())

    told = [message for pointer, message in refusal.value.errors if pointer == place]
    assert any(said in message for message in told), refusal.value.errors
    assert all(len(message) < 400 for message in told)
    assert all("^[" not in message for message in told)


@pytest.mark.parametrize("name", sorted(set(document_at(SHIPPED)) - {"leaflet", "vignettes"}))
def test_every_key_of_a_scenario_is_needed(name: str) -> None:
    document = deepcopy(document_at(SHIPPED))
    del document[name]

    with pytest.raises(ContentRefused) as refusal:
        packs.read_pack(pack_bytes(document))

    assert any(name in place or name in message for place, message in refusal.value.errors)


# --- another guideline, without code -----------------------------------------------------------------------


@pytest.mark.django_db
def test_a_second_pack_advises_without_a_line_of_code() -> None:
    publish(load(SHIPPED))
    publish(load(BICYCLE))

    advised = advise(slug="which-bicycle", answers=BICYCLE_ANSWERS)

    suggestion = advised.suggestion
    assert suggestion["scenario"]["slug"] == "which-bicycle"
    assert suggestion["studies"][0]["code"] == "electric-bicycle"
    assert suggestion["studies"][0]["role"] == "suggested"
    assert {edition.slug for edition in library.published()} == {
        "which-bicycle",
        "adult-all-emd-post-therapy",
    }
    assert [edition.slug for edition in library.search("bycicle")] == ["which-bicycle"]


@pytest.mark.django_db
def test_a_new_version_advises_at_once_and_the_old_one_still_explains_itself() -> None:
    first = publish(load(BICYCLE))
    document = document_at(BICYCLE)
    document["order_rules"] = []
    document["title"] = "Which bicycle now?"
    with audit.acting(TESTS):
        draft = actions.load_pack(document=document, by=None)
    second = publish(as_it_answers(draft))

    now = advise(slug="which-bicycle", answers=BICYCLE_ANSWERS)
    old = library.ruleset(first.pk)
    then = evaluate(old, Case.from_dict(old, BICYCLE_ANSWERS, today=first.published_at.date()))  # type: ignore[union-attr]

    assert now.version_id == second.pk
    assert now.suggestion["studies"][0]["code"] == "city-bicycle"
    assert then.to_dict()["studies"][0]["code"] == "electric-bicycle"
    assert ScenarioVersion.objects.get(pk=first.pk).state == State.SUPERSEDED
