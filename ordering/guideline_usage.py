"""Answers what guidelines ask about their use: counts over all organisations, never about whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q

from guidelines.usage import Lately, VersionUse
from ordering.models import Consultation, Order

_MISSING = """
    SELECT scenario_slug, element, count(*) FROM ordering_consultation, unnest(not_documented) element
    WHERE scenario_slug = ANY (%s) AND created_at >= %s GROUP BY scenario_slug, element
"""


class RecordedUsage:
    """The consultations and orders of all organisations, counted."""

    def by_version(self, slug: str) -> Mapping[int, VersionUse]:
        """Return what rests on each version of a scenario. One query."""
        rows = Order.objects.filter(scenario_slug=slug).values_list("version_number")
        counted = rows.annotate(
            orders=Count("pk", filter=~Q(status=Order.Status.DRAFT)),
            drafts=Count("pk", filter=Q(status=Order.Status.DRAFT)),
        )
        return {number: VersionUse(orders, drafts) for number, orders, drafts in counted.order_by()}

    def lately(self, slugs: Collection[str], *, since: datetime) -> Mapping[str, Lately]:
        """Return how scenarios were used. Three queries, however many scenarios."""
        if not slugs:
            return {}
        asked = dict(
            Consultation.objects.filter(scenario_slug__in=slugs, created_at__gte=since)
            .values_list("scenario_slug")
            .annotate(count=Count("pk"))
            .order_by()
        )
        orders = {
            slug: (signed, overrides)
            for slug, signed, overrides in Order.objects.filter(scenario_slug__in=slugs, signed_at__gte=since)
            .values_list("scenario_slug")
            .annotate(orders=Count("pk"), overrides=Count("pk", filter=~Q(override_reason_code="")))
            .order_by()
        }
        missing: dict[str, dict[str, int]] = {}
        with connection.cursor() as cursor:
            cursor.execute(_MISSING, [list(slugs), since])
            for slug, element, count in cursor.fetchall():
                missing.setdefault(slug, {})[element] = count
        return {
            slug: Lately(
                consultations=asked.get(slug, 0),
                orders=orders.get(slug, (0, 0))[0],
                overrides=orders.get(slug, (0, 0))[1],
                missing=missing.get(slug, {}),
            )
            for slug in asked.keys() | orders.keys()
        }

    def not_documented(
        self, slug: str, criteria: Mapping[str, Collection[str]], *, since: datetime
    ) -> Mapping[str, int]:
        """Return in how many consultations an answer that a criterion reads was missing. One query."""
        if not criteria:
            return {}
        rows = Consultation.objects.filter(scenario_slug=slug, created_at__gte=since)
        places = {f"criterion_{place}": key for place, key in enumerate(criteria)}
        counts = rows.aggregate(
            **{
                name: Count("pk", filter=Q(not_documented__overlap=list(criteria[key])))
                for name, key in places.items()
            }
        )
        return {key: counts[name] for name, key in places.items()}
