"""Versions for tests of the desk, made as production makes them."""

import json
from pathlib import Path
from typing import Any

from guidelines import actions, packs
from guidelines.engine import digest_of
from guidelines.models import ScenarioVersion
from portal import audit
from tests.content import document_in

CASES = Path(__file__).parents[1] / "cases" / "packs"
SHIPPED = packs.CONTENT / "adult-all-emd-post-therapy.json"
BICYCLE = CASES / "which-bicycle.json"
TESTS = audit.system("tests")
REVIEWERS = audit.system("tests-approver")


def document_at(path: Path) -> dict[str, Any]:
    """Return the scenario document of a pack."""
    return packs.read_pack(path.read_bytes())


def load(path: Path = BICYCLE) -> ScenarioVersion:
    """Return the draft that a pack became."""
    with audit.acting(TESTS):
        return actions.load_pack(document=document_in(path), by=None)


def publish(version: ScenarioVersion) -> ScenarioVersion:
    """Return the version, submitted, approved by another and published."""
    return actions.release(version=version, editor=TESTS, approver=REVIEWERS)


def approved(version: ScenarioVersion) -> ScenarioVersion:
    """Return the version, submitted and approved by another."""
    with audit.acting(TESTS):
        actions.submit(version=version, by=None, comment="Ready.")
    with audit.acting(REVIEWERS):
        return actions.approve(version=version, by=None)


def copy(version: ScenarioVersion) -> ScenarioVersion:
    """Return a new draft with the content of a version."""
    with audit.acting(TESTS):
        return actions.copy_to_draft(version=version, by=None)


def pack_bytes(document: dict[str, Any]) -> bytes:
    """Return a pack file of a document."""
    pack = {"schema": packs.FORMAT, "checksum": digest_of(document), "scenario": document}
    return json.dumps(pack).encode()
