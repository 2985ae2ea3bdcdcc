"""What a look at quality is about: an organisation or all, whole months, a scenario, a version."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from ordering.cds_hooks.models import CdsCard, CdsFeedback
from ordering.models import Consultation, Order

MONTHS_AT_FIRST = 12  # shown when nobody chose a period


class By(StrEnum):
    """How time is divided where a table follows a count over time."""

    MONTH = "month"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months of the site's calendar; `first` and `last` are first days of months."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        """The moment it begins."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The moment just after it."""
        return _midnight(month_after(self.last))

    @property
    def months(self) -> int:
        """How many months it holds."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @classmethod
    def ending(cls, last: date, *, months: int) -> Period:
        """Return the period of so many months that ends with the month of a day."""
        last = last.replace(day=1)
        first = last
        for _ in range(months - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        return cls(first, last)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows count. `organisation_id` None is all organisations together; an empty scenario is any."""

    organisation_id: int | None
    period: Period
    scenario: str = ""
    version: int | None = None
    by: By = By.MONTH

    def signed_orders(self) -> QuerySet[Order]:
        """Return the orders signed in the period, those entered in error left out: they should not exist."""
        orders = Order.objects.filter(signed_at__isnull=False).exclude(status=Order.Status.ENTERED_IN_ERROR)
        return self._within(orders)

    def all_signed_orders(self) -> QuerySet[Order]:
        """Return the orders signed in the period, those entered in error too."""
        return self._within(Order.objects.filter(signed_at__isnull=False))

    def consultations(self, *, any_scenario: bool = False) -> QuerySet[Consultation]:
        """Return every question that was asked in the period, through whatever surface."""
        return self.consultations_between(self.period.start, self.period.end, any_scenario=any_scenario)

    def consultations_between(
        self, start: datetime, end: datetime, *, any_scenario: bool = False
    ) -> QuerySet[Consultation]:
        """Return every question asked from one moment until another."""
        asked = Consultation.objects.filter(created_at__gte=start, created_at__lt=end)
        if self.organisation_id is not None:
            asked = asked.filter(organisation_id=self.organisation_id)
        if self.scenario and not any_scenario:
            asked = asked.filter(scenario_slug=self.scenario)
            if self.version is not None:
                asked = asked.filter(version__number=self.version)
        return asked

    def cards(self) -> QuerySet[CdsCard]:
        """Return the cards that were given to EHRs."""
        return CdsCard.objects.filter(consultation__in=self.consultations())

    def feedback(self) -> QuerySet[CdsFeedback]:
        """Return what EHRs told of cards. Of a card that nobody knows the scenario is not known either."""
        told = CdsFeedback.objects.filter(received_at__gte=self.period.start, received_at__lt=self.period.end)
        if self.organisation_id is not None:
            told = told.filter(organisation_id=self.organisation_id)
        if self.scenario:
            told = told.filter(consultation__scenario_slug=self.scenario)
            if self.version is not None:
                told = told.filter(consultation__version__number=self.version)
        return told

    def _within(self, orders: QuerySet[Order]) -> QuerySet[Order]:
        # the index ordering_order_authored is on this expression
        orders = orders.annotate(authored=Coalesce("signed_at", "placed_at")).filter(
            authored__gte=self.period.start, authored__lt=self.period.end
        )
        if self.organisation_id is not None:
            orders = orders.filter(organisation_id=self.organisation_id)
        if self.scenario:
            orders = orders.filter(scenario_slug=self.scenario)
            if self.version is not None:
                orders = orders.filter(version_number=self.version)
        return orders


def month_after(day: date) -> date:
    """Return the first day of the next month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def first_of_month(moment: datetime | None = None) -> date:
    """Return the first day of the month that a moment is in at the site; now, if none is given."""
    return timezone.localdate(moment).replace(day=1)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
