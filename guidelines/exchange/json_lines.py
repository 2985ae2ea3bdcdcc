"""The places of a JSON text: on which line each value stands, and everything that JSON leaves open.

Only asked when something is wrong: reading is `portal.strict_json`'s, which stops at the first fault.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from dataclasses import dataclass, field

from guidelines.exchange.faults import PackFault, pointer_of

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*+")|(?P<mark>[{}\[\],:])|(?P<number>-?[0-9][0-9.eE+-]*)|(?P<word>-?[A-Za-z]+))',
    re.DOTALL,
)
_MOST_DIGITS = 18  # as strict_json has it: a whole number of more digits may not fit into 64 bits
_NO_CHARACTER = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class _Open:
    """An object or a list that is being read."""

    place: tuple[str | int, ...]
    is_list: bool
    key: str | None = None
    count: int = 0
    keys: set[str] = field(default_factory=set)

    def next_place(self) -> tuple[str | int, ...]:
        return (*self.place, self.count if self.is_list else (self.key or ""))


@dataclass(slots=True)
class Places:
    """Lines by JSON pointer, and the faults that no parser of JSON has to name."""

    lines: dict[str, int]
    faults: list[PackFault]


def places_of(text: str, *, first_line: int = 1) -> Places:
    """Return the places of a JSON text that a parser accepts. Linear in its length."""
    breaks = [match.start() for match in re.finditer("\n", text)]
    found = Places({}, [])
    stack: list[_Open] = []
    position = 0
    while (match := _TOKEN.match(text, position)) is not None:
        position = match.end()
        start = match.start(match.lastgroup or 0)
        line = first_line + bisect_right(breaks, start)
        top = stack[-1] if stack else None
        mark = match["mark"]
        if mark == ",":
            if top is not None:
                top.count, top.key = top.count + 1, None
        elif mark in ("}", "]"):
            if stack:
                stack.pop()
        elif mark == ":":
            continue
        elif match["text"] and top is not None and not top.is_list and top.key is None:
            _key(match["text"], top, line, found)
        else:
            place = top.next_place() if top else ()
            found.lines.setdefault(pointer_of(place), line)
            if mark:
                stack.append(_Open(place, mark == "["))
            else:
                _value(match, place, line, found)
    return found


def _key(token: str, top: _Open, line: int, found: Places) -> None:
    top.key = str(json.loads(token))
    pointer = pointer_of(top.next_place())
    if top.key in top.keys:
        found.faults.append(PackFault(line, pointer, "This key is there more than once."))
    if _NO_CHARACTER.search(top.key):
        found.faults.append(PackFault(line, pointer, "This key holds what is no character."))
    top.keys.add(top.key)
    found.lines[pointer] = line


def _value(match: re.Match[str], place: tuple[str | int, ...], line: int, found: Places) -> None:
    said = ""
    if match["word"] and match["word"] not in ("true", "false", "null"):
        said = f"{match['word']} is no number in JSON."
    elif match["number"]:
        digits = match["number"]
        whole = digits.lstrip("-").isdigit()
        if len(digits.lstrip("-")) > _MOST_DIGITS if whole else math.isinf(float(digits)):
            said = "This number is too large."
    elif match["text"] and "\\u" in match["text"] and _NO_CHARACTER.search(json.loads(match["text"])):
        said = "This text holds NUL or half of a surrogate pair, which is no character."
    if said:
        found.faults.append(PackFault(line, pointer_of(place), said))
