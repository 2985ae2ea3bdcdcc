"""What a new token is for, how long an old one works on, and the name that confirms an end."""

from __future__ import annotations

from typing import Any

from django import forms

from portal.models import ApiToken, User
from portal.token_pages.access import people_to_act_for
from portal.tokens import LIFETIME, LONGEST_OVERLAP, OVERLAP

MOST_DAYS = 366  # a token that nobody looks at for a year should stop
MOST_HOURS = int(LONGEST_OVERLAP.total_seconds() // 3600)


class PersonField(forms.ModelChoiceField):
    """A choice of people, each with what they may do: a token can do no more."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name, user name and roles."""
        roles = ", ".join(sorted(group.name for group in obj.groups.all())) or "no role"
        return f"{obj.display_name} ({obj.username}), {roles}"


def _days() -> forms.IntegerField:
    wrong = f"Enter a whole number of days, 1 to {MOST_DAYS}."
    return forms.IntegerField(
        label="Expires after",
        min_value=1,
        max_value=MOST_DAYS,
        initial=LIFETIME.days,
        help_text=f"Days, 1 to {MOST_DAYS}. Rotate the token before then.",
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), wrong),
        widget=forms.NumberInput(attrs={"class": "in in-4"}),
    )


class NewTokenForm(forms.Form):
    """A token for one system, in the name of one person."""

    name = forms.CharField(
        label="System that will use it",
        max_length=100,
        help_text="Such as “Ward EHR, production”. You confirm a revocation with this name.",
        error_messages={"required": "Name the system that will use the token."},
    )
    user = PersonField(
        label="Acts for",
        queryset=User.objects.none(),
        empty_label="Choose a person",
        help_text="This person is the requester of its orders and stands in the audit trail. "
        "The token can do no more than they may.",
        error_messages={
            "required": "Choose the person in whose name the system acts.",
            "invalid_choice": "Choose an active person of your organisation.",
        },
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(value, f"{label} ({value})") for value, label in ApiToken.Scope.choices],
        widget=forms.CheckboxSelectMultiple,
        help_text="Give what the system needs, no more.",
        error_messages={"required": "Choose at least one thing that the token may do."},
    )
    days = _days()

    def __init__(self, *args: Any, manager: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["user"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people_to_act_for(manager).prefetch_related("groups")


class RotateForm(forms.Form):
    """How long both secrets work, and how long the new one."""

    overlap_hours = forms.IntegerField(
        label="Old secret works on for",
        min_value=0,
        max_value=MOST_HOURS,
        initial=int(OVERLAP.total_seconds() // 3600),
        help_text=f"Hours, 0 to {MOST_HOURS}. Change the system over in this time. 0 ends it at once.",
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            f"Enter a whole number of hours, 0 to {MOST_HOURS}.",
        ),
        widget=forms.NumberInput(attrs={"class": "in in-4"}),
    )
    days = _days()


class ConfirmNameForm(forms.Form):
    """The name of what is ended, typed."""

    typed_name = forms.CharField(
        label="Name",
        strip=True,
        error_messages={"required": "Type the name to confirm."},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        self.fields["typed_name"].help_text = f"Type the name to confirm: {name}"

    def clean_typed_name(self) -> str:
        """Return the name, if it is the right one."""
        typed: str = self.cleaned_data["typed_name"]
        if " ".join(typed.split()) != " ".join(self.name.split()):
            raise forms.ValidationError(f"This is another name. Type: {self.name}")
        return typed
