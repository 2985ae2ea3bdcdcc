"""The lists of a scenario document: for each, the model that holds it and how its fields are written."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

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
    Source,
    Study,
    Vignette,
)
from guidelines.models.reading import LeafletText
from guidelines.row_fields import Field, band, day, lines, number, optional, or_null, plain, reference

VERIFIED = (optional(or_null("verified_by")), optional(day("verified_on")))
SOURCED = (plain("standing"), reference("source", "sources", "key"), *VERIFIED)


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
    optional: bool = False  # the document lacks the list where the version has no such row


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
            optional(or_null("rating_verified_by")),
            optional(day("rating_verified_on")),
            reference("radiation_level", "radiation_levels", "level"),
            plain("radiation_standing"),
            reference("radiation_source", "sources", "key"),
            optional(or_null("radiation_verified_by")),
            optional(day("radiation_verified_on")),
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
    ListOf(
        "leaflet",
        LeafletText,
        (plain("key"), plain("part"), reference("study", "studies", "code"), plain("text"), *SOURCED),
        optional=True,
    ),
    ListOf(
        "vignettes",
        Vignette,
        (
            plain("key"),
            plain("title"),
            plain("story"),
            plain("answers"),
            plain("fit"),
            plain("redirects"),
            plain("studies"),
            plain("advisories"),
            plain("report"),
        ),
        optional=True,
    ),
)
