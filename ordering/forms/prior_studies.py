"""A study that was done elsewhere, typed in."""

from __future__ import annotations

from django import forms

from ordering.actions.requests import MAX_NOTE
from ordering.forms.days import DayField
from ordering.forms.patients import printable


class PriorStudyForm(forms.Form):
    """What is known of the study. `ordering.actions` judges the day."""

    name = forms.CharField(
        max_length=200,
        label="Study",
        help_text="Region, modality and contrast, such as CT chest, abdomen and pelvis with IV contrast.",
        error_messages={"required": "Say what was done, such as CT of the chest."},
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "in-full"}),
    )
    done_on = DayField(
        label="Day",
        help_text="When it was done, such as 03-Feb-2026.",
        error_messages={"required": "Give the day on which it was done."},
    )
    place = forms.CharField(
        max_length=200,
        required=False,
        label="Where",
        help_text="Hospital or practice, so that radiology can ask for the images.",
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "in-full"}),
    )
    accession = forms.CharField(
        max_length=60,
        required=False,
        label="Accession number",
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "in-12"}),
    )
    result = forms.CharField(
        max_length=MAX_NOTE,
        required=False,
        label="Result",
        help_text="As the report says it, if you know it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class StrikeForm(forms.Form):
    """Why an entry was an error."""

    reason = forms.CharField(
        max_length=MAX_NOTE,
        label="Reason",
        error_messages={"required": "Give a reason."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
