"""One strict reading of JSON from outside: what is accepted means exactly what was sent.

Python's own parser takes the last of duplicate keys, knows NaN, turns 1e400 into infinity and stops with
RecursionError on deep nesting; PostgreSQL refuses NUL and lone surrogates. Here all of these are faults with
a place.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
_MAX_DIGITS = 18  # a whole number of more digits may not fit into 64 bits

# an unfinished text is one token too: looking for its end from every quote would take quadratic time
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_NOT_ZERO = re.compile(r"^-?[0.]*[1-9]")
_SURROGATE_OR_NUL = re.compile("[\x00\ud800-\udfff]")


class StrictJSONError(ValueError):
    """JSON that is not taken. `code` is for programs, `pointer` (RFC 6901) is where, `message` says what."""

    def __init__(self, code: str, pointer: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.pointer = pointer
        self.message = message


class _Marked:
    """Stands in the parsed tree for what is not taken, until its place is known."""

    def __init__(self, code: str, message: str, key: str | None = None) -> None:
        self.code, self.message, self.key = code, message, key


def loads(raw: bytes, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value of a JSON text in UTF-8, in linear time. Raises StrictJSONError."""
    if len(raw) > max_bytes:
        _refuse("too_large", f"The body is larger than {max_bytes} bytes.")
    if raw.startswith(b"\xef\xbb\xbf"):
        _refuse("byte_order_mark", "The body starts with a byte order mark.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise StrictJSONError("invalid_utf8", "", f"Byte {error.start} is not UTF-8.") from None
    _check_depth(text, max_depth)
    marked: list[_Marked] = []

    def mark(code: str, message: str, key: str | None = None) -> _Marked:
        marked.append(_Marked(code, message, key))
        return marked[-1]

    def pairs(items: list[tuple[str, Any]]) -> Any:
        found = dict(items)
        if len(found) == len(items):
            return found
        seen: set[str] = set()
        repeated = next(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return mark("duplicate_key", "This key is there more than once.", repeated)

    def whole(digits: str) -> Any:
        if len(digits.lstrip("-")) > _MAX_DIGITS:
            return mark("number_out_of_range", "This number is too large.")
        return int(digits)

    def decimal(digits: str) -> Any:
        number = float(digits)
        if math.isinf(number) or (number == 0 and _NOT_ZERO.match(digits)):
            return mark("number_out_of_range", "This number is too large or too small.")
        return number

    def constant(name: str) -> Any:
        return mark("not_a_number", f"{name} is no number in JSON.")

    try:
        value = json.loads(
            text, object_pairs_hook=pairs, parse_int=whole, parse_float=decimal, parse_constant=constant
        )
    except json.JSONDecodeError as error:
        message = f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise StrictJSONError("invalid_json", "", message) from None
    # the text is valid UTF-8 without control characters, so only an escape can say NUL or a surrogate
    if marked or "\\u" in text:
        _check_values(value)
    return value


def _check_depth(text: str, max_depth: int) -> None:
    depth = 0
    for match in _TOKENS.finditer(text):
        symbol = match.group()
        if symbol in "[{":
            depth += 1
            if depth > max_depth:
                _refuse("too_deep", f"More than {max_depth} objects and lists inside each other.")
        elif symbol in "]}":
            depth -= 1


def _check_values(root: Any) -> None:
    """Walk the tree in its order and refuse the first fault, with its place."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(root, ())]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, _Marked):
            _refuse(value.code, value.message, place if value.key is None else (*place, value.key))
        elif isinstance(value, str):
            _check_text(value, place)
        elif isinstance(value, dict):
            for key in value:
                _check_text(key, place)
            waiting += [(item, (*place, key)) for key, item in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(value[index], (*place, index)) for index in range(len(value) - 1, -1, -1)]


def _check_text(text: str, place: tuple[str | int, ...]) -> None:
    found = _SURROGATE_OR_NUL.search(text)
    if found:
        code, what = (
            ("nul", "NUL") if found.group() == "\x00" else ("lone_surrogate", "half of a surrogate pair")
        )
        _refuse(code, f"This text holds {what}, which is no character.", place)


def _refuse(code: str, message: str, place: tuple[str | int, ...] = ()) -> NoReturn:
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)
    # a key may hold what cannot be sent back
    raise StrictJSONError(code, _SURROGATE_OR_NUL.sub("\ufffd", pointer), message)
