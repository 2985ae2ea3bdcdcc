"""One strict reading of YAML: the part of it that says what JSON can say, and nothing more.

Tags, anchors and aliases are refused where they stand, so nothing is ever constructed or multiplied. A
plain word is true, false, null or a number only as JSON spells it; everything else is text: `no`, `on` and
2026-05-30 are the texts that they look like. The events of the parser are read one by one, so neither depth
nor length costs more than the limits allow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import yaml

from guidelines.exchange.faults import PackFault, pointer_of
from portal.strict_json import MAX_DEPTH

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE)
_MOST_DIGITS = 18
_MOST_FAULTS = 1000  # of one document; then reading it ends
_READ = 64 * 1024


class _Enough(Exception):
    """The document is refused and the rest of the file with it: there is no way to find its end safely."""


@dataclass(slots=True)
class YamlDocument:
    """One document of a YAML file, with the line of each value."""

    line: int
    value: Any = None
    lines: dict[str, int] = field(default_factory=dict)
    faults: list[PackFault] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    place: tuple[str | int, ...]
    value: Any
    key: str | None = None  # of an object: the key that waits for its value
    dropped: bool = False  # a repeated or unusable key: its value is read past


class _Limited:
    """A file that ends with a fault when one document of it is too long, or is not UTF-8."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self.file, self.most, self.left, self.rest = file, most, most + _READ, b""

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(_READ if size < 0 else min(size, _READ))
        self.left -= len(data)
        if self.left < 0:
            raise _Enough(f"A pack is larger than {self.most} bytes.")
        return data

    def start(self) -> None:
        self.left = self.most + _READ


def plain(text: str) -> Any:
    """Return what a plain word of YAML means here. Raises ValueError for what is no number in JSON."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        if len(text.lstrip("-")) > _MOST_DIGITS:
            raise ValueError("This number is too large.")
        return int(text)
    if _DECIMAL.fullmatch(text):
        if math.isinf(float(text)):
            raise ValueError("This number is too large.")
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is no number in JSON.")
    return text


def documents(file: IO[bytes], *, max_bytes: int, max_nodes: int) -> Iterator[YamlDocument]:
    """Yield the documents of a YAML file one after the other, in memory for one of them."""
    limited = _Limited(file, max_bytes)
    reader = _Reader(max_nodes)
    try:
        for event in yaml.parse(limited, Loader=_LOADER):
            if isinstance(event, yaml.StreamStartEvent) and event.encoding not in (None, "utf-8"):
                raise _Enough("Write the file in UTF-8.")
            if isinstance(event, yaml.DocumentStartEvent):
                limited.start()
            made = reader.take(event)
            if made is not None:
                yield made
    except _Enough as refusal:
        yield reader.broken(PackFault(reader.line, "", str(refusal)))
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else reader.line
        column = f", column {mark.column + 1}" if mark else ""
        said = f"Not YAML: {fault.problem or fault.context}{column}."
        yield reader.broken(PackFault(line, "", said))
    except yaml.reader.ReaderError as fault:
        yield reader.broken(
            PackFault(reader.line, "", f"Not YAML: {fault.reason}, at byte {fault.position}.")
        )
    except RecursionError:
        yield reader.broken(
            PackFault(reader.line, "", f"More than {MAX_DEPTH} objects and lists inside each other.")
        )


class _Reader:
    """Makes values of events."""

    def __init__(self, most: int) -> None:
        self.most, self.nodes = most, 0
        self.line = 1
        self.document = YamlDocument(1)
        self.stack: list[_Open] = []

    def broken(self, fault: PackFault) -> YamlDocument:
        """Return the document that could not be read to its end."""
        self.document.faults.append(fault)
        return self.document

    def take(self, event: Any) -> YamlDocument | None:
        """Take the next event; returns a document when it ends."""
        self.line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.document, self.stack, self.nodes = YamlDocument(self.line), [], 0
            if event.tags:
                self._fault("Tags are not taken: write plain text, numbers, lists and objects.")
        elif isinstance(event, yaml.DocumentEndEvent):
            return self.document
        elif isinstance(event, yaml.AliasEvent):
            self._fault("Anchors and aliases are not taken: write the value out.")
            self._value(None)
        elif isinstance(event, yaml.ScalarEvent):
            self._node(event)
            self._scalar(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._node(event)
            self._open([] if isinstance(event, yaml.SequenceStartEvent) else {})
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        return None

    def _node(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > self.most:
            raise _Enough(f"A pack holds more than {self.most} values, which is no scenario.")
        if event.anchor is not None:
            self._fault("Anchors and aliases are not taken: write the value out.")
        if event.tag is not None:
            self._fault("Tags are not taken: write plain text, numbers, lists and objects.")

    def _scalar(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(event)
            return
        if "\0" in event.value:
            self._fault("This text holds NUL, which is no character.")
        if event.style is None or event.style == "":
            try:
                self._value(plain(event.value))
            except ValueError as fault:
                self._fault(str(fault))
                self._value(None)
        else:
            self._value(event.value)

    def _key(self, event: Any) -> None:
        top = self.stack[-1]
        key = event.value
        if not event.style and not isinstance(_or_none(key), str):
            self._fault(f"{key or 'null'} is no text: put the key into quotation marks.")
        top.key, top.dropped = key, key in top.value
        place = pointer_of((*top.place, key))
        if top.dropped:
            self.document.faults.append(PackFault(self.line, place, "This key is there more than once."))
        self.document.lines.setdefault(place, self.line)

    def _open(self, value: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise _Enough("A list or an object cannot be a key.")
        place = self._place()
        self.document.lines.setdefault(pointer_of(place), self.line)
        self.stack.append(_Open(place, value))
        if len(self.stack) > MAX_DEPTH:
            raise _Enough(f"More than {MAX_DEPTH} objects and lists inside each other.")

    def _close(self) -> None:
        closed = self.stack.pop()
        self._put(closed.value)

    def _value(self, value: Any) -> None:
        self.document.lines.setdefault(pointer_of(self._place()), self.line)
        self._put(value)

    def _put(self, value: Any) -> None:
        if not self.stack:
            self.document.value = value
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
            return
        if not top.dropped:
            top.value[top.key] = value
        top.key, top.dropped = None, False

    def _place(self) -> tuple[str | int, ...]:
        if not self.stack:
            return ()
        top = self.stack[-1]
        return (*top.place, len(top.value) if isinstance(top.value, list) else (top.key or ""))

    def _fault(self, message: str) -> None:
        self.document.faults.append(PackFault(self.line, pointer_of(self._place()), message))
        if len(self.document.faults) > _MOST_FAULTS:
            raise _Enough("Too many faults.")


def _or_none(text: str) -> Any:
    try:
        return plain(text)
    except ValueError:
        return None
