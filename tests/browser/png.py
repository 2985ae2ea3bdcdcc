"""Smaller pictures: a browser writes PNG files fast, not small."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB, PALETTE = 2, 3  # colour types of PNG
MOST_COLOURS = 256


def shrink(path: Path) -> None:
    """Rewrite an opaque picture of a browser with a palette of 256 colours."""
    width, height, rows = _read(path)
    pixels = [row[at : at + 3] for row in rows for at in range(0, width * 3, 3)]
    counted = Counter(pixels)
    palette = _palette(counted)
    index = {colour: _nearest(colour, palette) for colour in counted}
    lines = (bytes(index[pixel] for pixel in pixels[at : at + width]) for at in range(0, len(pixels), width))
    # unfiltered: with a palette, neighbouring numbers say nothing about each other
    body = zlib.compress(b"".join(b"\0" + line for line in lines), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)
    path.write_bytes(
        SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", b"".join(palette))
        + _chunk(b"IDAT", body)
        + _chunk(b"IEND", b"")
    )


def _palette(counted: Counter[bytes]) -> list[bytes]:
    """Return the most frequent colour of each part of the colour space: a small icon keeps its own."""
    parts: dict[bytes, list[tuple[int, bytes]]] = {}
    for colour, count in counted.items():
        parts.setdefault(bytes(value >> 4 for value in colour), []).append((count, colour))
    frequent = sorted(parts.values(), key=lambda part: -sum(count for count, _ in part))
    return [max(part)[1] for part in frequent[:MOST_COLOURS]]


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    def distance(at: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(palette[at], colour, strict=True))

    return min(range(len(palette)), key=distance)


def _read(path: Path) -> tuple[int, int, list[bytes]]:
    """Return width, height and the rows of an RGB picture, three bytes for each pixel."""
    chunks = list(_chunks(path.read_bytes()))
    width, height, depth, colours = struct.unpack(">IIBB", chunks[0][1][:10])
    assert (depth, colours) == (8, RGB)
    raw = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    size, rows, above = width * 3, [], bytes(width * 3)
    for start in range(0, len(raw), size + 1):
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + size], above)
        rows.append(above)
    return width, height, rows


def _unfiltered(kind: int, row: bytes, above: bytes) -> bytes:
    """Undo the filter that PNG put on a row (section 9 of its specification)."""
    line = bytearray(row)
    for at in range(len(line)):
        left, up = (line[at - 3] if at >= 3 else 0), above[at]
        corner = above[at - 3] if at >= 3 else 0
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        elif kind == 4:
            guess = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
        else:
            guess = 0
        line[at] = (line[at] + guess) & 255
    return bytes(line)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        yield content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        at += size + 12


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
