"""The inputs of a row's fields, and what they need to know of its version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AdminTextInputWidget, RelatedFieldWidgetWrapper
from django.db import models
from django.http import HttpRequest

from guidelines.admin.fields import JSONTextField, KeysField, PlainTextarea, PlainTextField
from guidelines.admin.sections import BY_MODEL
from guidelines.models import ScenarioVersion

# what the inputs for kinds of model fields are
INPUTS: dict[type[models.Field], dict[str, Any]] = {
    models.TextField: {"form_class": PlainTextField, "widget": PlainTextarea()},
    models.CharField: {"form_class": PlainTextField, "widget": AdminTextInputWidget},
    models.URLField: {"assume_scheme": "https"},
}
KEY_LISTS = ("elements", "adds", "removes")
OBJECT_LISTS = ("codes", "prefill")


@dataclass(frozen=True, slots=True)
class Bench:
    """What a page of a row needs to know: its version, and the words that conditions are made of."""

    version: ScenarioVersion
    document: dict[str, Any]


def bench_of(request: HttpRequest) -> Bench:
    """Return the bench that the page was opened with."""
    bench: Bench = request.desk_bench  # type: ignore[attr-defined]
    return bench


class RowInputs(BaseModelAdmin):
    """Inputs of a row's fields; foreign keys offer rows of the same version only."""

    formfield_overrides = INPUTS

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Return the input of a field, without links that would open rows of other versions."""
        made: forms.Field | None
        if isinstance(db_field, models.JSONField):
            return self._json_input(db_field)
        made = super().formfield_for_dbfield(db_field, request, **kwargs)
        if made is not None and isinstance(made.widget, RelatedFieldWidgetWrapper):
            made.widget = made.widget.widget
        return made

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        """Offer rows of this version, in their order."""
        target = db_field.remote_field.model
        if target in BY_MODEL:
            rows = target._default_manager.filter(version=bench_of(request).version)
            kwargs["queryset"] = rows.order_by("position", "pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @staticmethod
    def _json_input(db_field: models.Field[Any, Any]) -> forms.Field:
        text = str(db_field.help_text)
        required = not db_field.blank
        if db_field.name in KEY_LISTS:
            return KeysField(
                required=False, help_text=f"{text} One a line.", label=str(db_field.verbose_name).capitalize()
            )
        if db_field.name in OBJECT_LISTS:
            return JSONTextField(
                empty=[], required=required, help_text=text, label=str(db_field.verbose_name).capitalize()
            )
        return JSONTextField(required=required, help_text=text, label=str(db_field.verbose_name).capitalize())
