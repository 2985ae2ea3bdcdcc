"""Content packs: one scenario as a JSON file, checked as a whole before anything is stored."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from guidelines.engine import RuleSet, RuleSetError, digest_of
from guidelines.exceptions import ContentRefused
from portal.strict_json import StrictJSONError, loads

CONTENT = Path(__file__).parent / "content"
SCHEMA = Path(__file__).parent / "pack.schema.json"
FORMAT = "imaging-orders/guideline-pack/1"
MAX_BYTES = 5 * 1024 * 1024  # far above a scenario's size; a larger file is no scenario


def read_pack(data: bytes) -> dict[str, Any]:
    """Return the scenario document of a pack. Raises ContentRefused with every fault and its place."""
    try:
        pack = loads(data, max_bytes=MAX_BYTES)
    except StrictJSONError as fault:
        raise ContentRefused([(fault.pointer, fault.message)]) from fault
    check_pack(pack)
    return pack["scenario"]


def check_pack(pack: Any) -> None:
    """Refuse a pack whose shape or meaning is wrong: ContentRefused names every fault."""
    faults = [
        ("/" + "/".join(_escape(part) for part in fault.absolute_path), fault.message)
        for fault in sorted(_validator().iter_errors(pack), key=lambda fault: list(map(str, fault.path)))
    ]
    if faults:
        raise ContentRefused(faults)
    scenario = pack["scenario"]
    if "checksum" in pack and pack["checksum"] != digest_of(scenario):
        raise ContentRefused(
            [
                (
                    "/checksum",
                    "does not fit the scenario: the file was changed or cut short",
                )
            ]
        )
    try:
        check_document(scenario)
    except ContentRefused as refusal:
        raise ContentRefused([(f"/scenario{place}", message) for place, message in refusal.errors]) from None


def check_document(document: dict[str, Any]) -> RuleSet:
    """Return the ruleset of a document whose meaning is right. Raises ContentRefused."""
    try:
        return RuleSet.from_document(document, version=0, digest="")
    except RuleSetError as fault:
        raise ContentRefused(list(fault.errors)) from fault


def envelope(document: dict[str, Any]) -> dict[str, Any]:
    """The pack of a scenario document."""
    return {"schema": FORMAT, "scenario": document, "checksum": digest_of(document)}


def shipped() -> list[Path]:
    """The content packs that come with the portal."""
    return sorted(CONTENT.glob("*.json"))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")), format_checker=FormatChecker())


def _escape(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
