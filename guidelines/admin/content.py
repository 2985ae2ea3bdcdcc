"""Registers a page for the rows of every list of a version."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from guidelines.admin.forms import BindingForm, NextStepForm, RadiationLevelForm, StudyForm
from guidelines.admin.rows import NestedRows, RowAdmin, words_of
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
)
from guidelines.models.reading import LeafletText


def sourced(prefix: str = "") -> list[str]:
    """Return the fields that say where a value comes from, with their prefix."""
    return [f"{prefix}{name}" for name in ("standing", "source", "verified_by", "verified_on")]


class ChoiceInline(NestedRows):
    """The values of a list question."""

    model = Choice
    fields = [("value", "label", "position")]


class CriterionRedirectInline(NestedRows):
    """Where each way of failing a criterion leads."""

    model = CriterionRedirect
    verbose_name = "redirect"
    fields = ["when", "condition_in_words", ("redirect", "position")]
    readonly_fields = ["condition_in_words"]

    @admin.display(description="In words")
    def condition_in_words(self, row: Any) -> str:
        """Return the condition as an editor reads it."""
        return words_of(row, row.criterion if row.criterion_id else None)


class RulePlacementInline(NestedRows):
    """The roles that a rule gives to studies."""

    model = RulePlacement
    verbose_name = "placement"
    fields = [("study", "role", "position"), "caution"]


@admin.register(DataElement)
class DataElementAdmin(RowAdmin):
    """A question about the patient, with its values."""

    inlines = [ChoiceInline]
    fieldsets = [
        (None, {"fields": ["key", "label", "summary_label", "hint", "kind", "section"]}),
        ("Numbers and dates", {"fields": ["unit", ("minimum", "maximum"), "allow_future", "derived_from"]}),
    ]


@admin.register(Criterion)
class CriterionAdmin(RowAdmin):
    """A criterion, with the redirects of those who fail it."""

    inlines = [CriterionRedirectInline]


@admin.register(OrderRule)
class OrderRuleAdmin(RowAdmin):
    """A rule of order, with the roles that it gives."""

    inlines = [RulePlacementInline]


@admin.register(RadiationLevel)
class RadiationLevelAdmin(RowAdmin):
    """A level of the radiation scale."""

    form = RadiationLevelForm
    fieldsets = [
        (None, {"fields": ["level"]}),
        ("Adults", {"fields": [("adult_min_msv", "adult_max_msv"), "standing", "source"]}),
        (
            "Children",
            {"fields": [("paediatric_min_msv", "paediatric_max_msv"), "paediatric_source"]},
        ),
        ("Who checked it", {"fields": ["verified_by", "verified_on"]}),
    ]


@admin.register(Study)
class StudyAdmin(RowAdmin):
    """An imaging study."""

    form = StudyForm


@admin.register(RatedStudy)
class RatedStudyAdmin(RowAdmin):
    """The rating of a study."""

    radio_fields = {"rating": admin.VERTICAL}

    fieldsets = [
        (None, {"fields": ["study", "default_role"]}),
        ("Rating", {"fields": ["rating", *sourced("rating_")]}),
        ("Radiation", {"fields": ["radiation_level", *sourced("radiation_")]}),
        ("Reasons", {"fields": ["rationale", "choose_when", "limits"]}),
    ]


@admin.register(NextStep)
class NextStepAdmin(RowAdmin):
    """A step to consider after a report."""

    form = NextStepForm


@admin.register(Binding)
class BindingAdmin(RowAdmin):
    """A reading of records."""

    form = BindingForm


admin.site.register(
    [
        Source,
        Redirect,
        Advisory,
        Contradiction,
        Question,
        ReportFinding,
        Complication,
        NextStepRule,
        Pitfall,
        Faq,
        LeafletText,
    ],
    RowAdmin,
)
