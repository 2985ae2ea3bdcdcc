"""Strict input: what is accepted is stored as it was sent, and every fault is named at once.

REST framework's own fields turn "42" into 42 and 1 into true, and stop at the first fault of a field. These
fields keep its names and limits, so that the OpenAPI schema follows from them, and read for themselves.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ordering.exceptions import Refusal

Faults = list[Refusal]

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
INSTANT_HINT = "Use RFC 3339 with a time zone, such as 2026-11-23T09:30:00Z."
FIRST_YEAR, LAST_YEAR = 1900, 2200  # beyond them a date is a slip, and time zones could leave the calendar


def step(pointer: str, key: object) -> str:
    """Return the JSON Pointer (RFC 6901) one step below `pointer`."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def shape(pointer: str, code: str, message: str) -> Refusal:
    """Return a fault of shape: the body is malformed, whatever it means."""
    return Refusal(pointer, code, message, is_shape=True)


def parse_instant(text: str) -> datetime | str:
    """Return the moment that an RFC 3339 text names, or what is wrong with it."""
    if not INSTANT.fullmatch(text):
        return INSTANT_HINT
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return "There is no such moment; check day, time and zone."
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return f"Use a year from {FIRST_YEAR} to {LAST_YEAR}."
    return moment


class StrictText(serializers.CharField):
    """Text as it was sent. On one line unless `lines`; then also without spaces around it."""

    def __init__(self, *, lines: bool = False, **kwargs: Any) -> None:
        self.lines = lines
        super().__init__(trim_whitespace=False, **kwargs)

    def read(self, sent: object, at: str) -> tuple[Any, Faults]:
        """Return the text and its faults."""
        if not isinstance(sent, str):
            return None, [shape(at, "wrong-type", "Use a text in quotation marks.")]
        if not sent.strip() and not self.allow_blank:
            return sent, [Refusal(at, "required", "Must not be empty.")]
        if self.max_length is not None and len(sent) > self.max_length:
            return sent, [Refusal(at, "too-long", f"Use at most {self.max_length} characters.")]
        if not self.lines:
            if sent != sent.strip():
                return sent, [Refusal(at, "surrounding-space", "Leave out the spaces before and after it.")]
            if any(unicodedata.category(character) == "Cc" for character in sent):
                return sent, [
                    Refusal(at, "control-character", "Leave out line breaks and control characters.")
                ]
        return sent, []


class StrictChoice(serializers.ChoiceField):
    """One of a closed list of texts."""

    def read(self, sent: object, at: str) -> tuple[Any, Faults]:
        """Return the value and its faults."""
        if not isinstance(sent, str):
            return None, [shape(at, "wrong-type", "Use a text in quotation marks.")]
        if sent not in self.choices:
            return sent, [Refusal(at, "not-in-list", f"Use one of: {', '.join(self.choices)}.")]
        return sent, []


class StrictYesNo(serializers.BooleanField):
    """true or false, and neither 1 nor "true"."""

    def read(self, sent: object, at: str) -> tuple[Any, Faults]:
        """Return the value and its faults."""
        if not isinstance(sent, bool):
            return None, [shape(at, "wrong-type", "Use true or false.")]
        return sent, []


class StrictDay(serializers.DateField):
    """A day of the calendar, YYYY-MM-DD."""

    def read(self, sent: object, at: str) -> tuple[date | None, Faults]:
        """Return the day and its faults."""
        if not isinstance(sent, str) or not DAY.fullmatch(sent):
            return None, [shape(at, "wrong-type", "Use a date written YYYY-MM-DD.")]
        try:
            return date.fromisoformat(sent), []
        except ValueError:
            return None, [Refusal(at, "not-a-day", "There is no such day; check day and month.")]


class StrictInstant(serializers.DateTimeField):
    """A moment, RFC 3339 with a time zone."""

    def read(self, sent: object, at: str) -> tuple[datetime | None, Faults]:
        """Return the moment and its faults."""
        if not isinstance(sent, str) or not INSTANT.fullmatch(sent):
            return None, [shape(at, "wrong-type", INSTANT_HINT)]
        moment = parse_instant(sent)
        if isinstance(moment, str):
            return None, [Refusal(at, "not-a-moment", moment)]
        return moment, []


class StrictId(serializers.UUIDField):
    """An identifier that this API gave."""

    def read(self, sent: object, at: str) -> tuple[UUID | None, Faults]:
        """Return the identifier and its faults."""
        if not isinstance(sent, str) or not UUID_TEXT.fullmatch(sent):
            return None, [shape(at, "wrong-type", "Use an id as this API gave it (a UUID).")]
        return UUID(sent), []


class StrictTexts(serializers.ListField):
    """A list of different texts; which ones are allowed is for the content to say."""

    child = serializers.CharField()

    def read(self, sent: object, at: str) -> tuple[Any, Faults]:
        """Return the list and its faults."""
        if not isinstance(sent, list):
            return None, [shape(at, "wrong-type", "Use a list of texts.")]
        faults = [
            shape(step(at, place), "wrong-type", "Use a text in quotation marks.")
            for place, member in enumerate(sent)
            if not isinstance(member, str)
        ]
        return sent, faults


@extend_schema_field(
    {
        "type": "object",
        "additionalProperties": {
            "anyOf": [
                {"type": "string"},
                {"type": "number"},
                {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
                {"type": "null"},
            ]
        },
    }
)
class StrictAnswers(serializers.JSONField):
    """The answers by data element; each is checked by the engine."""

    def read(self, sent: object, at: str) -> tuple[Any, Faults]:
        """Return the answers and their faults of shape as a whole."""
        if not isinstance(sent, dict):
            return None, [shape(at, "wrong-type", "Use an object that gives each answer under its key.")]
        return sent, []


class StrictInput(serializers.Serializer):
    """An object of a request. Fields it does not know are refused, and nothing is coerced."""

    read_only_names: ClassVar[frozenset[str]] = frozenset()  # what the API says and does not take

    def read(self, sent: object, at: str = "") -> tuple[dict[str, Any], Faults]:
        """Return the sound values by name, and every fault. A field left out has its default, if any."""
        if not isinstance(sent, Mapping):
            return {}, [shape(at, "wrong-type", "Use a JSON object.")]
        fields: Mapping[str, Any] = dict(self.fields)
        values: dict[str, Any] = {}
        faults = [self._unknown(step(at, key), key) for key in sent if key not in fields]
        for name, field in fields.items():
            below = step(at, name)
            if name not in sent:
                if field.required:
                    faults.append(shape(below, "required", "This field is missing."))
                elif field.default is not serializers.empty:
                    values[name] = field.default() if callable(field.default) else field.default
            elif sent[name] is None:
                if field.allow_null:
                    values[name] = None
                else:
                    faults.append(
                        shape(below, "wrong-type", "null has no meaning here; leave the field out.")
                    )
            else:
                value, found = field.read(sent[name], below)
                faults += found
                if not found or (value is not None and isinstance(field, StrictInput)):
                    values[name] = value
        return values, faults

    def _unknown(self, at: str, key: str) -> Refusal:
        if key in self.read_only_names:
            return shape(at, "read-only", "The portal sets this field; leave it out.")
        return shape(at, "unknown-field", "This field is not known; correct its name or leave it out.")
