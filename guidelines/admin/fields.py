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
COLUMNS = 80  # characters in a line of a textarea or of JSON
_KEY_ORDER = ("element", "op", "value", "system", "code", "display", "studies")
UNFIT_MESSAGE = 'Write plain text: no tabs and no "<" or ">" (write "under" or "over" instead).'


MOST_ROWS = 24  # of a textarea; a longer text is scrolled


class PlainTextarea(forms.Textarea):
    """A textarea as high as its text, and no lower than `rows`."""

    def __init__(self, rows: int = 3, *, code: bool = False) -> None:
        attrs: dict[str, Any] = {"rows": rows, "cols": COLUMNS, "class": "vLargeTextField"}
        if code:
            attrs |= {"class": "desk-code", "spellcheck": "false", "autocapitalize": "off"}
        super().__init__(attrs=attrs)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Return the context with as many rows as the text takes."""
        context = super().get_context(name, value, attrs)
        lines = str(value or "").split("\n")
        taken = sum(1 + len(line) // COLUMNS for line in lines)
        shown = context["widget"]["attrs"]
        shown["rows"] = max(int(shown["rows"]), min(taken, MOST_ROWS))
        return context


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

    def __init__(self, *, empty: Any = None, rows: int = 3, **kwargs: Any) -> None:
        self.empty = empty
        kwargs["widget"] = PlainTextarea(rows, code=True)
        kwargs.pop("max_length", None)
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the value as an editor reads it; what was typed stays as it was typed."""
        if isinstance(value, str):
            return value
        return "" if value in (None, self.empty) else legible_json(value)

    def to_python(self, value: Any) -> Any:
        """Return the parsed value. Raises ValidationError with the place of the fault."""
        text = super().to_python(value)
        if not text:
            return self.empty
        try:
            return loads(text.encode("utf-8", "surrogatepass"))
        except StrictJSONError as fault:
            raise ValidationError(fault.message) from fault

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the value differs, however it is spaced."""
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


def legible_json(value: Any, indent: str = "") -> str:
    """Return JSON as a person would write it: what fits in a line stands in one, and keys in their order."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: _KEY_ORDER.index(name) if name in _KEY_ORDER else -1)
        value = {name: value[name] for name in names}
        parts = [f"{json.dumps(name)}: {legible_json(value[name], indent + '  ')}" for name in value]
        opening, closing = "{", "}"
    elif isinstance(value, list):
        parts = [legible_json(member, indent + "  ") for member in value]
        opening, closing = "[", "]"
    else:
        return json.dumps(value, ensure_ascii=False)
    line = f"{opening}{', '.join(parts)}{closing}"
    if len(indent) + len(line) <= COLUMNS and "\n" not in line:
        return line
    inner = f",\n{indent}  ".join(parts)
    return f"{opening}\n{indent}  {inner}\n{indent}{closing}"


class KeysField(forms.CharField):
    """A list of keys, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["widget"] = PlainTextarea(3, code=True)
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
