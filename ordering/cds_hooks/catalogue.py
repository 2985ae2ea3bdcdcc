"""What all published scenarios ask for: the codes that bring them up, and what an EHR should send along.

One indexed query finds out whether anything was published since; the index itself stays in the process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.db.models import Count, Max, Sum

from guidelines.models import Binding, ScenarioVersion, State, Study
from ordering.cds_hooks.bindings import STUDY, TRIGGER
from ordering.cds_hooks.records import SITE_STUDY, Coding, normal_code, normal_system

# what has its own name; records of other types are asked for by their type
_PREFETCH_NAMES = {
    "Patient": "patient",
    "Condition": "conditions",
    "Procedure": "procedures",
    "AllergyIntolerance": "allergies",
}
REQUIRED = ("Patient", "Condition")  # without these nobody can say which scenario applies, or that none does
_NEWEST = 10  # of a kind of observation: the latest may be void
_MAX_COUNT = 100


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The published bindings, by what they are looked up by."""

    triggers: dict[Coding, tuple[str, ...]]  # -> slugs
    studies: frozenset[Coding]
    prefetch: dict[str, str]  # key -> template
    types: dict[str, str]  # key -> resource type

    def scenarios_for(self, found: Iterable[Coding]) -> list[str]:
        """Return the scenarios that these codes bring up, each once, in the order of their slugs."""
        return sorted({slug for coding in found for slug in self.triggers.get(coding, ())})


_lock = Lock()
_kept: tuple[Any, Catalogue] | None = None


def catalogue() -> Catalogue:
    """Return the catalogue of what is published now."""
    global _kept
    published = ScenarioVersion.objects.filter(state=State.PUBLISHED)
    stamp = published.aggregate(
        count=Count("pk"), newest=Max("pk"), total=Sum("pk"), latest=Max("published_at")
    )
    with _lock:
        if _kept is not None and _kept[0] == stamp:
            return _kept[1]
    made = _read()
    with _lock:
        _kept = (stamp, made)
    return made


def _read() -> Catalogue:
    triggers: dict[Coding, set[str]] = {}
    studies: set[Coding] = set()
    asked: set[str] = set()
    observed: dict[tuple[str, ...], str] = {}
    by_element: dict[tuple[str, str], list[str]] = {}
    rows = Binding.objects.filter(version__state=State.PUBLISHED).order_by("version__scenario__slug", "pk")
    for slug, resource, element, system, code, match in rows.values_list(
        "version__scenario__slug", "resource", "element", "system", "code", "match"
    ):
        coding = (normal_system(system), normal_code(code))
        if match == TRIGGER:
            triggers.setdefault(coding, set()).add(slug)
        elif match == STUDY:
            studies.add(coding)
        elif resource == "Observation":
            codes = by_element.setdefault((slug, element), [])
            if f"{system}|{code}" not in codes:
                codes.append(f"{system}|{code}")
        else:
            asked.add(resource)
    for (_, element), codes in by_element.items():
        observed.setdefault(tuple(codes), element)
    site = Study.objects.filter(version__state=State.PUBLISHED).values_list("code", flat=True).distinct()
    studies |= {(SITE_STUDY, normal_code(code)) for code in site}
    prefetch, types = _templates({*asked, *REQUIRED}, observed)
    return Catalogue(
        triggers={coding: tuple(sorted(slugs)) for coding, slugs in triggers.items()},
        studies=frozenset(studies),
        prefetch=prefetch,
        types=types,
    )


def _templates(
    resources: set[str], observed: dict[tuple[str, ...], str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the prefetch templates, and what each brings."""
    templates, types = {}, {}
    order = [*_PREFETCH_NAMES, *sorted(resources - _PREFETCH_NAMES.keys())]
    for resource in order:
        if resource not in resources:
            continue
        key = _PREFETCH_NAMES.get(resource, resource.lower())
        types[key] = resource
        templates[key] = (
            "Patient/{{context.patientId}}"
            if resource == "Patient"
            else f"{resource}?patient={{{{context.patientId}}}}&_count={_MAX_COUNT}"
        )
    for codes, element in sorted(observed.items(), key=lambda item: item[1]):
        key = element if element not in types else f"{element}_{len(types)}"
        types[key] = "Observation"
        templates[key] = (
            f"Observation?patient={{{{context.patientId}}}}&code={','.join(codes)}&_sort=-date&_count={_NEWEST}"
        )
    return templates, types
