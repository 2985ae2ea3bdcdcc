"""Fields and values of a scenario document in words, as an editor reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

from guidelines.conditions_text import Labels, in_words, labels_of

Document = Mapping[str, Any]

CONDITIONS = ("condition", "when")
LABELS = {
    "adult_msv": "Adult dose",
    "paediatric_msv": "Paediatric dose",
    "default_role": "Role at the start",
    "primary_source": "Source that clinicians see",
    "review_due_on": "Review due",
    "search_terms": "Search terms",
}
NOTHING = {"rating": "Not rated", "radiation_level": "Not recorded"}  # else: nothing is said
NAMED = {  # fields that name a row of another list -> (list, key, what it is called there)
    "study": ("studies", "code", "name"),
    "redirect": ("redirects", "code", "title"),
    "source": ("sources", "key", "title"),
    "rating_source": ("sources", "key", "title"),
    "radiation_source": ("sources", "key", "title"),
    "paediatric_source": ("sources", "key", "title"),
    "primary_source": ("sources", "key", "title"),
}
TITLES = ("title", "name", "label", "question", "reason", "summary_label", "key", "code", "value")


class Words:
    """The words of one document: what its keys, values and conditions mean."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.labels: Labels = labels_of(document)
        self.names = {
            field: {row[key]: row[said] for row in document.get(name, ())}
            for field, (name, key, said) in NAMED.items()
        }

    def value(self, model: type[models.Model], name: str, value: Any) -> str:
        """Return a value as text; empty where nothing is said."""
        if name in CONDITIONS and isinstance(value, dict):
            return in_words(value, self.labels)
        if value in (None, "", [], {}):
            return NOTHING.get(name, "")
        if name == "radiation_level":
            return f"Level {value}"
        if name in self.names and isinstance(value, str):
            return str(self.names[name].get(value, value))
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, str):
            return _choice(model, name, value) or _day(value) or value
        if isinstance(value, dict) and set(value) == {"min", "max"}:
            return f"{value['min']} to {value['max']} mSv"
        if isinstance(value, list) and all(isinstance(member, str) for member in value):
            return "\n".join(value)
        if isinstance(value, int | float):
            return f"{value:g}" if isinstance(value, float) else str(value)
        return json.dumps(value, ensure_ascii=False, indent=1)

    def row(self, row: Mapping[str, Any]) -> str:
        """Return what a row is called."""
        for name in ("study", "redirect"):
            if row.get(name) in self.names[name] and "code" not in row:
                return str(self.names[name][row[name]])
        if "resource" in row:
            about = " ".join(str(row[part]) for part in ("system", "code") if row.get(part))
            return f"{row['resource']} {about or row.get('element') or ''}".strip()
        if "level" in row:
            return f"Level {row['level']}"
        return next((str(row[name]) for name in TITLES if row.get(name)), "Without a name")


def label_of(model: type[models.Model], name: str) -> str:
    """Return what a field is called."""
    if name in LABELS:
        return LABELS[name]
    try:
        said = str(getattr(model._meta.get_field(name), "verbose_name", name))
    except FieldDoesNotExist:
        said = name.replace("_", " ")
    return said[:1].upper() + said[1:]


def _choice(model: type[models.Model], name: str, value: str) -> str:
    try:
        choices = getattr(model._meta.get_field(name), "flatchoices", ())
    except FieldDoesNotExist:
        return ""
    return str(dict(choices).get(value, ""))


def _day(value: str) -> str:
    if len(value) != len("2026-05-30"):
        return ""
    try:
        return date.fromisoformat(value).strftime("%d-%b-%Y")
    except ValueError:
        return ""
