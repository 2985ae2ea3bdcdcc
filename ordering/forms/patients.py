"""Finding and registering patients."""

from __future__ import annotations

import unicodedata
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from ordering.actions import PatientIdentity
from ordering.actions.patients import OLDEST_YEARS
from ordering.forms.days import DayField
from ordering.models import Patient

MAX_SEARCH = 200
CONFIRMED = "confirmed"  # sends which similar patients were looked at


def printable(text: str) -> None:
    """Refuse characters that nobody can see in a name or a number."""
    if any(unicodedata.category(character) in ("Cc", "Cf") for character in text):
        raise ValidationError("Remove the invisible characters: type the text instead of pasting it.")


class PatientSearchForm(forms.Form):
    """One box for everything that identifies a patient."""

    q = forms.CharField(
        max_length=MAX_SEARCH,
        label="Patient name, date of birth or MRN",
        error_messages={"required": "Type a name, a date of birth or an MRN."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "in in-full"}),
        validators=[printable],
    )


class PatientForm(forms.Form):
    """Who a new patient is. `ordering.actions` judges what the fields cannot."""

    family_name = forms.CharField(
        label="Family name",
        max_length=100,
        error_messages={"required": "Give the family name."},
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    given_name = forms.CharField(
        label="Given name",
        max_length=100,
        error_messages={"required": "Give the given name."},
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    birth_date = DayField(
        label="Date of birth",
        help_text="For example 14-Mar-1984 or 1984-03-14.",
        error_messages={"required": "Give the date of birth."},
    )
    sex = forms.ChoiceField(
        label="Sex",
        choices=Patient.Sex.choices,
        error_messages={"required": "Choose the sex; “Not known” is an answer."},
        widget=forms.RadioSelect,
    )
    mrn = forms.CharField(
        label="Medical record number (MRN)",
        max_length=40,
        help_text="As your organisation writes it.",
        error_messages={"required": "Give the medical record number."},
        validators=[printable],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "in-12"}),
    )

    def clean_birth_date(self) -> date:
        """Refuse a day on which nobody alive was born; so all faults of the form are told at once."""
        day: date = self.cleaned_data["birth_date"]
        today = timezone.localdate()
        if day > today:
            raise ValidationError("The date of birth is in the future.")
        if today.year - day.year > OLDEST_YEARS:
            raise ValidationError(f"The patient would be over {OLDEST_YEARS} years old.")
        return day

    @property
    def identity(self) -> PatientIdentity:
        """The patient that a valid form describes."""
        return PatientIdentity(**self.cleaned_data)
