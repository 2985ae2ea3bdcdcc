"""Two scenario documents compared: rows that came, went or moved, and fields that read differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import models

from guidelines.difference.rows import moved, pair_rows
from guidelines.difference.spoken import Words, label_of
from guidelines.difference.words import Piece, pieces_of
from guidelines.models import ScenarioVersion
from guidelines.row_lists import LISTS, ListOf

Document = Mapping[str, Any]
Kind = Literal["changed", "added", "removed", "moved", "same"]

TEXTS = (  # of the version itself, in the order of its page
    *("title", "summary", "search_terms", "audience", "introduction", "questions_introduction"),
    *("radiation_justification", "workflow_introduction", "escalation", "scale_note"),
    *("primary_source", "licence", "review_due_on"),
)
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # what decides for a patient comes first
    ("ratings", "Ratings and radiation", ("rated_studies", "radiation_levels")),
    ("rules", "Rules: which study comes first", ("order_rules",)),
    ("fit", "Whom the scenario fits", ("criteria", "redirects")),
    ("cautions", "Advisories and contradictions", ("advisories", "contradictions")),
    ("questions", "What is asked", ("data_elements",)),
    ("reports", "After the report", ("findings", "complications", "next_steps", "next_step_rules")),
    ("studies", "Studies", ("studies",)),
    ("texts", "Texts, source and licence", ("", "sources", "questions", "pitfalls", "faqs", "leaflet")),
    ("vignettes", "Vignettes", ("vignettes",)),
    ("reading", "How records are read", ("bindings",)),
)
FIRST = ("rating", "radiation_level", "default_role", "condition", "placements")  # of the fields of a row
_SPECS = {spec.name: spec for spec in LISTS}
_NESTED_NAMES = {"redirects": "criterion_redirects"}  # a list inside criteria, not the list of that name


@dataclass(frozen=True, slots=True)
class Change:
    """A field that reads differently, or a row that came, went or moved."""

    kind: Kind
    list: str  # name of the list in the document; empty: the version itself
    row: str  # what the row is called; empty: the version itself
    field: str  # what the field is called; empty: the row as a whole
    name: str  # of the field in the document
    old_place: int | None = None  # in its list, from 1
    new_place: int | None = None
    old: str = ""
    new: str = ""
    old_pieces: tuple[Piece, ...] = ()
    new_pieces: tuple[Piece, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the change for other systems."""
        made: dict[str, Any] = {
            "kind": self.kind,
            "list": self.list or None,
            "row": self.row or None,
            "field": self.name or None,
            "label": self.field or None,
            "old_place": self.old_place,
            "new_place": self.new_place,
            "old": self.old or None,
            "new": self.new or None,
        }
        for side, pieces in (("old_words", self.old_pieces), ("new_words", self.new_pieces)):
            made[side] = [{"kind": piece.kind, "text": piece.text} for piece in pieces]
        return made


@dataclass(frozen=True, slots=True)
class Group:
    """Changes that belong together."""

    name: str
    title: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class VersionDifference:
    """Everything that differs, what matters most first; `unchanged` counts the fields that do not."""

    groups: tuple[Group, ...]
    unchanged: int

    @property
    def changes(self) -> list[Change]:
        """Return the changes of all groups."""
        return [change for group in self.groups for change in group.changes if change.kind != "same"]

    def to_dict(self) -> dict[str, Any]:
        """Return the difference for other systems."""
        return {
            "changed": len(self.changes),
            "unchanged": self.unchanged,
            "groups": [
                {
                    "code": group.name,
                    "title": group.title,
                    "changes": [change.to_dict() for change in group.changes],
                }
                for group in self.groups
            ],
        }


def compare(old: Document, new: Document, *, everything: bool = False) -> VersionDifference:
    """Return what differs from the old document to the new; with `everything`, also what does not."""
    comparison = _Comparison(Words(old), Words(new), everything)
    groups = []
    for name, title, lists in _groups():
        changes = tuple(change for part in lists for change in comparison.of(part))
        if changes:
            groups.append(Group(name, title, changes))
    return VersionDifference(tuple(groups), comparison.unchanged)


