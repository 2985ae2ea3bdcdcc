"""What waits for the people of the desk: reviews that are due, versions to approve, guidelines to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from guidelines import usage
from guidelines.models import Contributor, ScenarioVersion, State
from guidelines.where_used import since
from portal.models import User
from portal.roles import Role, has_role

SOON = timedelta(days=60)
SHOWN = 10  # of each kind; the lists show all


@dataclass(frozen=True, slots=True)
class Use:
    """How a scenario in use was used lately, in words of the desk."""

    version: ScenarioVersion
    consultations: int
    orders: int
    override_percent: int
    missing: str  # the answer that was missing most often
    missing_percent: int


@dataclass(frozen=True, slots=True)
class Reminders:
    """What the start page of the desk shows. Each list is cut; its count is not."""

    overdue: list[ScenarioVersion]
    overdue_count: int
    soon: list[ScenarioVersion]
    soon_count: int
    approvals: list[ScenarioVersion]
    approvals_count: int
    used: list[Use]


def my_approvals(user: User) -> QuerySet[ScenarioVersion]:
    """Return the versions in review that this person may approve: an approver who wrote none of it."""
    versions = ScenarioVersion.objects.filter(state=State.IN_REVIEW).defer("snapshot")
    if not has_role(user, Role.APPROVER):
        return versions.none()
    mine = Contributor.objects.filter(version=OuterRef("pk"), actor=f"user:{user.pk}")
    return versions.exclude(Exists(mine)).order_by("scenario__title")


def reminders_for(user: User) -> Reminders:
    """Return what waits for this person. At most ten queries."""
    today = timezone.localdate()
    in_use = ScenarioVersion.objects.filter(state=State.PUBLISHED).defer("snapshot").order_by("review_due_on")
    overdue = in_use.filter(review_due_on__lt=today)
    soon = in_use.filter(review_due_on__gte=today, review_due_on__lte=today + SOON)
    approvals = my_approvals(user)
    return Reminders(
        overdue=list(overdue[:SHOWN]),
        overdue_count=overdue.count(),
        soon=list(soon[:SHOWN]),
        soon_count=soon.count(),
        approvals=list(approvals[:SHOWN]),
        approvals_count=approvals.count(),
        used=_used(list(in_use.select_related("scenario"))),
    )


def _used(versions: list[ScenarioVersion]) -> list[Use]:
    """Return the scenarios that were used most."""
    slugs = [version.scenario.slug for version in versions]
    lately = usage.source().lately(slugs, since=since())
    rows = [
        use_of(version, lately[version.scenario.slug])
        for version in versions
        if version.scenario.slug in lately
    ]
    return sorted(rows, key=lambda row: -row.consultations)[:SHOWN]


def use_of(version: ScenarioVersion, lately: usage.Lately) -> Use:
    """Return how a version's scenario was used, with the answer that was missing most often."""
    element, count = max(lately.missing.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return Use(
        version,
        lately.consultations,
        lately.orders,
        percent(lately.overrides, lately.orders),
        element.replace("_", " "),
        percent(count, lately.consultations),
    )


def percent(part: int, whole: int) -> int:
    """Return a share in whole per cent; nothing of nothing is 0."""
    return round(100 * part / whole) if whole else 0
