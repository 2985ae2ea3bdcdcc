"""Two editors at one row: whoever saves later is told what the other changed, and loses nothing of their own.

A page carries a short hash of every stored value that it was made from. When it comes back and the row holds
something else by then, nothing is saved: fields that only the other changed take the new value, fields that
both changed keep what was typed, and each says what is stored. Saving once more is then a decision.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format

from guidelines.admin.sections import BY_MODEL
from portal.strict_json import StrictJSONError, loads

SEEN = "desk_seen"  # name of the hidden field
NOT_SHOWN = ("id", "version_id", "position")  # a place changes when rows around it do
_HASH = 10  # characters; it tells changes, it guards nothing
_LONGEST = 200  # characters of a stored value in a message


def seen_of(row: models.Model) -> str:
    """Return what a page remembers of the row that it was made from, as JSON."""
    return json.dumps(_hashes(row))


def _hashes(row: models.Model) -> dict[str, str]:
    made = {
        field.name: _hash(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname not in NOT_SHOWN and field.editable
    }
    section = BY_MODEL.get(type(row))
    nested = section.spec.nested if section else None
    if nested is not None:
        names = [field.attname for field in nested.model._meta.concrete_fields]
        rows = nested.model._default_manager.filter(**{nested.parent: row}).order_by("pk")
        made[nested.name] = _hash([list(values) for values in rows.values_list(*names)])
    return made


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=str, sort_keys=True).encode()).hexdigest()[:_HASH]


class SeenForm(forms.ModelForm):
    """A form that refuses to overwrite what somebody else stored meanwhile."""

    def clean(self) -> dict[str, Any]:
        """Compare what the page was made from with what is stored now."""
        super().clean()
        before = self._remembered()
        if before is None:
            return self.cleaned_data
        now = _hashes(self.instance)
        changed = [name for name, value in now.items() if before.get(name, value) != value]
        if changed:
            self._tell(changed, before)
        return self.cleaned_data

    def _remembered(self) -> dict[str, str] | None:
        """Return what the page remembers; None for a new row, or where the page did not say."""
        sent = self.data.get(SEEN)
        if self.instance.pk is None or not sent:
            return None
        try:
            found = loads(sent.encode("utf-8", "surrogatepass"))
        except StrictJSONError:
            return None
        return found if isinstance(found, dict) else None

    def _tell(self, changed: list[str], before: dict[str, str]) -> None:
        self.data = self.data.copy()  # type: ignore[attr-defined]  # what was sent cannot be changed
        for name in changed:
            if name not in self.fields:
                continue
            # before adding an error: that takes the value out of what was cleaned
            typed = self.cleaned_data.get(name)
            if name in self.cleaned_data and _hash(_plain(typed)) == before[name]:
                self._take_over(name)
                self.add_error(name, "Somebody else changed this meanwhile; the new value stands here now.")
            else:
                self.add_error(
                    name, f"Somebody else changed this meanwhile. Stored now: {self._stored(name)}"
                )
        names = ", ".join(_label(self, name) for name in changed)
        self.add_error(
            None,
            ValidationError(
                f"Nothing was saved: {self._who()} changed this while you wrote ({names}). What you typed is "
                "kept below. Look at both, then save again."
            ),
        )

    def _take_over(self, name: str) -> None:
        """Show the stored value in a field that this editor did not touch."""
        field = self.fields[name]
        value = field.prepare_value(self.initial.get(name))
        key = self.add_prefix(name)
        if isinstance(field, forms.BooleanField):
            if value:
                self.data[key] = "on"  # type: ignore[index]
            else:
                self.data.pop(key, None)  # type: ignore[attr-defined]
        else:
            self.data[key] = "" if value is None else str(value)  # type: ignore[index]

    def _stored(self, name: str) -> str:
        value = getattr(self.instance, name)
        display = getattr(self.instance, f"get_{name}_display", None)
        text = display() if display else self.fields[name].prepare_value(value)
        if isinstance(value, models.Model):
            text = str(value)
        if text in (None, ""):
            return "nothing."
        said = str(text)
        return f"“{said if len(said) <= _LONGEST else said[:_LONGEST] + ' ...'}”"

    def _who(self) -> str:
        """Return who saved the row last at the desk, and when."""
        entry = (
            LogEntry.objects.filter(
                content_type=ContentType.objects.get_for_model(self.instance), object_id=str(self.instance.pk)
            )
            .select_related("user")
            .order_by("-action_time")
            .first()
        )
        if entry is None:
            return "somebody else"
        at = date_format(timezone.localtime(entry.action_time), "H:i")
        return f"{entry.user.display_name}, at {at},"


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, models.Model) else value


def _label(form: forms.ModelForm, name: str) -> str:
    if name not in form.fields:
        return name.replace("_", " ")
    return str(form.fields[name].label or name.replace("_", " ")).lower()
