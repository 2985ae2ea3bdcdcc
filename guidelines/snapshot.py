"""The scenario document of a version: rows to the JSON that the engine reads, and back.

One table, `LISTS`, says for every list of the document which model holds it and how each field is
written and read, so that both directions cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from guidelines.models import (
    Advisory,
    Binding,
    Choice,
    Complication,
    Contradiction,
    Criterion,
    CriterionRedirect,
    DataElement,
    Faq,
    NextStep,
    NextStepRule,
    OrderRule,
    Pitfall,
    Question,
    RadiationLevel,
    RatedStudy,
    Redirect,
    ReportFinding,
    RulePlacement,
    Scenario,
    ScenarioVersion,
    Source,
    Study,
)

Document = dict[str, Any]
Rows = dict[str, dict[Any, models.Model]]  # list name -> key -> row, for references inside a version

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


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row: its name in the document and how it is written and read."""

    name: str
    write: Callable[[Any], Any]  # row -> document value
    read: Callable[[Any, Rows], dict[str, Any]]  # document value, rows so far -> model attributes


def plain(name: str) -> Field:
    """A field whose value is the same in the row and in the document."""
    return Field(name, lambda row: getattr(row, name), lambda value, rows: {name: value})


def or_null(name: str) -> Field:
    """A text that is empty in the row and null in the document."""
    return Field(
        name,
        lambda row: getattr(row, name) or None,
        lambda value, rows: {name: value or ""},
    )


def number(name: str) -> Field:
    """A decimal of the row as the plainest number of the document."""
    return Field(
        name,
        lambda row: as_number(getattr(row, name)),
        lambda value, rows: {name: None if value is None else Decimal(str(value))},
    )


def day(name: str) -> Field:
    """A date as YYYY-MM-DD, or null."""
    return Field(
        name,
        lambda row: getattr(row, name).isoformat() if getattr(row, name) else None,
        lambda value, rows: {name: date.fromisoformat(value) if value else None},
    )


def lines(name: str) -> Field:
    """A list of texts, held one a line."""
    return Field(
        name,
        lambda row: as_lines(getattr(row, name)),
        lambda value, rows: {name: "\n".join(value)},
    )


def reference(name: str, target: str, key: str) -> Field:
    """A row of the same version, named by its key, or null."""

    def write(row: models.Model) -> Any:
        found = getattr(row, name)
        return None if found is None else getattr(found, key)

    def read(value: Any, rows: Rows) -> dict[str, Any]:
        return {name: None if value is None else rows[target][value]}

    return Field(name, write, read)


def band(name: str, prefix: str) -> Field:
    """A dose band {"min", "max"} in mSv, or null where it is not recorded."""
    low, high = f"{prefix}_min_msv", f"{prefix}_max_msv"

    def write(row: models.Model) -> Any:
        if getattr(row, low) is None or getattr(row, high) is None:
            return None
        return {
            "min": as_number(getattr(row, low)),
            "max": as_number(getattr(row, high)),
        }

    def read(value: Any, rows: Rows) -> dict[str, Any]:
        if value is None:
            return {low: None, high: None}
        return {low: Decimal(str(value["min"])), high: Decimal(str(value["max"]))}

    return Field(name, write, read)


SOURCED = (plain("standing"), reference("source", "sources", "key"))


@dataclass(frozen=True, slots=True)
class Nested:
    """A list inside a row, such as the choices of a data element."""

    name: str
    model: type[models.Model]
    parent: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """One list of the document: its name, model, key and fields."""

    name: str
    model: type[models.Model]
    fields: tuple[Field, ...]
    key: str | None = "key"
    nested: Nested | None = None


