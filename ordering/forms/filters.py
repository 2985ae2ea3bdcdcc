"""The filters of the history. They live in the address, so that a view of the list can be kept and shared."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError

from guidelines.models import RELEASED, Rating, Study
from ordering.forms.days import DayField
from ordering.history import NOT_LISTED, NOT_RATED, OrderFilter
from ordering.models import Order

HOW = "For example 14-Mar-2026."
IN = {"class": "in"}


def day_box() -> forms.TextInput:
    """Return the box of a day in the row of filters."""
    return forms.TextInput(attrs={"autocomplete": "off", "class": "in in-12"})


class OrderFilterForm(forms.Form):
    """Which orders to list. An empty field asks for nothing."""

    status = forms.ChoiceField(
        required=False,
        label="Status",
        choices=[("", "Any status"), *Order.Status.choices],
        widget=forms.Select(attrs=IN),
    )
    study = forms.CharField(required=False, max_length=80, label="Study", widget=forms.Select(attrs=IN))
    rating = forms.ChoiceField(
        required=False,
        label="Rating",
        choices=[("", "Any rating"), *Rating.choices, (NOT_RATED, "Not rated")],
        widget=forms.Select(attrs=IN),
    )
    placed_from = DayField(required=False, label="Placed from", help_text=HOW, widget=day_box())
    placed_to = DayField(required=False, label="Placed to", help_text=HOW, widget=day_box())
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["study"].widget.choices = study_choices()

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        cleaned = self.cleaned_data
        start, end = cleaned.get("placed_from"), cleaned.get("placed_to")
        if start and end and start > end:
            self.add_error("placed_to", ValidationError("The last day is before the first one."))
        return cleaned

    def wanted(self, organisation_id: int, patient_id: UUID | None) -> OrderFilter:
        """Return what a valid form asks for."""
        cleaned = self.cleaned_data
        return OrderFilter(
            organisation_id=organisation_id,
            status=cleaned["status"],
            study=cleaned["study"],
            rating=cleaned["rating"],
            placed_from=cleaned["placed_from"],
            placed_to=cleaned["placed_to"],
            patient_id=patient_id,
        )


def study_choices() -> list[tuple[str, str]]:
    """Return the studies of all guidelines that were ever in use, by name, and the one that none lists."""
    ever_used = Study.objects.filter(version__state__in=RELEASED)
    newest = ever_used.order_by("code", "-version_id").distinct("code").values_list("code", "name")
    by_name = sorted(newest, key=lambda study: study[1].casefold())
    return [("", "Any study"), *by_name, (NOT_LISTED, "A study that is not listed")]
