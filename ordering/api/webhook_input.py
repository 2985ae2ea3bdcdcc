"""What requests about webhooks may say."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ordering.api.fields import (
    Faults,
    StrictChoice,
    StrictInput,
    StrictInstant,
    StrictText,
    StrictTexts,
    StrictYesNo,
    shape,
)
from ordering.webhooks.actions import EVENTS, LONGEST_OVERLAP, MAX_DESCRIPTION
from ordering.webhooks.destinations import MAX_URL
from ordering.webhooks.models import WebhookEndpoint
from portal.models import OutboxEvent

WEBHOOK_ANSWERS = frozenset(
    [
        "id",
        "status",
        "secret",
        "disabled_at",
        "disabled_because",
        "failing_since",
        "created_at",
        "updated_at",
    ]
)
LONGEST_OVERLAP_HOURS = int(LONGEST_OVERLAP.total_seconds() // 3600)


class StrictEvents(StrictTexts):
    """A list of kinds of events."""

    child = serializers.ChoiceField(choices=OutboxEvent.Type.choices)  # type: ignore[assignment]


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": LONGEST_OVERLAP_HOURS})
class StrictHours(serializers.IntegerField):
    """Whole hours."""

    def read(self, sent: object, at: str) -> tuple[Any, Faults]:
        """Return the hours and their faults."""
        if not isinstance(sent, int) or isinstance(sent, bool):
            return None, [shape(at, "wrong-type", "Use a whole number of hours.")]
        # what no duration can hold is out of range all the same; the action says which range that is
        return max(-1, min(sent, LONGEST_OVERLAP_HOURS + 1)), []


def _url(**kwargs: Any) -> StrictText:
    return StrictText(
        max_length=MAX_URL,
        help_text="Where to send messages: https, port 443 or 1024 and above, on the public internet.",
        **kwargs,
    )


def _events(**kwargs: Any) -> StrictEvents:
    return StrictEvents(required=False, min_length=1, help_text="What to be told of.", **kwargs)


def _patient_data(**kwargs: Any) -> StrictChoice:
    return StrictChoice(
        choices=WebhookEndpoint.PatientData.choices,
        required=False,
        help_text="What messages hold of the patient: `none`, `ids` (the MRN too), `full` (the whole order).",
        **kwargs,
    )


def _description(**kwargs: Any) -> StrictText:
    return StrictText(
        required=False,
        allow_blank=True,
        max_length=MAX_DESCRIPTION,
        help_text="What it is, for people.",
        **kwargs,
    )


class WebhookInput(StrictInput):
    """A new webhook."""

    read_only_names = WEBHOOK_ANSWERS

    url = _url()
    events = _events(default=lambda: list(EVENTS))
    patient_data = _patient_data(default=WebhookEndpoint.PatientData.NONE.value)
    description = _description(default="")


class WebhookChangeInput(StrictInput):
    """What to change of a webhook; what is left out stays."""

    read_only_names = WEBHOOK_ANSWERS

    url = _url(required=False)
    events = _events()
    patient_data = _patient_data()
    description = _description()
    active = StrictYesNo(
        required=False, help_text="false: nothing is sent or queued; true: go on, with what waits first."
    )


class RotationInput(StrictInput):
    """How long the former secret goes on signing beside the new one."""

    overlap_hours = StrictHours(
        required=False, default=24, help_text=f"0 to {LONGEST_OVERLAP_HOURS}; 24 if left out."
    )


class RangeInput(StrictInput):
    """Which deliveries to send again."""

    since = StrictInstant(help_text="Events from this moment on.")
    until = StrictInstant(
        required=False, allow_null=True, help_text="Events before this moment; now, if left out."
    )
    everything = StrictYesNo(
        required=False,
        default=False,
        help_text="true: also what was delivered. Else what failed, waits, or was missed while disabled.",
    )
