"""From what ordering refuses to messages beside the fields of a form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django import forms

from ordering.exceptions import Refusal


def refuse(form: forms.Form, refusals: Iterable[Refusal], places: Mapping[str, str] | None = None) -> None:
    """Put every refusal on the field that its pointer names, or over the form where there is none.

    `places` maps pointers to field names; other pointers name a field by their last part.
    """
    for refusal in refusals:
        name = (places or {}).get(refusal.pointer, refusal.pointer.rpartition("/")[2])
        form.add_error(name if name in form.fields else None, refusal.message)