LISTS = (
    ListOf(
        "sources",
        Source,
        (
            plain("key"),
            plain("title"),
            plain("publisher"),
            or_null("url"),
            plain("reviewer"),
            day("reviewed_on"),
            plain("licence"),
            plain("note"),
        ),
    ),
    ListOf(
        "data_elements",
        DataElement,
        (
            plain("key"),
            plain("label"),
            plain("summary_label"),
            plain("hint"),
            plain("kind"),
            plain("section"),
            plain("unit"),
            number("minimum"),
            number("maximum"),
            plain("allow_future"),
            plain("derived_from"),
        ),
        nested=Nested("choices", Choice, "element", (plain("value"), plain("label"))),
    ),
    ListOf(
        "redirects",
        Redirect,
        (
            plain("code"),
            plain("title"),
            plain("text"),
            or_null("scenario"),
            or_null("url"),
        ),
        key="code",
    ),
    ListOf(
        "criteria",
        Criterion,
        (
            plain("key"),
            plain("title"),
            plain("text"),
            plain("not_met_text"),
            plain("condition"),
            *SOURCED,
        ),
        nested=Nested(
            "redirects",
            CriterionRedirect,
            "criterion",
            (plain("when"), reference("redirect", "redirects", "code")),
        ),
    ),
    ListOf(
        "radiation_levels",
        RadiationLevel,
        (
            plain("level"),
            band("adult_msv", "adult"),
            band("paediatric_msv", "paediatric"),
            *SOURCED,
            reference("paediatric_source", "sources", "key"),
        ),
        key="level",
    ),
    ListOf(
        "studies",
        Study,
        (
            plain("code"),
            plain("name"),
            plain("short_name"),
            plain("modality"),
            plain("site_note"),
            plain("protocol_url"),
            plain("codes"),
        ),
        key="code",
    ),
    ListOf(
        "rated_studies",
        RatedStudy,
        (
            reference("study", "studies", "code"),
            plain("default_role"),
            or_null("rating"),
            plain("rating_standing"),
            reference("rating_source", "sources", "key"),
            reference("radiation_level", "radiation_levels", "level"),
            plain("radiation_standing"),
            reference("radiation_source", "sources", "key"),
            lines("rationale"),
            lines("choose_when"),
            plain("limits"),
        ),
        key=None,
    ),
    ListOf(
        "order_rules",
        OrderRule,
        (
            plain("key"),
            plain("reason"),
            plain("condition"),
            plain("text"),
            plain("caution_text"),
            *SOURCED,
        ),
        nested=Nested(
            "placements",
            RulePlacement,
            "rule",
            (reference("study", "studies", "code"), plain("role"), plain("caution")),
        ),
    ),
    ListOf(
        "advisories",
        Advisory,
        (
            plain("code"),
            plain("severity"),
            plain("condition"),
            plain("title"),
            plain("text"),
            *SOURCED,
        ),
        key="code",
    ),
    ListOf(
        "contradictions",
        Contradiction,
        (plain("code"), plain("condition"), plain("text"), plain("elements")),
        key="code",
    ),
    ListOf("questions", Question, (plain("key"), plain("title"), plain("text"))),
    ListOf(
        "findings",
        ReportFinding,
        (
            plain("key"),
            plain("label"),
            plain("description"),
            plain("tone"),
            plain("reminder"),
        ),
    ),
    ListOf("complications", Complication, (plain("key"), plain("label"))),
    ListOf(
        "next_steps",
        NextStep,
        (
            plain("code"),
            plain("title"),
            plain("text"),
            reference("study", "studies", "code"),
            plain("prefill"),
            *SOURCED,
        ),
        key="code",
    ),
    ListOf(
        "next_step_rules",
        NextStepRule,
        (plain("key"), plain("condition"), plain("adds"), plain("removes")),
    ),
    ListOf("pitfalls", Pitfall, (plain("key"), plain("title"), plain("text"), *SOURCED)),
    ListOf("faqs", Faq, (plain("key"), plain("question"), plain("answer"), *SOURCED)),
    ListOf(
        "bindings",
        Binding,
        (
            plain("resource"),
            or_null("element"),
            plain("system"),
            plain("code"),
            plain("match"),
            plain("value"),
            plain("note"),
            *SOURCED,
        ),
        key=None,
    ),
)


def as_number(value: Decimal | None) -> int | float | None:
    """The plainest JSON number for a decimal: 10 rather than 10.0."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def as_lines(text: str) -> list[str]:
    """The lines of a text that say something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


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
    return {spec.name: _list_of(version, spec) for spec in LISTS if not names or spec.name in names}


def _list_of(version: ScenarioVersion, spec: ListOf) -> list[Document]:
    rows = spec.model._default_manager.filter(version=version).order_by("position", "pk")
    rows = rows.select_related(*_relations(spec.fields, spec.model))
    if spec.nested is None:
        return [{field.name: field.write(row) for field in spec.fields} for row in rows]
    nested = spec.nested
    inner = nested.model._default_manager.filter(**{f"{nested.parent}__version": version})
    inner = inner.order_by("position", "pk").select_related(*_relations(nested.fields, nested.model))
    children: dict[Any, list[Document]] = {}
    for child in inner:
        children.setdefault(getattr(child, f"{nested.parent}_id"), []).append(
            {field.name: field.write(child) for field in nested.fields}
        )
    return [
        {field.name: field.write(row) for field in spec.fields} | {nested.name: children.get(row.pk, [])}
        for row in rows
    ]


@transaction.atomic
def write_rows(version: ScenarioVersion, document: Document) -> None:
    """Fill a version without rows from a valid document. The caller holds the lock and the actor."""
    rows: Rows = {}
    for spec in LISTS:
        made: dict[Any, models.Model] = {}
        items = document[spec.name]
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
        for place, item in enumerate(document[spec.name]):
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
    own = [field for field in fields if field.name not in relations]
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
        attributes |= field.read(item[field.name], rows)
    return attributes


def _relations(fields: tuple[Field, ...], model: type[models.Model]) -> list[str]:
    foreign = {field.name for field in model._meta.get_fields() if field.many_to_one}
    return [field.name for field in fields if field.name in foreign]
