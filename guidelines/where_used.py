"""Where a scenario is used: what rests on its versions, who points at it, which packs it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from guidelines import library, usage
from guidelines.exceptions import NoPublishedVersion
from guidelines.models import OPEN, PackRecord, Redirect, Scenario, ScenarioVersion, State

USAGE_DAYS = 90
SHOWN_PACKS = 50


@dataclass(frozen=True, slots=True)
class UsedVersion:
    """A version with what rests on it."""

    version: ScenarioVersion
    orders: int
    drafts: int


@dataclass(frozen=True, slots=True)
class CriterionRate:
    """How often an answer that a criterion reads was missing."""

    title: str
    missing: int
    of: int

    @property
    def percent(self) -> int:
        """Return the share in whole per cent."""
        return round(100 * self.missing / self.of) if self.of else 0


@dataclass(frozen=True, slots=True)
class WhereUsed:
    """Everything that retiring a scenario would touch. Counts only."""

    scenario: Scenario
    versions: list[UsedVersion]
    lately: usage.Lately
    criteria: list[CriterionRate]
    pointing_here: list[Redirect]
    leading_on: list[Redirect]
    packs: list[PackRecord]

    @property
    def in_use(self) -> ScenarioVersion | None:
        """Return the version in use."""
        return next((row.version for row in self.versions if row.version.state == State.PUBLISHED), None)

    @property
    def open_version(self) -> ScenarioVersion | None:
        """Return the version that is being written."""
        return next((row.version for row in self.versions if row.version.is_open), None)

    @property
    def orders(self) -> int:
        """Return how many orders rest on any version."""
        return sum(row.orders for row in self.versions)

    @property
    def drafts(self) -> int:
        """Return how many orders clinicians still write."""
        return sum(row.drafts for row in self.versions)

    @property
    def override_percent(self) -> int:
        """Return the share of orders with a reason for another study, in whole per cent."""
        return round(100 * self.lately.overrides / self.lately.orders) if self.lately.orders else 0


def since() -> datetime:
    """Return from when on usage is counted."""
    return timezone.now() - timedelta(days=USAGE_DAYS)


def where_used(scenario: Scenario) -> WhereUsed:
    """Return where a scenario is used. About ten queries, however many orders and versions."""
    used = usage.source().by_version(scenario.slug)
    none = usage.VersionUse()
    versions = ScenarioVersion.objects.filter(scenario=scenario).defer("snapshot").order_by("-number")
    # what a draft says may still change; a superseded version points nowhere any more
    pointing = Redirect.objects.filter(version__state__in=(*OPEN, State.PUBLISHED))
    pointing = pointing.select_related("version").order_by("version__title", "position")
    from_day = since()
    lately = usage.source().lately([scenario.slug], since=from_day).get(scenario.slug, usage.Lately())
    return WhereUsed(
        scenario=scenario,
        versions=[
            UsedVersion(version, used.get(version.number, none).orders, used.get(version.number, none).drafts)
            for version in versions
        ],
        lately=lately,
        criteria=_rates(scenario, lately, from_day),
        pointing_here=list(pointing.filter(scenario=scenario.slug).exclude(version__scenario=scenario)),
        leading_on=list(pointing.filter(version__scenario=scenario).exclude(scenario="")),
        packs=list(
            PackRecord.objects.filter(version__scenario=scenario)
            .select_related("version", "by")
            .order_by("-at", "-pk")[:SHOWN_PACKS]
        ),
    )


def _rates(scenario: Scenario, lately: usage.Lately, from_day: datetime) -> list[CriterionRate]:
    try:
        _, ruleset = library.current(scenario.slug)
    except NoPublishedVersion:
        return []
    elements = {criterion.met.key: sorted(criterion.condition.elements) for criterion in ruleset.criteria}
    counts = usage.source().not_documented(scenario.slug, elements, since=from_day)
    return [
        CriterionRate(criterion.met.title, counts.get(criterion.met.key, 0), lately.consultations)
        for criterion in ruleset.criteria
    ]
