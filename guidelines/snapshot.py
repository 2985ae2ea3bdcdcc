"""The scenario document of a version: rows to the JSON that the engine reads, and back.

`row_lists.LISTS` says for every list of the document which model holds it and how each field is
written and read.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from guidelines.models import Scenario, ScenarioVersion
from guidelines.row_fields import Field, Rows, as_document, as_lines
from guidelines.row_lists import LISTS, ListOf

Document = dict[str, Any]

ONE_LINE_EACH = "each entry must be one line, without spaces at its ends"
NOT_AS_IT_STANDS = "cannot be stored as it stands; write it in its plainest form"

VERSION_FIELDS = (
    "title",
    "summary",
    "introduction",
    "audience",
    "questions_introduction",
    "radiation_justification",
    "workflow_introduction",
    "escalation",
    "scale_note",
    "licence",
)


def document_of(version: ScenarioVersion) -> Document:
    """Return the scenario document of a version's rows, ready for `RuleSet.from_document`.

    Lists keep the order of the rows. One query per list and nested list.
    """
    document: Document = {"slug": version.scenario.slug}
    document |= {name: getattr(version, name) for name in VERSION_FIELDS}
    document["search_terms"] = as_lines(version.search_terms)
    document["review_due_on"] = version.review_due_on.isoformat()
    document["primary_source"] = version.primary_source.key if version.primary_source else None
    document |= lists_of(version)
    return document


def lists_of(version: ScenarioVersion, names: Collection[str] = ()) -> Document:
    """Return lists of a version's document by name; without `names`, all of them."""
    lists = {spec.name: _list_of(version, spec) for spec in LISTS if not names or spec.name in names}
    absent = {spec.name for spec in LISTS if spec.optional and not lists.get(spec.name)}
    return {name: rows for name, rows in lists.items() if name not in absent}


def items_of(document: Document, spec: ListOf) -> list[Document]:
    """Return the members of a list of a document; an optional one may be absent."""
    items: list[Document] = document.get(spec.name, []) if spec.optional else document[spec.name]
    return items


def _list_of(version: ScenarioVersion, spec: ListOf) -> list[Document]:
    rows = spec.model._default_manager.filter(version=version).order_by("position", "pk")
    rows = rows.select_related(*_relations(spec.fields, spec.model))
    if spec.nested is None:
        return [as_document(spec.fields, row) for row in rows]
    nested = spec.nested
    inner = nested.model._default_manager.filter(**{f"{nested.parent}__version": version})
    inner = inner.order_by("position", "pk").select_related(*_relations(nested.fields, nested.model))
    children: dict[Any, list[Document]] = {}
    for child in inner:
        parent = getattr(child, f"{nested.parent}_id")
        children.setdefault(parent, []).append(as_document(nested.fields, child))
    return [as_document(spec.fields, row) | {nested.name: children.get(row.pk, [])} for row in rows]


@transaction.atomic
def write_rows(version: ScenarioVersion, document: Document) -> None:
    """Fill a version without rows from a valid document. The caller holds the lock and the actor."""
    rows: Rows = {}
    for spec in LISTS:
        made: dict[Any, models.Model] = {}
        items = items_of(document, spec)
        created = spec.model._default_manager.bulk_create(
            [
                spec.model(
                    version=version,
                    position=place,
                    **_attributes(spec.fields, item, rows),
                )
                for place, item in enumerate(items, start=1)
            ]
        )
        if spec.key:
            made = {item[spec.key]: row for item, row in zip(items, created, strict=True)}
        rows[spec.name] = made
        if spec.nested:
            nested = spec.nested
            nested.model._default_manager.bulk_create(
                [
                    nested.model(
                        **{nested.parent: row},
                        position=place,
                        **_attributes(nested.fields, child, rows),
                    )
                    for item, row in zip(items, created, strict=True)
                    for place, child in enumerate(item[nested.name], start=1)
                ]
            )
    primary = document["primary_source"]
    version.primary_source = rows["sources"][primary] if primary else None  # type: ignore[assignment]
    version.save(update_fields=["primary_source"])


def version_attributes(document: Document) -> dict[str, Any]:
    """The fields of a version that a document gives, beside its lists."""
    return {name: document[name] for name in VERSION_FIELDS} | {
        "search_terms": "\n".join(document["search_terms"]),
        "review_due_on": date.fromisoformat(document["review_due_on"]),
    }


def scenario_for(document: Document) -> Scenario:
    """The scenario of a document, made if it is new."""
    scenario, _ = Scenario.objects.get_or_create(slug=document["slug"], defaults={"title": document["title"]})
    return scenario


def unfit_values(document: Document) -> list[tuple[str, str]]:
    """Return (JSON pointer, message) of every value that rows cannot hold exactly as it stands.

    For a document that the engine accepts. What the rows refuse (too long, not a key) and what they
    would change (a line break inside a line) is found here, before anything is stored.
    """
    version = ScenarioVersion(**version_attributes(document))
    faults = _unfit(version, {name: (name,) for name in version_attributes(document)}, "")
    if as_lines(version.search_terms) != document["search_terms"]:
        faults.append(("/search_terms", ONE_LINE_EACH))
    for spec in LISTS:
        for place, item in enumerate(items_of(document, spec)):
            pointer = f"/{spec.name}/{place}"
            faults += _unfit_row(spec.model, spec.fields, item, pointer)
            if spec.nested:
                for number, child in enumerate(item[spec.nested.name]):
                    inner = f"{pointer}/{spec.nested.name}/{number}"
                    faults += _unfit_row(spec.nested.model, spec.nested.fields, child, inner)
    return faults


def _unfit_row(
    model: type[models.Model], fields: tuple[Field, ...], item: Document, pointer: str
) -> list[tuple[str, str]]:
    relations = _relations(fields, model)
    own = [field for field in fields if field.name not in relations and _given(field, item)]
    attributes = {field.name: field.read(item[field.name], {}) for field in own}
    row = model(**{name: value for given in attributes.values() for name, value in given.items()})
    faults = _unfit(row, {name: tuple(given) for name, given in attributes.items()}, pointer)
    return faults + [
        (f"{pointer}/{field.name}", ONE_LINE_EACH if isinstance(item[field.name], list) else NOT_AS_IT_STANDS)
        for field in own
        if field.write(row) != item[field.name]
    ]


def _unfit(row: models.Model, names: dict[str, tuple[str, ...]], pointer: str) -> list[tuple[str, str]]:
    """Return what the model's own rules refuse. `names` says which attributes a place fills."""
    checked = {name for group in names.values() for name in group}
    others = {field.name for field in row._meta.fields if field.name not in checked}
    try:
        row.clean_fields(exclude=others)
    except ValidationError as refusal:
        return [
            (f"{pointer}/{place}", " ".join(refusal.message_dict[name]))
            for place, group in names.items()
            for name in group
            if name in refusal.message_dict
        ]
    return []


def _attributes(fields: tuple[Field, ...], item: Document, rows: Rows) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for field in fields:
        if _given(field, item):
            attributes |= field.read(item[field.name], rows)
    return attributes


def _given(field: Field, item: Document) -> bool:
    return not field.optional or field.name in item


@cache
def _relations(fields: tuple[Field, ...], model: type[models.Model]) -> list[str]:
    foreign = {field.name for field in model._meta.get_fields() if field.many_to_one}
    return [field.name for field in fields if field.name in foreign]
