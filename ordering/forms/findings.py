"""Recording what a report showed, in the words of the guideline version that the order was placed under."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from guidelines.engine import RuleSet
from ordering.actions.requests import MAX_NOTE
from ordering.forms.days import MomentField
from ordering.models import Finding
from portal.choices import Described


class FindingForm(forms.Form):
    """What the report showed, compared with what. Nothing is chosen beforehand."""

    compared_with_baseline = forms.ChoiceField(
        label="Was it compared with the baseline study?",
        choices=Finding.Compared.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether the report was compared with the baseline study."},
    )
    finding = forms.ChoiceField(
        label="What did the report show?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what the report showed."},
    )
    discordant = forms.BooleanField(
        required=False, label="The report does not agree with the clinical picture (discordant)"
    )
    complications = forms.MultipleChoiceField(
        required=False,
        label="Complications of treatment that were seen",
        widget=forms.CheckboxSelectMultiple,
    )
    comment = forms.CharField(
        required=False,
        max_length=MAX_NOTE,
        label="Comment",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    reported_at = MomentField(
        required=False, label="Date and time of the report", help_text="For example 17-Jun-2026 09:10."
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, ruleset: RuleSet, *args: Any, baseline: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        document = ruleset.document
        self.fields["compared_with_baseline"].help_text = baseline
        self.fields["finding"].choices = [  # type: ignore[attr-defined]
            (row["key"], Described(row["label"], row["description"])) for row in document["findings"]
        ]
        if document["complications"]:
            self.fields["complications"].choices = [  # type: ignore[attr-defined]
                (row["key"], row["label"]) for row in document["complications"]
            ]
        else:
            del self.fields["complications"]

    def clean_reported_at(self) -> Any:
        """Refuse a report of tomorrow."""
        moment = self.cleaned_data["reported_at"]
        if moment is not None and moment > timezone.now():
            raise ValidationError("The report cannot be in the future.")
        return moment

    @property
    def given(self) -> dict[str, Any]:
        """What `record_finding` takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "revision"}
