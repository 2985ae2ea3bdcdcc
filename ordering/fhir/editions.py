"""Which version of a scenario stands behind an address of the FHIR service."""

from __future__ import annotations

from collections.abc import Callable

from guidelines import library
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import ScenarioVersion, State
from ordering.fhir.definitions import Edition, activity_id, plan_id, slug_of


def edition_of(version_id: int) -> Edition:
    """Return a released version. Raises NoPublishedVersion. Two queries once the process has parsed it."""
    ruleset = library.ruleset(version_id)
    row = ScenarioVersion.objects.values_list("published_at", "state").get(pk=version_id)
    status = "active" if row[1] == State.PUBLISHED else "retired"
    return Edition(ruleset.document, ruleset.version, ruleset.digest, row[0], status)


def scenario_edition(plan: str) -> Edition:
    """Return the published version behind the id of a PlanDefinition. Raises NoPublishedVersion."""
    return _found(slug_of(plan), lambda slug: plan_id(slug) == plan, plan)


def rated_study(activity: str) -> tuple[Edition, str]:
    """Return the published version and the study behind the id of an ActivityDefinition.

    Raises NoPublishedVersion.
    """
    begins = activity.partition(".")[0]
    edition = _found(begins, lambda slug: activity.startswith(activity_id(slug, "")), activity)
    slug = edition.document["slug"]
    for row in edition.document["rated_studies"]:
        if activity_id(slug, row["study"]) == activity:
            return edition, row["study"]
    raise NoPublishedVersion(activity)


def _found(slug: str, fits: Callable[[str], bool], asked: str) -> Edition:
    """Return the version of this slug, or of the one whose id was cut short to what was asked."""
    try:
        return edition_of(library.current(slug)[0])
    except NoPublishedVersion:
        slugs = ScenarioVersion.objects.filter(state=State.PUBLISHED).values_list("scenario__slug", flat=True)
        for other in slugs:
            if fits(other):
                return edition_of(library.current(other)[0])
        raise NoPublishedVersion(asked) from None
