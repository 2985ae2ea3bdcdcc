"""The typeface of PDFs: Noto Sans, for Latin, Greek and Cyrillic, embedded in every file."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

FOLDER = Path(__file__).parent / "fonts"
REGULAR, BOLD = "NotoSans", "NotoSans-Bold"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
LINE_ENDS = frozenset("\n\r\t")


@cache
def register() -> frozenset[int]:
    """Make the typeface known to reportlab, once; return the code points that it can draw."""
    faces = [TTFont(REGULAR, FOLDER / "NotoSans-Regular.ttf"), TTFont(BOLD, FOLDER / "NotoSans-Bold.ttf")]
    for face in faces:
        pdfmetrics.registerFont(face)
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    return frozenset(faces[0].face.charToGlyph) & frozenset(faces[1].face.charToGlyph)


def drawable(text: str) -> tuple[str, bool]:
    """Return a text with a diamond for each character that the typeface lacks, and whether there was one."""
    known = register()
    drawn = "".join(
        character if ord(character) in known or character in LINE_ENDS else REPLACEMENT for character in text
    )
    return drawn, drawn != text
