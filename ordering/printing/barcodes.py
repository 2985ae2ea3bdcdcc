"""Code 128 barcodes, as places of dark bars that a page or a PDF draws."""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.graphics.barcode.code128 import Code128

QUIET_MODULES = 10  # ISO/IEC 15417: light space at both ends, in widths of the narrowest bar


@dataclass(frozen=True, slots=True)
class Barcode:
    """A barcode. Places and widths count modules; `width` holds the quiet zones at both ends."""

    text: str
    bars: tuple[tuple[int, int], ...]  # (place, width) of each dark bar
    width: int

    @property
    def path(self) -> str:
        """The bars as an SVG path, one unit a module and 1 high; the drawing stretches it."""
        return "".join(f"M{place} 0h{width}v1h-{width}z" for place, width in self.bars)


def code_128(text: str) -> Barcode:
    """Return a text as Code 128. The text is printable ASCII, as order numbers are."""
    code = Code128(text)
    code.validate()
    code.encode()
    code.decompose()
    place, bars = QUIET_MODULES, []
    for element in code.decomposed:  # B, b, C, c ...: dark in capitals, light in small letters
        width = ord(element.upper()) - ord("A") + 1
        if element.isupper():
            bars.append((place, width))
        place += width
    return Barcode(text, tuple(bars), place + QUIET_MODULES)
