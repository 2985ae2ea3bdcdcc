"""Why an order is cancelled, held, or marked as an error."""

from __future__ import annotations

from typing import Any

from django import forms

from ordering.actions.requests import MAX_NOTE


class TransitionForm(forms.Form):
    """A reason, and the revision of the order that the person saw."""

    reason = forms.CharField(
        label="Reason",
        max_length=MAX_NOTE,
        help_text="Radiology and whoever opens the order will read it.",
        error_messages={"required": "Give a reason."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, reason: str = "required", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if reason == "none":
            del self.fields["reason"]
        else:
            self.fields["reason"].required = reason == "required"
