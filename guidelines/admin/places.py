"""From a place in a scenario document (a JSON pointer) to the admin page where it can be mended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from guidelines.admin.sections import BY_NAME, Section
from guidelines.models import ScenarioVersion

INPUTS = {"adult_msv": "adult_min_msv", "paediatric_msv": "paediatric_min_msv"}  # document -> form


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that keeps a version from being published, and where to mend it."""

    place: str  # in words: "Criteria, Adult patient: condition"
    message: str
    url: str


def faults_of(version: ScenarioVersion, errors: Iterable[tuple[str, str]]) -> list[Fault]:
    """Return the faults of a version with links to their rows, in the order given."""
    finder = _Finder(version)
    faults = []
    for pointer, message in errors:
        place, url = finder.find(pointer)
        faults.append(Fault(place, message, url))
    return faults


class _Finder:
    """Finds rows by their place in their list; asks the database once for each list."""

    def __init__(self, version: ScenarioVersion) -> None:
        self.version = version
        self.page = reverse("admin:guidelines_scenarioversion_change", args=[version.pk])
        self.rows: dict[str, list[tuple[int, str]]] = {}

    def find(self, pointer: str) -> tuple[str, str]:
        """Return the place in words and its address."""
        parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        name, *rest = parts or [""]
        section = BY_NAME.get(name)
        if section is None:
            return _spoken(name) or "This version", self._field_url(name)
        if not rest or not rest[0].isdigit():
            return section.title, f"{self.page}#{section.anchor}"
        rows = self._rows_of(section)
        if int(rest[0]) >= len(rows):
            return section.title, f"{self.page}#{section.anchor}"
        key, label = rows[int(rest[0])]
        options = section.model._meta
        url = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[key])
        where, anchor = self._inside(section, rest[1:])
        return f"{section.title}, {label}{f': {where}' if where else ''}", url + anchor

    def _field_url(self, name: str) -> str:
        if name == "slug":
            return reverse("admin:guidelines_scenario_change", args=[self.version.scenario_id])
        return f"{self.page}#id_{name}" if name else self.page

    def _rows_of(self, section: Section) -> list[tuple[int, str]]:
        if section.name not in self.rows:
            rows = section.model._default_manager.filter(version=self.version).order_by("position", "pk")
            rows = rows.select_related(*section.related)
            self.rows[section.name] = [(row.pk, str(row)) for row in rows]
        return self.rows[section.name]

    @staticmethod
    def _inside(section: Section, parts: list[str]) -> tuple[str, str]:
        """Return the field in words and the fragment that leads to its input."""
        if not parts:
            return "", ""
        nested = section.spec.nested
        if nested is None or parts[0] != nested.name:
            return _spoken(parts[0]), f"#id_{INPUTS.get(parts[0], parts[0])}"
        if len(parts) < 2:
            return _spoken(nested.name), f"#{nested.name}-heading"
        number = int(parts[1]) + 1 if parts[1].isdigit() else 1
        field = parts[2] if len(parts) > 2 else ""
        spoken = f"{_spoken(nested.name)} {number}{f', {_spoken(field)}' if field else ''}"
        return spoken, f"#id_{nested.name}-{number - 1}-{field}" if field else f"#{nested.name}-{number - 1}"


def _spoken(name: str) -> str:
    return name.replace("_", " ")
