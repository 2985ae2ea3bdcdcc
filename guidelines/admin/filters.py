"""Filters of the desk's lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from guidelines.models import OPEN, RELEASED, State
from guidelines.reminders import my_approvals
from portal.models import User

SOON = timedelta(days=60)


class ReviewDue(admin.SimpleListFilter):
    """When the content has to be looked at again."""

    title = "review"
    parameter_name = "review"
    field = "review_due_on"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what needs somebody first."""
        return [("overdue", "Overdue"), ("soon", "Due within 60 days"), ("later", "Due later")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the chosen time; an unknown choice keeps all."""
        today = timezone.localdate()
        tests = {
            "overdue": {f"{self.field}__lt": today},
            "soon": {f"{self.field}__gte": today, f"{self.field}__lte": today + SOON},
            "later": {f"{self.field}__gt": today + SOON},
        }
        return queryset.filter(**tests.get(self.value() or "", {}))


class ScenarioReviewDue(ReviewDue):
    """When the version in use has to be looked at again."""

    field = "due"


class Stage(admin.SimpleListFilter):
    """Whether a scenario is in use, and whether somebody is changing it."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the states that a scenario's versions can be in."""
        return [
            ("published", "In use"),
            ("draft", "Is being written or reviewed"),
            ("in_review", "Waits for a review"),
            ("withdrawn", "Withdrawn"),
            ("new", "Never published"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the scenarios of the chosen state."""
        if self.value() == "published":
            return queryset.filter(versions__state=State.PUBLISHED)
        if self.value() == "draft":
            return queryset.filter(versions__state__in=OPEN)
        if self.value() == "in_review":
            return queryset.filter(versions__state=State.IN_REVIEW)
        if self.value() == "withdrawn":
            out_of_use = queryset.exclude(versions__state=State.PUBLISHED)
            return out_of_use.filter(versions__state=State.WITHDRAWN).distinct()
        if self.value() == "new":
            return queryset.exclude(versions__state__in=RELEASED)
        return queryset


class WaitsFor(admin.SimpleListFilter):
    """Versions in review that the person who asks may approve."""

    title = "approval"
    parameter_name = "approval"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the person's own."""
        return [("mine", "Waits for me")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what the person may approve."""
        if self.value() != "mine" or not isinstance(request.user, User):
            return queryset
        return queryset.filter(pk__in=my_approvals(request.user).values("pk"))


class ScenarioWaitsFor(WaitsFor):
    """Scenarios with a version in review that the person who asks may approve."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the scenarios of what the person may approve."""
        if self.value() != "mine" or not isinstance(request.user, User):
            return queryset
        return queryset.filter(pk__in=my_approvals(request.user).order_by().values("scenario"))
