"""What a webhook is told and where, how long its old secret signs, and which messages are sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from ordering.webhooks.actions import EVENTS, LONGEST_OVERLAP, MAX_DESCRIPTION, OVERLAP
from ordering.webhooks.models import WebhookEndpoint
from portal.choices import Described
from portal.models import OutboxEvent

MAX_URL = WebhookEndpoint._meta.get_field("url").max_length
MOST_HOURS = int(LONGEST_OVERLAP.total_seconds() // 3600)
ASKED_FOR = {  # what each choice of patient data means, in words of the page
    "none": "The order’s id, number and status; the receiver fetches what else it may see",
    "ids": "Also the patient’s id and MRN, the study, the scenario and the requester",
    "full": "The whole order with the patient’s name and answers, as the API gives it",
}
LONG_AGO = timedelta(days=1)  # what a range begins with, unless somebody says otherwise


class WebhookForm(forms.Form):
    """An address, its events, and how much of the patient they hold."""

    url = forms.CharField(
        label="Address",
        max_length=MAX_URL,
        help_text="Begins with https:// and is reachable from the portal. Redirects are not followed.",
        error_messages={"required": "Enter the address that is to be called."},
        widget=forms.TextInput(attrs={"inputmode": "url", "spellcheck": "false", "autocapitalize": "none"}),
    )
    description = forms.CharField(
        label="Name",
        max_length=MAX_DESCRIPTION,
        required=False,
        help_text="Such as “Radiology system, production”.",
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=[(value, f"{OutboxEvent.Type(value).label} ({value})") for value in EVENTS],
        initial=list(EVENTS),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one event."},
    )
    patient_data = forms.ChoiceField(
        label="Patient data in messages",
        choices=[
            (value, Described(label, ASKED_FOR[value]))
            for value, label in WebhookEndpoint.PatientData.choices
        ],
        initial=WebhookEndpoint.PatientData.NONE,
        widget=forms.RadioSelect,
        help_text="Ask for no more than the receiver needs. Administrators never see it here.",
        error_messages={"required": "Choose how much of the patient messages hold."},
    )


class WebhookRotateForm(forms.Form):
    """How long messages carry both signatures."""

    overlap_hours = forms.IntegerField(
        label="Old secret signs on for",
        min_value=0,
        max_value=MOST_HOURS,
        initial=int(OVERLAP.total_seconds() // 3600),
        help_text=f"Hours, 0 to {MOST_HOURS}. Change the receiver over in this time. 0 ends it at once.",
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            f"Enter a whole number of hours, 0 to {MOST_HOURS}.",
        ),
        widget=forms.NumberInput(attrs={"class": "in in-4"}),
    )


class RangeForm(forms.Form):
    """From when until when messages are sent again."""

    since = forms.DateTimeField(
        label="From",
        help_text="When the events happened, such as 2026-11-22 18:00.",
        error_messages={
            "required": "Enter from when on.",
            "invalid": "Enter a date and a time, such as 2026-11-22 18:00.",
        },
    )
    until = forms.DateTimeField(
        label="Until",
        required=False,
        help_text="Left empty: until now.",
        error_messages={"invalid": "Enter a date and a time, such as 2026-11-22 18:00."},
    )
    everything = forms.BooleanField(
        label="Also what was delivered already",
        required=False,
        help_text="Otherwise what failed, and what happened while the webhook was disabled. "
        "A receiver knows a message that it has by its webhook-id.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        begin = timezone.localtime(timezone.now() - LONG_AGO)
        self.fields["since"].initial = begin.strftime("%Y-%m-%d %H:%M")
