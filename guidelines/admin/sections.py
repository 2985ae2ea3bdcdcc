"""The lists of a version as the desk shows them: their order, their names, and a line about each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils.text import Truncator

from guidelines.models import ScenarioVersion
from guidelines.row_lists import LISTS, ListOf

Describe = Callable[[Any], str]
_SPECS = {spec.name: spec for spec in LISTS}


@dataclass(frozen=True, slots=True)
class Section:
    """One list of a version. `name` is its name in the document, `hint` says what it is for."""

    name: str
    title: str
    hint: str
    describe: Describe
    related: tuple[str, ...] = ()

    @property
    def spec(self) -> ListOf:
        """Return how the list is stored."""
        return _SPECS[self.name]

    @property
    def model(self) -> type[models.Model]:
        """Return the model of its rows."""
        return self.spec.model

    @property
    def anchor(self) -> str:
        """Return the id of the list on the page of the version."""
        return f"list-{self.name.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row in a list of the version's page."""

    position: int
    name: str
    about: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A section with its rows, ready for the template."""

    section: Section
    entries: list[Entry]
    add_url: str
    noun: str


def _kind(row: Any) -> str:
    return f"{row.key} - {row.get_kind_display().lower()}"


def _rated(row: Any) -> str:
    level = row.radiation_level.level if row.radiation_level else "not recorded"
    return f"{row.get_default_role_display()}; radiation level {level}"


def _radiation(row: Any) -> str:
    if row.adult_max_msv is None:
        return "adult band not recorded"
    return f"adult {row.adult_min_msv.normalize():f} to {row.adult_max_msv.normalize():f} mSv"


SECTIONS = (
    Section(
        "sources",
        "Sources",
        "Who says so: articles, topics, site policy.",
        lambda row: row.publisher or row.key,
    ),
    Section("data_elements", "Data elements", "What the clinician is asked.", _kind),
    Section("criteria", "Criteria", "What must be true for the scenario to fit.", lambda row: row.text),
    Section("redirects", "Redirects", "Where to go when it does not fit.", lambda row: row.text),
    Section("studies", "Studies", "The imaging studies that this version names.", lambda row: row.code),
    Section("radiation_levels", "Radiation levels", "The scale, with its dose bands.", _radiation),
    Section(
        "rated_studies",
        "Rated studies",
        "How each study is rated here, and why.",
        _rated,
        ("study", "radiation_level"),
    ),
    Section(
        "order_rules",
        "Order rules",
        "Which study comes first for whom; the first true rule decides.",
        lambda row: row.text,
    ),
    Section("advisories", "Advisories", "What to mind for this patient.", lambda row: row.text),
    Section("contradictions", "Contradictions", "Answers that cannot both be right.", lambda row: row.text),
    Section("questions", "Questions", "What the imaging is asked.", lambda row: row.text),
    Section(
        "findings", "Findings", "What the report can have shown.", lambda row: row.description or row.key
    ),
    Section(
        "complications",
        "Complications",
        "Treatment complications that a report can name.",
        lambda row: row.key,
    ),
    Section("next_steps", "Next steps", "What to consider after the report.", lambda row: row.text),
    Section(
        "next_step_rules",
        "Next step rules",
        "Which findings lead to which steps.",
        lambda row: ", ".join(map(str, [*row.adds, *(f"not {code}" for code in row.removes)])),
    ),
    Section("pitfalls", "Pitfalls", "Known ways to misread the study.", lambda row: row.text),
    Section("faqs", "FAQs", "Questions that clinicians ask.", lambda row: row.answer),
    Section(
        "leaflet",
        "Leaflet for patients",
        "What the printed leaflet says in plain words. It needs clinical sign-off.",
        lambda row: row.text,
        ("study",),
    ),
    Section(
        "bindings",
        "Bindings",
        "How a health record is read into answers.",
        lambda row: f"{row.element or row.get_match_display()} {row.value}".strip(),
    ),
    Section(
        "vignettes",
        "Vignettes",
        "Invented patients, with the answers that must come out.",
        lambda row: f"{row.get_fit_display()}. {row.story}",
    ),
)
BY_NAME = {section.name: section for section in SECTIONS}
BY_MODEL = {section.model: section for section in SECTIONS}


def sections_of(version: ScenarioVersion) -> list[Shown]:
    """Return every list of a version with its rows: one query a list."""
    return [_shown(section, version) for section in SECTIONS]


def _shown(section: Section, version: ScenarioVersion) -> Shown:
    options = section.model._meta
    rows = section.model._default_manager.filter(version=version).order_by("position", "pk")
    name = f"admin:{options.app_label}_{options.model_name}"
    return Shown(
        section=section,
        entries=[
            Entry(
                position=row.position,  # type: ignore[attr-defined]
                name=str(row),
                about=Truncator(section.describe(row)).chars(110),
                url=reverse(f"{name}_change", args=[row.pk]),
            )
            for row in rows.select_related(*section.related)
        ],
        add_url=f"{reverse(f'{name}_add')}?version={version.pk}",
        noun=str(options.verbose_name),
    )
