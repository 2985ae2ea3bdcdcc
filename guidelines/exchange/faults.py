"""What is wrong in a file, and where: the line, and the path inside the pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOST_FAULTS = 100  # of one pack; whoever mends that many looks again


@dataclass(frozen=True, slots=True)
class PackFault:
    """One fault. `line` counts from 1 in the file; `path` is a JSON pointer into the pack."""

    line: int | None
    path: str
    message: str

    def __str__(self) -> str:
        where = ", ".join(part for part in (f"line {self.line}" if self.line else "", self.path) if part)
        return f"{where}: {self.message}" if where else self.message


def placed(errors: Iterable[tuple[str, str]], lines: Mapping[str, int]) -> list[PackFault]:
    """Return faults at JSON pointers with their lines; what is missing is on the line of what holds it."""
    return [PackFault(_line_of(pointer, lines), pointer, message) for pointer, message in errors]


def at_most(faults: list[PackFault]) -> list[PackFault]:
    """Return so many faults as a person reads, and say how many there are besides."""
    if len(faults) <= MOST_FAULTS:
        return faults
    more = PackFault(None, "", f"and {len(faults) - MOST_FAULTS} more faults.")
    return [*faults[:MOST_FAULTS], more]


def pointer_of(place: Iterable[str | int]) -> str:
    """Return the JSON pointer (RFC 6901) of a place, without signs that cannot be shown."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in place)
    return "".join(f"/{part}" for part in parts).encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _line_of(pointer: str, lines: Mapping[str, int]) -> int | None:
    while pointer not in lines:
        if not pointer:
            return None
        pointer = pointer.rpartition("/")[0]
    return lines[pointer]