def _groups() -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Return the groups; a list that none names stands in one of its own, so that no change is hidden."""
    named = {part for _, _, lists in GROUPS for part in lists}
    others = [spec.name for spec in LISTS if spec.name not in named]
    return [*GROUPS, *((name, name.replace("_", " ").capitalize(), (name,)) for name in others)]


@dataclass(slots=True)
class _Comparison:
    """One comparison under way."""

    before: Words
    after: Words
    everything: bool
    unchanged: int = field(default=0)

    def of(self, name: str) -> Iterator[Change]:
        """Yield the changes of one list, or of the version itself."""
        old, new = self.before.document, self.after.document
        if not name:
            for text in TEXTS:
                yield from self._field(ScenarioVersion, "", "", text, old, new)
            return
        spec = _SPECS[name]
        yield from self._rows(spec, name, spec.key, spec.model, old.get(name, []), new.get(name, []))

    def _rows(
        self,
        spec: ListOf | None,
        name: str,
        key: str | None,
        model: type[models.Model],
        old: list[Document],
        new: list[Document],
        *,
        within: str = "",
        list_name: str = "",
    ) -> Iterator[Change]:
        """Yield what happened to the rows of a list, in the order of the new one; what went comes last."""
        pairs, gone, came = pair_rows(name, key, old, new)
        shifted = moved(pairs)
        origin = {place: other for other, place in pairs}
        label = list_name or name
        for place, row in enumerate(new):
            called = self._called(self.after, row, within)
            if place in came:
                yield self._whole("added", label, called, model, row, place)
                continue
            if place in shifted:
                yield Change(
                    "moved", label, called, "Place in the list", "position", origin[place] + 1, place + 1
                )
            before = old[origin[place]]
            names = sorted({*before, *row}, key=lambda part: (part not in FIRST, _rank(spec, part)))
            for part in names:
                if spec and spec.nested and part == spec.nested.name:
                    inner = spec.nested
                    nested_name = _NESTED_NAMES.get(inner.name, inner.name)
                    yield from self._rows(
                        None,
                        nested_name,
                        None,
                        inner.model,
                        before.get(part, []),
                        row.get(part, []),
                        within=called,
                        list_name=label,
                    )
                else:
                    yield from self._field(model, label, called, part, before, row)
        for place in gone:
            called = self._called(self.before, old[place], within)
            yield self._whole("removed", label, called, model, old[place], place)

    def _called(self, words: Words, row: Document, within: str) -> str:
        return f"{within}: {words.row(row)}" if within else words.row(row)

    def _field(
        self, model: type[models.Model], label: str, called: str, name: str, old: Document, new: Document
    ) -> Iterator[Change]:
        before = self.before.value(model, name, old.get(name))
        after = self.after.value(model, name, new.get(name))
        if _same(old.get(name), new.get(name)):
            self.unchanged += 1
            if self.everything and after:
                yield Change("same", label, called, label_of(model, name), name, old=before, new=after)
            return
        left, right = pieces_of(before, after)
        yield Change(
            "changed",
            label,
            called,
            label_of(model, name),
            name,
            old=before,
            new=after,
            old_pieces=left,
            new_pieces=right,
        )

    def _whole(
        self,
        kind: Literal["added", "removed"],
        label: str,
        called: str,
        model: type[models.Model],
        row: Document,
        place: int,
    ) -> Change:
        words = self.after if kind == "added" else self.before
        said = [
            f"{label_of(model, name)}: {text}"
            for name, value in row.items()
            if (text := _nested(words, value) or words.value(model, name, value)) and text != called
        ]
        text = "\n".join(said)
        if kind == "added":
            pieces = (Piece("added", text),)
            return Change(kind, label, called, "", "", new_place=place + 1, new=text, new_pieces=pieces)
        pieces = (Piece("removed", text),)
        return Change(kind, label, called, "", "", old_place=place + 1, old=text, old_pieces=pieces)


def _nested(words: Words, value: Any) -> str:
    """Return a list inside a row as the names of its rows."""
    if not (isinstance(value, list) and value and all(isinstance(row, dict) for row in value)):
        return ""
    return ", ".join(
        f"{words.row(row)} ({str(row['role']).replace('_', ' ')})" if row.get("role") else words.row(row)
        for row in value
    )


def _rank(spec: ListOf | None, name: str) -> int:
    names = [part.name for part in spec.fields] if spec else []
    return names.index(name) if name in names else len(names)


def _same(old: Any, new: Any) -> bool:
    return bool(old == new or (_blank(old) and _blank(new)))


def _blank(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}
