"""The packs of a file, one after the other: each is a scenario document, or the list of its faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, Any

from guidelines import packs
from guidelines.exceptions import ContentRefused
from guidelines.exchange import strict_yaml
from guidelines.exchange.faults import PackFault, at_most, placed
from guidelines.exchange.json_lines import places_of
from guidelines.exchange.pieces import Piece, lines_of, objects_of
from portal.strict_json import StrictJSONError, loads

JSON_LINES = (".jsonl", ".ndjson")
YAML = (".yaml", ".yml")


class Form(StrEnum):
    """How a file is written."""

    JSON = "json"  # one pack, a list of packs, or packs one after the other
    JSON_LINES = "jsonl"  # a pack a line
    YAML = "yaml"  # a pack a document


def form_asked(text: str, *, default: Form) -> Form:
    """Return the form that somebody asked for; anything else is the default."""
    return next((form for form in Form if form.value == text), default)


@dataclass(frozen=True, slots=True)
class ReadPack:
    """One pack of a file. Exactly one of `document` and `faults` says something."""

    number: int
    line: int
    document: dict[str, Any] | None = None
    faults: list[PackFault] = field(default_factory=list)


def form_of(name: str, beginning: bytes) -> Form:
    """Return how a file is written: by its name, else by what it begins with."""
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if ending in YAML:
        return Form.YAML
    if ending in JSON_LINES:
        return Form.JSON_LINES
    if ending == ".json" or beginning.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return Form.JSON
    return Form.YAML


def read_packs(file: IO[bytes], form: Form) -> Iterator[ReadPack]:
    """Yield the packs of a file, checked as a whole each; needs memory for one of them at a time."""
    found = False
    for read in _yaml(file) if form is Form.YAML else _json(file, form):
        found = True
        yield read
    if not found:
        yield ReadPack(1, 1, faults=[PackFault(None, "", "The file holds no pack.")])


def _json(file: IO[bytes], form: Form) -> Iterator[ReadPack]:
    cut = lines_of if form is Form.JSON_LINES else objects_of
    for number, piece in enumerate(cut(file, max_bytes=packs.MAX_BYTES), start=1):
        yield _of_piece(number, piece)


def _of_piece(number: int, piece: Piece) -> ReadPack:
    if piece.data is None:
        fault = PackFault(piece.line, "", f"A pack is larger than {packs.MAX_BYTES} bytes.")
        return ReadPack(number, piece.line, faults=[fault])
    try:
        pack = loads(piece.data, max_bytes=packs.MAX_BYTES)
    except StrictJSONError as fault:
        return ReadPack(number, piece.line, faults=_json_faults(fault, piece))
    try:
        packs.check_pack(pack)
    except ContentRefused as refusal:
        lines = places_of(piece.data.decode(), first_line=piece.line).lines
        return ReadPack(number, piece.line, faults=at_most(placed(refusal.errors, lines)))
    return ReadPack(number, piece.line, pack["scenario"])


def _json_faults(fault: StrictJSONError, piece: Piece) -> list[PackFault]:
    """Return every fault of a JSON text, of which a parser names the first."""
    assert piece.data is not None
    if fault.code in ("invalid_utf8", "byte_order_mark", "too_large", "too_deep"):
        return [PackFault(piece.line, fault.pointer, fault.message)]
    if fault.code == "invalid_json":
        return [_syntax_fault(piece)]
    places = places_of(piece.data.decode(), first_line=piece.line)
    return at_most(places.faults) or placed([(fault.pointer, fault.message)], places.lines)


def _syntax_fault(piece: Piece) -> PackFault:
    """Return where a text stops being JSON, counted in the file."""
    assert piece.data is not None
    try:
        json.loads(piece.data)
    except json.JSONDecodeError as fault:
        line = piece.line + fault.lineno - 1
        return PackFault(line, "", f"Not JSON: {fault.msg}, column {fault.colno}.")
    return PackFault(piece.line, "", "Not JSON.")


def _yaml(file: IO[bytes]) -> Iterator[ReadPack]:
    # a key is a node too
    made = strict_yaml.documents(file, max_bytes=packs.MAX_BYTES, max_nodes=2 * packs.MOST_VALUES)
    for number, read in enumerate(made, start=1):
        if read.faults:
            yield ReadPack(number, read.line, faults=at_most(read.faults))
            continue
        try:
            packs.check_pack(read.value)
        except ContentRefused as refusal:
            yield ReadPack(number, read.line, faults=at_most(placed(refusal.errors, read.lines)))
        else:
            yield ReadPack(number, read.line, read.value["scenario"])
