"""Two texts word by word: what was taken out, what was put in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "removed", "added"]

LONGEST = 3_000  # words of both texts; longer ones are compared line by line
ALIKE = 0.3  # texts with less in common are shown one after the other, not interwoven
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and whether the other text has it too."""

    kind: Kind
    text: str


def pieces_of(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts in pieces; the pieces of each, joined, are the text."""
    if not old or not new:
        return _whole("removed", old), _whole("added", new)
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) + len(after) > LONGEST:
        before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < ALIKE:
        return _whole("removed", old), _whole("added", new)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, i, j, k, m in matcher.get_opcodes():
        taken, put = "".join(before[i:j]), "".join(after[k:m])
        _add(left, "same" if tag == "equal" else "removed", taken)
        _add(right, "same" if tag == "equal" else "added", put)
    return _joined(left), _joined(right)


def _whole(kind: Kind, text: str) -> tuple[Piece, ...]:
    return (Piece(kind, text),) if text else ()


def _add(pieces: list[Piece], kind: Kind, text: str) -> None:
    if not text:
        return
    if pieces and pieces[-1].kind == kind:
        pieces[-1] = Piece(kind, pieces[-1].text + text)
    else:
        pieces.append(Piece(kind, text))


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Return the pieces with a lone space between two marked ones marked as well: it reads as one change."""
    made: list[Piece] = []
    for place, piece in enumerate(pieces):
        between = 0 < place < len(pieces) - 1 and piece.kind == "same" and not piece.text.strip()
        _add(made, pieces[place - 1].kind if between else piece.kind, piece.text)
    return tuple(made)
