"""Signing an order: priority, a note for radiology, and the check that this is the right patient."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from django import forms
from django.conf import settings

from ordering.actions.requests import MAX_NOTE
from ordering.forms.days import DayField
from ordering.models import Order, Patient

WRONG_YEAR = (
    "This is not the patient’s year of birth. Compare name and date of birth at the top of the page. "
    "If it is the wrong patient, leave this order; if it is the right one, type the year again."
)


class IdentityCheck(StrEnum):
    """How the portal makes sure that the signer has the right patient in mind (PORTAL_IDENTITY_CHECK)."""

    OFF = "off"  # one button
    BUTTON = "button"  # the button names the patient
    YEAR_OF_BIRTH = "year-of-birth"  # as well, the signer types the year

    @classmethod
    def configured(cls) -> IdentityCheck:
        """Return the site's choice."""
        return cls(settings.PORTAL_IDENTITY_CHECK)


class SignForm(forms.Form):
    """What step 3 asks. `confirmed` says whether the typed year is the patient's."""

    priority = forms.ChoiceField(choices=Order.Priority.choices, label="Priority")
    wanted_by = DayField(
        required=False,
        label="Wanted by",
        help_text="The day by which the result is needed, such as 19-Jun-2026.",
    )
    note = forms.CharField(
        required=False,
        max_length=MAX_NOTE,
        label="Note for radiology",
        help_text="Anything that the answers do not say.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
    year_of_birth = forms.CharField(
        required=False,
        label="Year of birth",
        help_text="Type the patient’s year of birth to confirm that you have the right person.",
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "maxlength": 4, "autocomplete": "off", "class": "in-4"}
        ),
    )

    def __init__(self, *args: Any, signing: bool = False, birth_date: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.signing = signing
        self.birth_date = birth_date
        self.mistaken = False  # a year was typed, and it is another
        if IdentityCheck.configured() != IdentityCheck.YEAR_OF_BIRTH:
            del self.fields["year_of_birth"]

    def clean_year_of_birth(self) -> str:
        """Compare the year, only when somebody signs: a draft may be saved without it."""
        typed = self.cleaned_data["year_of_birth"].strip()
        if self.signing and typed != f"{self.birth_date:%Y}":
            self.mistaken = bool(typed)
            raise forms.ValidationError(
                WRONG_YEAR if typed else "Type the patient’s year of birth, four digits, to sign."
            )
        return typed

    def retype(self, name: str, text: str) -> None:
        """Replace what was typed into one field, for the page that shows the form again."""
        self.data = {key: text if key == name else self.data.get(key, "") for key in self.fields}

    @classmethod
    def about(cls, order: Order, patient: Patient) -> SignForm:
        """Return the form as step 3 first shows it."""
        return cls(
            initial={
                "priority": order.priority,
                "wanted_by": order.wanted_by,
                "note": order.note,
                "revision": order.revision,
            },
            birth_date=patient.birth_date,
        )
