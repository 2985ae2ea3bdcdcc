"""A JSON file of many packs, cut into its packs without reading more than one of them into memory.

The file is one object, a list of objects, or objects one after the other, such as one a line (JSON Lines).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from portal.strict_json import MAX_DEPTH

_CHUNK = 256 * 1024
_DEEPEST = 2 * MAX_DEPTH  # nobody looks for the end of a pack that is refused for its depth
_OUTSIDE = re.compile(rb"[^\s,]|\n")
_INSIDE = re.compile(rb'["\[\]{}\n]')
_IN_TEXT = re.compile(rb'["\\\n]')


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one pack and the line that it begins on. `data` is None when it is too long to be one."""

    line: int
    data: bytes | None


def lines_of(file: IO[bytes], *, max_bytes: int) -> Iterator[Piece]:
    """Yield each line that says something: a broken line does not spoil those after it."""
    number = 0
    while line := file.readline(max_bytes + 1):
        number += 1
        whole = line
        while whole and not whole.endswith(b"\n") and len(whole) > max_bytes:
            whole = file.readline(max_bytes + 1)  # the rest of a line that is too long is read past
            line = b""
        if line.strip():
            yield Piece(number, line)
        elif not line:
            yield Piece(number, None)


def objects_of(file: IO[bytes], *, max_bytes: int) -> Iterator[Piece]:
    """Yield each object of the file, whether they stand in a list or one after the other."""
    return _Cutter(max_bytes).cut(file)


class _Cutter:
    """Follows brackets and quotation marks, and nothing else."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.depth = 0
        self.in_text = self.escaped = False
        self.in_list = False  # the file is a list, whose own brackets belong to no pack
        self.collecting = self.stopped = False
        self.line, self.begun = 1, 1
        self.kept: list[bytes] = []
        self.size = 0

    def cut(self, file: IO[bytes]) -> Iterator[Piece]:
        """Yield the pieces."""
        blank = True
        while chunk := file.read(_CHUNK):
            if blank and chunk.lstrip()[:1] == b"[":
                self.in_list = True
                place = chunk.index(b"[") + 1
                self.line += chunk.count(b"\n", 0, place)
                chunk = chunk[place:]
                blank = False
            blank = blank and not chunk.strip()
            yield from self._chunk(chunk)
            if self.stopped:
                return
        if self.collecting:
            yield self._piece()

    def _chunk(self, chunk: bytes) -> Iterator[Piece]:
        start = position = 0
        while position < len(chunk):
            if self.escaped:
                self.escaped, position = False, position + 1
                continue
            pattern = _IN_TEXT if self.in_text else _INSIDE if self.collecting else _OUTSIDE
            match = pattern.search(chunk, position)
            if match is None:
                break
            position, mark = match.end(), match.group()
            if mark == b"\n":
                self.line += 1
            elif self.in_text:
                self.escaped, self.in_text = mark == b"\\", mark != b'"'
            elif not self.collecting and self.in_list and mark == b"]":
                self.in_list = False
            else:
                if not self.collecting:
                    self.collecting, self.begun, start = True, self.line, match.start()
                if self._ends(mark):
                    self._keep(chunk[start:position])
                    yield self._piece()
                elif self.depth > _DEEPEST:
                    self._keep(chunk[start:position])
                    yield self._piece()
                    self.stopped = True
                    return
        if self.collecting:
            self._keep(chunk[start:])

    def _ends(self, mark: bytes) -> bool:
        """Follow one mark outside of texts; returns whether a pack ends with it."""
        self.in_text = mark == b'"'
        if mark in b"{[":
            self.depth += 1
        elif mark in b"}]":
            self.depth -= 1
            return self.depth <= 0
        return False

    def _keep(self, part: bytes) -> None:
        self.size += len(part)
        if self.size <= self.max_bytes:
            self.kept.append(part)
        else:
            self.kept = []

    def _piece(self) -> Piece:
        data = b"".join(self.kept) if self.size <= self.max_bytes else None
        self.kept, self.size, self.depth = [], 0, 0
        self.collecting = self.in_text = False
        return Piece(self.begun, data)
