"""Measures over what was asked and advised, and over what EHRs told of cards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import BooleanField, Case, Count, ExpressionWrapper, Max, Q, Value, When
from django.db.models.functions import TruncMonth, TruncWeek
from django.utils import timezone

from ordering.cds_hooks.models import CdsFeedback
from ordering.models import Order
from ordering.quality.scope import By, Scope, month_after

Code = tuple[str, str]  # scenario, and what fired as `Consultation.fired` names it
RECENTLY = timedelta(days=30)  # a rule that stopped firing is looked for here,
BEFORE = timedelta(days=180)  # and compared with how often it fired in the days before
EXPECTED = 5  # firings that had to be expected: by chance none of five comes in 7 of 1000 cases (Poisson)


@dataclass(frozen=True, slots=True)
class Asked:
    """Consultations of one version with one result through one surface."""

    scenario: str
    version_id: int
    version: int
    fit: str
    via: str
    count: int
    ordered: int  # of them, how many led to a signed order


@dataclass(frozen=True, slots=True)
class Firing:
    """How often something fired: by stretch of time, recently, and in the days before that."""

    by_stretch: Mapping[date, int]
    recent: int
    before: int


@dataclass(frozen=True, slots=True)
class Fired:
    """What fired, and how many consultations there were to fire in."""

    stretches: tuple[date, ...]
    asked: Mapping[str, Mapping[date, int]]  # scenario -> stretch -> consultations
    recently: Mapping[str, tuple[int, int]]  # scenario -> consultations recently, and before
    firings: Mapping[Code, Firing]

    def expected(self, code: Code) -> float:
        """Return how often something should have fired recently, had it gone on as before."""
        recent, before = self.recently.get(code[0], (0, 0))
        firing = self.firings.get(code)
        return firing.before * recent / before if firing and before else 0.0

    def has_stopped(self, code: Code) -> bool:
        """Return whether something fired before, should have fired recently, and did not."""
        firing = self.firings.get(code)
        return firing is not None and firing.recent == 0 and self.expected(code) >= EXPECTED


@dataclass(frozen=True, slots=True)
class Feedback:
    """What EHRs told of cards. The last word on a card counts; `entries` counts every one."""

    cards: int  # given
    entries: int
    outcomes: Mapping[str, int]  # cards by outcome
    reasons: Mapping[tuple[str, str], int] = field(default_factory=dict)  # cards by (code, words)
    unknown: int = 0  # cards that this portal did not give


def asked(scope: Scope) -> list[Asked]:
    """Return what was asked in the period, of every scenario, by version, result and surface."""
    ordered = Q(order__signed_at__isnull=False) & ~Q(order__status=Order.Status.ENTERED_IN_ERROR)
    rows = (
        scope.consultations(any_scenario=True)
        .order_by()
        .values_list("scenario_slug", "version_id", "version__number", "fit", "via")
        .annotate(count=Count("pk"), ordered=Count("pk", filter=ordered))
    )
    return sorted((Asked(*row) for row in rows), key=lambda row: (row.scenario, row.version))


def fired(scope: Scope) -> Fired:
    """Return what fired in the period by month or week, and whether it fires still."""
    trunc = TruncWeek if scope.by == By.WEEK else TruncMonth
    rows = (
        scope.consultations()
        .order_by()
        .annotate(stretch=trunc("created_at"))
        .values_list("stretch", "scenario_slug", "fired")
        .annotate(count=Count("pk"))
    )
    asked_in: dict[str, Counter[date]] = defaultdict(Counter)
    counted: dict[Code, Counter[date]] = defaultdict(Counter)
    for stretch, slug, codes, count in rows:
        day = timezone.localdate(stretch)
        asked_in[slug][day] += count
        for code in codes:
            counted[slug, code][day] += count
    recently, recent, before = _recently(scope)
    firings = {
        code: Firing(counted.get(code, Counter()), recent[code], before[code])
        for code in counted.keys() | recent.keys() | before.keys()
    }
    return Fired(_stretches(scope), asked_in, recently, firings)


def _recently(scope: Scope) -> tuple[dict[str, tuple[int, int]], Counter[Code], Counter[Code]]:
    """Return consultations by scenario, and firings, in the last days of the period and in those before."""
    end = min(scope.period.end, timezone.now())
    turn = end - RECENTLY
    rows = (
        scope.consultations_between(turn - BEFORE, end)
        .order_by()
        .annotate(is_recent=Case(When(created_at__gte=turn, then=Value(1)), default=Value(0)))
        .values_list("is_recent", "scenario_slug", "fired")
        .annotate(count=Count("pk"))
    )
    asked_in: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    firings: tuple[Counter[Code], Counter[Code]] = (Counter(), Counter())
    for is_recent, slug, codes, count in rows:
        asked_in[is_recent][slug] += count
        for code in codes:
            firings[is_recent][slug, code] += count
    before, recent = asked_in
    slugs = before.keys() | recent.keys()
    return {slug: (recent[slug], before[slug]) for slug in slugs}, firings[1], firings[0]


def _stretches(scope: Scope) -> tuple[date, ...]:
    """Return the first days of the months or weeks of the period, as far as it has come."""
    today = timezone.localdate()
    day = scope.period.first
    if scope.by == By.WEEK:
        day -= timedelta(days=day.weekday())
    days = []
    while day < month_after(scope.period.last) and day <= today:
        days.append(day)
        day = day + timedelta(days=7) if scope.by == By.WEEK else month_after(day)
    return tuple(days)


def feedback(scope: Scope) -> Feedback:
    """Return what EHRs told of cards."""
    told = scope.feedback()
    last = told.order_by("card", "-received_at", "-pk").distinct("card").values("pk")
    rows = (
        CdsFeedback.objects.filter(pk__in=last)
        .order_by()
        .annotate(is_unknown=ExpressionWrapper(Q(consultation__isnull=True), BooleanField()))
        .values_list("outcome", "is_unknown", "reason_code")
        .annotate(words=Max("reason_display"), count=Count("pk"))
    )
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    words: dict[str, str] = {}
    unknown = 0
    for outcome, is_unknown, code, display, count in rows:
        if is_unknown:
            unknown += count
            continue
        outcomes[outcome] += count
        if code or display:
            reasons[code] += count
            words[code] = words.get(code) or display
    return Feedback(
        cards=scope.cards().count(),
        entries=told.count(),
        outcomes=outcomes,
        reasons={(code, words[code]): count for code, count in reasons.items()},
        unknown=unknown,
    )
