"""Form fields of the desk: text as packs may hold it, conditions, lists of keys, lists of objects."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from portal.strict_json import StrictJSONError, loads

# what no content may hold: markup, and what neither a reader nor a JSON file shows
_UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f<>\ud800-\udfff]")
UNFIT_MESSAGE = 'Write plain text: no tabs and no "<" or ">" (write "under" or "over" instead).'


class PlainTextarea(forms.Textarea):
    """A textarea as high as texts of this kind usually are."""

    def __init__(self, rows: int = 4, *, code: bool = False) -> None:
        attrs: dict[str, Any] = {"rows": rows, "cols": 80, "class": "vLargeTextField"}
        if code:
            attrs |= {"class": "desk-code", "spellcheck": "false", "autocapitalize": "off"}
        super().__init__(attrs=attrs)


def plain_text(value: str) -> str:
    """Return the text with plain line ends; browsers send others. Raises ValidationError on markup."""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    if _UNFIT.search(text):
        raise ValidationError(UNFIT_MESSAGE)
    return text


class PlainTextField(forms.CharField):
    """Text of one or more lines, without markup."""

    def to_python(self, value: Any) -> str:
        """Return the text as content may hold it."""
        return plain_text(super().to_python(value) or "")


class JSONTextField(forms.CharField):
    """A JSON value in a textarea, read strictly: what is accepted is stored as typed."""

    widget = forms.Textarea

    def __init__(self, *, empty: Any = None, rows: int = 8, **kwargs: Any) -> None:
        self.empty = empty
        kwargs["widget"] = PlainTextarea(rows, code=True)
        kwargs.pop("max_length", None)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the value as an editor reads it; what was typed stays as it was typed."""
        if isinstance(value, str):
            return value
        return "" if value in (None, self.empty) else json.dumps(value, indent=2, ensure_ascii=False)

    def to_python(self, value: Any) -> Any:
        """Return the parsed value. Raises ValidationError with the place of the fault."""
        text = super().to_python(value)
        if not text:
            return self.empty
        try:
            return loads(text.encode("utf-8", "surrogatepass"))
        except StrictJSONError as fault:
            raise ValidationError(f"This is not JSON: {fault.message}") from fault

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the value differs, however it is spaced."""
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class KeysField(forms.CharField):
    """A list of keys, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["widget"] = PlainTextarea(4, code=True)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the keys as lines."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        """Return the keys, without empty lines."""
        return [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the list differs."""
        return self.to_python(data) != (initial or [])
