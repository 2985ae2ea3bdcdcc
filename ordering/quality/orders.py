"""Measures over signed orders. Each function asks the database once and returns numbers, not rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    BooleanField,
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    Min,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Least, Lower, Trim
from django.utils import timezone

from ordering.models import Consultation, Finding, Order, OrderStatus, Progress
from ordering.quality.scope import Scope

S = Order.Status
NO_RATING = "no_rating"  # a study of the scenario that has no rating
NOT_LISTED = "not_listed"  # a study that the scenario does not know
NO_FIT = "no_fit"  # the scenario does not fit the patient
WITHDRAWN = (S.REVOKED, S.ENTERED_IN_ERROR)
TEN_MINUTES = timedelta(minutes=10)  # Adelman 2013: to retract, and to order again
IN_TIME = timedelta(days=7)  # from report to recorded outcome
PHRASES = 30  # phrases that are listed, the most used first


class Percentile(Aggregate):
    """The value below which this fraction of all values lies, between two of them where need be."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: Any, fraction: float, **extra: Any) -> None:
        super().__init__(expression, fraction=float(fraction), output_field=DurationField(), **extra)


@dataclass(frozen=True, slots=True)
class Signed:
    """Signed orders by how they are rated or why they are not, and by the reason given."""

    kinds: Mapping[str, int]
    reasons: Mapping[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took: the median and the time that nine of ten stay below."""

    count: int
    p50: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True)
class Reported:
    """Orders whose latest finding is this one."""

    count: int
    followed: int  # by a signed follow-up order that was not withdrawn
    compared: int  # with the baseline study


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A study that was named in words, and how many orders name it so."""

    phrase: str
    count: int


@dataclass(frozen=True, slots=True)
class NotDocumented:
    """By version: how many signed orders rest on it, and for each element how many lack its answer."""

    orders: Counter[int] = field(default_factory=Counter)
    missing: dict[int, Counter[str]] = field(default_factory=dict)


def signed(scope: Scope) -> Signed:
    """Return the signed orders of a scope by rating and by reason."""
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    rows = (
        scope.signed_orders()
        .order_by()
        .annotate(is_unlisted=ExpressionWrapper(Q(study_code=""), BooleanField()))
        .values_list("rating", "consultation__fit", "is_unlisted", "override_reason_code")
        .annotate(count=Count("pk"))
    )
    for rating, fit, is_unlisted, reason, count in rows:
        if rating:
            kind = rating
        elif fit == Consultation.Fit.DOES_NOT_FIT:
            kind = NO_FIT
        else:
            kind = NOT_LISTED if is_unlisted else NO_RATING
        kinds[kind] += count
        if reason:
            reasons[reason] += count
    return Signed(kinds, reasons)


def unlisted(scope: Scope, *, at_least: int = 1) -> tuple[list[Unlisted], int]:
    """Return the studies named in words, the most used first, and how many other phrases there are.

    Case and blanks make no difference. `at_least` leaves out phrases of fewer orders.
    """
    blanks = Func(
        F("study_text"),
        Value(r"\s+"),
        Value(" "),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    phrases = (
        scope.signed_orders()
        .filter(study_code="")
        .order_by()
        .annotate(phrase=Lower(Trim(blanks)))
        .values("phrase")
        .annotate(count=Count("pk"))
    )
    told = list(phrases.filter(count__gte=at_least).order_by("-count", "phrase")[:PHRASES])
    others = phrases.count() - len(told)
    return [Unlisted(row["phrase"], row["count"]) for row in told], others


def not_documented(scope: Scope) -> NotDocumented:
    """Return what was not documented in the advice that signed orders rest on."""
    found = NotDocumented()
    rows = (
        scope.signed_orders()
        .order_by()
        .values_list("consultation__version_id", "consultation__not_documented")
        .annotate(count=Count("pk"))
    )
    for version_id, keys, count in rows:
        found.orders[version_id] += count
        missing = found.missing.setdefault(version_id, Counter())
        for key in keys:
            missing[key] += count
    return found


def findings(scope: Scope) -> dict[tuple[str, str], Reported]:
    """Return what reports showed, by (scenario, finding): the latest finding of each order counts."""
    follow_ups = Order.objects.filter(parent=OuterRef("pk"), signed_at__isnull=False).exclude(
        status__in=WITHDRAWN
    )
    compared = Finding.objects.filter(order=OuterRef("pk"), compared_with_baseline=Finding.Compared.YES)
    rows = (
        scope.signed_orders()
        .exclude(finding="")
        .order_by()
        .values_list("scenario_slug", "finding")
        .annotate(
            count=Count("pk"),
            followed=Count("pk", filter=Exists(follow_ups)),
            compared=Count("pk", filter=Exists(compared)),
        )
    )
    return {
        (slug, finding): Reported(count, followed, compared)
        for slug, finding, count, followed, compared in rows
    }


def time_to_sign(scope: Scope) -> dict[str, Times]:
    """Return the time from first advice or draft to signature, by the surface that was asked."""
    opened = Least(F("consultation__created_at"), F("placed_at"))
    took = F("signed_at") - opened
    rows = (
        scope.signed_orders()
        .order_by()
        .values("consultation__via")
        .annotate(count=Count("pk"), p50=Percentile(took, 0.5), p90=Percentile(took, 0.9))
    )
    return {row["consultation__via"]: Times(row["count"], row["p50"], row["p90"]) for row in rows}


def time_to_outcome(scope: Scope) -> Times:
    """Return the time from signature to the first finding that is not provisional."""
    reported = (
        scope.signed_orders()
        .filter(findings__provisional=False)
        .order_by()
        .annotate(outcome=Min("findings__recorded_at"))
    )
    took = F("outcome") - F("signed_at")
    found = reported.aggregate(count=Count("pk"), p50=Percentile(took, 0.5), p90=Percentile(took, 0.9))
    return Times(found["count"], found["p50"], found["p90"])


def outcomes_in_time(scope: Scope, *, now: datetime | None = None) -> tuple[int, int]:
    """Return how many reported orders got their outcome within a week of the report, and of all.

    An order whose week is not over counts only when it has an outcome already.
    """
    now = now or timezone.now()
    reports = Progress.objects.filter(order=OuterRef("pk"), event=Progress.Event.REPORTED).order_by("at")
    outcomes = Finding.objects.filter(order=OuterRef("pk"), provisional=False).order_by("recorded_at")
    reported = (
        scope.signed_orders()
        .filter(progress__event=Progress.Event.REPORTED)
        .order_by()
        .distinct()
        .annotate(
            reported=Subquery(reports.values("at")[:1]), outcome=Subquery(outcomes.values("recorded_at")[:1])
        )
        .filter(Q(outcome__isnull=False) | Q(reported__lte=now - IN_TIME))
    )
    found = reported.aggregate(
        all=Count("pk"), in_time=Count("pk", filter=Q(outcome__lte=F("reported") + IN_TIME))
    )
    return found["in_time"], found["all"]


def ordered_again(scope: Scope) -> tuple[int, int, int]:
    """Return how many orders were withdrawn and ordered again, for another patient and for the same, of all.

    The signer withdraws within ten minutes, and within ten more signs the same study. An order that another
    one replaced is an amendment and does not count.
    """
    again = Order.objects.filter(
        signed_by=OuterRef("by"),
        study_code=OuterRef("order__study_code"),
        study_text=OuterRef("order__study_text"),
        signed_at__gte=OuterRef("at"),
        signed_at__lte=OuterRef("at") + TEN_MINUTES,
    )
    withdrawals = OrderStatus.objects.filter(
        order__in=scope.all_signed_orders().filter(status__in=WITHDRAWN).order_by(),
        order__replacements__isnull=True,
        status__in=WITHDRAWN,
        by=F("order__signed_by"),
        at__lte=F("order__signed_at") + TEN_MINUTES,
    )
    found = withdrawals.aggregate(
        other=Count("order", distinct=True, filter=Exists(again.exclude(patient=OuterRef("order__patient")))),
        same=Count("order", distinct=True, filter=Exists(again.filter(patient=OuterRef("order__patient")))),
    )
    return found["other"], found["same"], scope.all_signed_orders().count()
