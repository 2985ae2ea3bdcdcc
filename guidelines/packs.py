"""Content packs: one scenario as a JSON file, checked as a whole before anything is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from guidelines import snapshot
from guidelines.engine import RuleSet, RuleSetError, digest_of
from guidelines.exceptions import ContentRefused
from guidelines.quick_shape import Fits, Unsure, compiled
from portal.strict_json import StrictJSONError, loads

CONTENT = Path(__file__).parent / "content"
SCHEMA = Path(__file__).parent / "pack.schema.json"
FORMAT = "imaging-orders/guideline-pack/1"
MAX_BYTES = 5 * 1024 * 1024  # far above a scenario's size; a larger file is no scenario
MOST_VALUES = 30_000  # texts, numbers, lists and objects of one pack; a scenario has about a tenth
LONGEST_MESSAGE = 300  # characters; the validator quotes the value, which may be the whole document


def read_pack(data: bytes) -> dict[str, Any]:
    """Return the scenario document of a pack. Raises ContentRefused with every fault and its place."""
    try:
        pack = loads(data, max_bytes=MAX_BYTES)
    except StrictJSONError as fault:
        raise ContentRefused([(fault.pointer, fault.message)]) from fault
    check_pack(pack)
    return pack["scenario"]


def check_pack(pack: Any) -> None:
    """Refuse a pack whose shape or meaning is wrong: ContentRefused names every fault.

    The schema says what is wrong with the shape; what the engine says of the same place is put in its
    stead, because it says what to do.
    """
    if isinstance(pack, dict) and "schema" in pack and pack["schema"] != FORMAT:
        said = str(pack["schema"])[:LONGEST_MESSAGE]
        raise ContentRefused([("/schema", f"this portal reads {FORMAT}, and the pack says {said!r}")])
    if _counts_more_than(pack, MOST_VALUES):
        raise ContentRefused([("", f"holds more than {MOST_VALUES} values, which is no scenario")])
    document = pack.get("scenario") if isinstance(pack, dict) else None
    meant = [] if document is None else [(f"/scenario{place}", said) for place, said in _faults_of(document)]
    shaped = [] if not meant and _fits(pack) else _shape_faults(pack)
    told = {around for place, _ in meant for around in _and_around(place)}
    faults = [(place, said) for place, said in shaped if place not in told] + meant
    if faults:
        raise ContentRefused(list(dict.fromkeys(faults)))
    if "checksum" in pack and pack["checksum"] != digest_of(pack["scenario"]):
        raise ContentRefused([("/checksum", "does not fit the scenario: the file was changed or cut short")])
    told_outside = {"licence": pack["scenario"]["licence"], "source": source_of(pack["scenario"])}
    faults = [
        (f"/{name}", "says other than the scenario: correct it, or leave it out")
        for name, said in told_outside.items()
        if name in pack and pack[name] != said
    ]
    if faults:
        raise ContentRefused(faults)


def _fits(pack: Any) -> bool:
    """Return whether the schema surely has nothing against a pack; quick, and names no fault."""
    try:
        return _quick_test()(pack)
    except Unsure:
        return False


def _shape_faults(pack: Any) -> list[tuple[str, str]]:
    """Return what the schema refuses, each with its place."""
    return [
        (
            "/" + "/".join(_escape(part) for part in fault.absolute_path) if fault.absolute_path else "",
            _said(fault),
        )
        for fault in sorted(_validator().iter_errors(pack), key=lambda fault: list(map(str, fault.path)))
    ]


def _counts_more_than(value: Any, most: int) -> bool:
    """Return whether a JSON value holds more values than that; looks no further than needed."""
    waiting, count = [value], 0
    while waiting and count <= most:
        members = waiting.pop()
        if isinstance(members, dict):
            members = list(members.values())
        if isinstance(members, list):
            count += len(members)
            waiting += [member for member in members if isinstance(member, dict | list)]
    return count > most


def check_document(document: dict[str, Any]) -> None:
    """Refuse a document whose meaning is wrong, or that rows cannot hold as it is. Raises ContentRefused."""
    faults = _faults_of(document)
    if faults:
        raise ContentRefused(faults)


def _faults_of(document: Any) -> list[tuple[str, str]]:
    """Return what the engine refuses in a document; if that is nothing, what the rows cannot hold."""
    try:
        RuleSet.from_document(document, version=0, digest="")
    except RuleSetError as fault:
        return list(fault.errors)
    return snapshot.unfit_values(document)


def _and_around(place: str) -> Iterator[str]:
    """Yield a place and every place that holds it."""
    yield place
    while place:
        place = place.rpartition("/")[0]
        yield place


def _said(fault: ValidationError) -> str:
    """Return what a fault of shape means: the schema's own words where its message is a pattern."""
    wanted = fault.schema.get("description", "") if isinstance(fault.schema, dict) else ""
    if fault.validator in ("pattern", "format", "anyOf", "oneOf", "not") and wanted:
        return f"does not fit. Wanted: {wanted}"
    if fault.validator == "minLength":
        return "must not be empty"
    if fault.validator == "minItems":
        return f"needs at least {fault.validator_value}"
    if fault.validator == "maxLength":
        return f"is too long: at most {fault.validator_value} characters"
    return fault.message if len(fault.message) < LONGEST_MESSAGE else f"{fault.message[:LONGEST_MESSAGE]} ..."


def envelope(document: dict[str, Any]) -> dict[str, Any]:
    """The pack of a scenario document: licence and source stand outside too, for whoever opens the file."""
    source = source_of(document)  # a draft may lack it
    return {
        "schema": FORMAT,
        "checksum": digest_of(document),
        "licence": document["licence"],
        **({"source": source} if source else {}),
        "scenario": document,
    }


def source_of(document: dict[str, Any]) -> dict[str, Any] | None:
    """Return the primary source of a document as a pack names it."""
    for row in document["sources"]:
        if row["key"] == document["primary_source"]:
            return {name: row[name] for name in ("title", "publisher", "url", "reviewer", "reviewed_on")}
    return None


def shipped() -> list[Path]:
    """The content packs that come with the portal."""
    return sorted(CONTENT.glob("*.json"))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(_schema(), format_checker=FormatChecker())


@cache
def _quick_test() -> Fits:
    return compiled(_schema())


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(SCHEMA.read_text("utf-8"))
    return schema


def _escape(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
