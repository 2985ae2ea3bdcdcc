"""Choosing a study for a reason: one that is rated lower, not rated, or not listed at all."""

from __future__ import annotations

from typing import Any

from django import forms

from ordering.choosing import MAX_REASON_TEXT, MAX_STUDY_TEXT, OverrideGiven
from ordering.models import REASONS_WITH_TEXT, OverrideReason

PLACES = {  # where ordering points -> the field of the form
    "/study": "study_text",
    "/study_text": "study_text",
    "/override_reason": "reason",
    "/override_reason/code": "reason",
    "/override_reason/text": "reason_text",
}
NEED_TEXT = " and ".join(f"“{reason.label}”" for reason in OverrideReason if reason in REASONS_WITH_TEXT)


class JudgedLater(forms.CharField):
    """A text that is needed, but judged together with everything else, so that no fault hides another."""

    def validate(self, value: str) -> None:
        """Accept anything; `ordering.choosing` names the fault."""


class ReasonForm(forms.Form):
    """Why this study. With `listed` false the study itself is typed too. `ordering.choosing` judges."""

    use_required_attribute = False  # which text is needed depends on the reason

    study_text = JudgedLater(
        label="Which study?",
        help_text="Name the study with region and contrast, as radiology would read it.",
        widget=forms.TextInput(
            attrs={"maxlength": MAX_STUDY_TEXT, "autocomplete": "off", "class": "in-full"}
        ),
    )
    reason = JudgedLater(label="Why this study?", widget=forms.RadioSelect(choices=OverrideReason.choices))
    reason_text = JudgedLater(
        label="In your own words",
        help_text=f"Needed for {NEED_TEXT}; optional for the other reasons.",
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": MAX_REASON_TEXT}),
    )

    def __init__(self, *args: Any, listed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if listed:
            del self.fields["study_text"]

    @property
    def given(self) -> OverrideGiven | None:
        """The reason, or None when none was given."""
        code, text = self.cleaned_data.get("reason", ""), self.cleaned_data.get("reason_text", "")
        return OverrideGiven(code, text) if code else None
