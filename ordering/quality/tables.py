"""Tables of the quality page as values: what a page shows, a CSV file holds too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from ordering.quality.small_groups import Part

COLUMN = 10  # units of a drawing over time that one stretch takes


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a row, in words. `file` is what a CSV file says instead, such as a plain number."""

    text: str
    file: str | int | None = None
    sub: str = ""
    is_figure: bool = True

    @property
    def in_file(self) -> str | int:
        """What a file says."""
        return self.text if self.file is None else self.file


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `bar` is a share in per cent to draw, `rating` a badge to show as its heading."""

    heading: str
    cells: tuple[Cell, ...]
    sub: str = ""
    bar: int | None = None
    rating: str | None = None
    columns: tuple[int | None, ...] = ()  # heights in per cent, of a drawing over time
    flag: str = ""  # needs somebody's eye
    url: str = ""  # of a page about it

    @property
    def drawn(self) -> list[dict[str, int]]:
        """The drawing over time: one column for each stretch, nothing where a count is hidden or none."""
        return [
            {"x": COLUMN * place, "y": 100 - height, "height": height}
            for place, height in enumerate(self.columns)
            if height
        ]

    @property
    def width(self) -> int:
        """The width of the drawing in its own units."""
        return COLUMN * len(self.columns)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its name for addresses, its title, and what it counts."""

    key: str
    title: str
    says: str  # what is counted, of what
    columns: tuple[str, ...]  # of the heading, then of the cells
    rows: tuple[Row, ...] = ()
    note: str = ""
    empty: str = "Nothing of this kind in this period."
    has_bars: bool = False
    is_wide: bool = False  # scrolls on its own
    flagged: tuple[str, ...] = field(default=())  # what needs somebody's eye, in sentences

    @property
    def has_columns(self) -> bool:
        """Whether rows have a drawing over time."""
        return any(row.columns for row in self.rows)

    @property
    def headings(self) -> list[tuple[str, bool]]:
        """The headings of the cells, and whether figures stand below."""
        kinds = [cell.is_figure for cell in self.rows[0].cells] if self.rows else [True] * len(self.columns)
        return list(zip(self.columns[1:], kinds, strict=False))

    @property
    def lines(self) -> Iterator[tuple[Row, list[tuple[str, Cell]]]]:
        """Yield the rows, each cell with the heading of its column."""
        for row in self.rows:
            yield row, list(zip(self.columns[1:], row.cells, strict=True))

    def file_columns(self) -> list[str]:
        """Return the heading of the CSV file."""
        return [*self.columns, "Note"]

    def file_rows(self) -> Iterator[list[str | int]]:
        """Yield the rows of the CSV file."""
        for row in self.rows:
            yield [row.heading, *(cell.in_file for cell in row.cells), row.flag or row.sub]


def count_cell(part: Part) -> Cell:
    """Return the count of a part."""
    return Cell(part.count.text, part.count.value)


def share_cell(part: Part) -> Cell:
    """Return the share of a part, empty where it is hidden."""
    return Cell(part.share, part.share)


def of_cell(part: Part) -> Cell:
    """Return a part and its whole: "221 of 248"."""
    if part.count.value is None or part.whole.value == 0:
        return Cell(part.count.text)
    return Cell(f"{part.count.text} of {part.whole.text}")


def time_cell(took: timedelta | None) -> Cell:
    """Return a length of time in words, and in seconds for a file."""
    if took is None:
        return Cell("not shown")
    return Cell(length(took), round(took.total_seconds()))


def length(took: timedelta) -> str:
    """Return a length of time in its two largest units: 3 min 20 s, 2 d 4 h."""
    seconds = max(0, round(took.total_seconds()))
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    for place, (name, size) in enumerate(units[:-1]):
        if seconds >= size:
            smaller, less = units[place + 1]
            rest = seconds % size // less
            return f"{seconds // size} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{seconds} s"
