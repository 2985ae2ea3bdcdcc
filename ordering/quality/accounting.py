"""The account of consultations: every one of a year with criterion and adherence, and what they come to.

docs/accounting.md says what each column means. Nothing of it names a patient or repeats an answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from ordering.adherence import Adherence
from ordering.api.rendering import instant
from ordering.cds_hooks.models import CdsCard
from ordering.models import Consultation, Order
from portal.models import User

YEARS_KEPT = 6  # at the least; in fact nothing is ever deleted
CHUNK = 1000  # rows in memory at a time
COLUMNS = (
    "consultation", "asked_at", "via", "organisation", "requester", "requester_name", "requester_npi",
    "criterion", "scenario", "version", "digest", "fit", "order", "order_status", "signed_at", "study",
    "rating", "adherence", "override_reason",
)  # fmt: skip

_SIGNED = Q(order__signed_at__isnull=False) & ~Q(order__status=Order.Status.ENTERED_IN_ERROR)


@dataclass(slots=True)
class Line:
    """What the consultations of one version of one scenario come to."""

    scenario: str
    version: int
    consultations: int = 0
    ordered: int = 0
    by_adherence: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Account:
    """What the consultations of one person in a year come to."""

    person: User
    lines: list[Line]

    @property
    def consultations(self) -> int:
        """All of them."""
        return sum(line.consultations for line in self.lines)

    @property
    def ordered(self) -> int:
        """Those that led to a signed order."""
        return sum(line.ordered for line in self.lines)

    @property
    def by_adherence(self) -> Counter[str]:
        """Consultations by adherence."""
        return sum((line.by_adherence for line in self.lines), Counter())


def consultations_of(
    year: int, *, organisation_id: int | None, person_id: int | None = None
) -> QuerySet[Any]:
    """Return the consultations asked in a year of the site's calendar, with what is accounted of each.

    `person_id` narrows them to one requester, `organisation_id` None is all organisations.
    """
    card = CdsCard.objects.filter(consultation=OuterRef("pk")).order_by("created_at", "pk")
    asked = Consultation.objects.filter(created_at__gte=_begin(year), created_at__lt=_begin(year + 1))
    if organisation_id is not None:
        asked = asked.filter(organisation_id=organisation_id)
    asked = asked.annotate(
        accounted_to=Case(When(_SIGNED, then=F("order__signed_by")), default=F("requester")),
        accounted_as=Case(
            When(_SIGNED, then=F("order__adherence")),
            default=Coalesce(Subquery(card.values("adherence")[:1]), Value(Adherence.NOT_APPLICABLE.value)),
            output_field=CharField(),
        ),
        asked_study=Coalesce(Subquery(card.values("study_code")[:1]), Value("")),
        asked_rating=Coalesce(Subquery(card.values("rating")[:1]), Value("")),
        led_to_order=Case(When(_SIGNED, then=Value(1)), default=Value(0)),
    )
    if person_id is not None:
        asked = asked.filter(accounted_to=person_id)
    return asked


def rows_of(asked: QuerySet[Any]) -> Iterator[dict[str, Any]]:
    """Yield one row with COLUMNS for each consultation, oldest first, in constant memory."""
    people: dict[int, User] = {}
    fields = asked.order_by("created_at", "pk").values(
        "pk", "created_at", "via", "organisation__slug", "accounted_to", "scenario_slug", "version__number",
        "digest", "fit", "order__number", "order__status", "order__signed_at", "order__study_code",
        "order__rating", "order__override_reason_code", "asked_study", "asked_rating", "accounted_as",
        "led_to_order",
    )  # fmt: skip
    for row in fields.iterator(chunk_size=CHUNK):
        pk = row["accounted_to"]
        if pk not in people:
            people[pk] = User.objects.only("title", "first_name", "last_name", "username", "npi").get(pk=pk)
        person = people[pk]
        has_order = row["order__number"] is not None
        yield {
            "consultation": str(row["pk"]),
            "asked_at": instant(row["created_at"]),
            "via": row["via"],
            "organisation": row["organisation__slug"],
            "requester": pk,
            "requester_name": person.display_name,
            "requester_npi": person.npi or None,
            "criterion": criterion(row["scenario_slug"], row["version__number"]),
            "scenario": row["scenario_slug"],
            "version": row["version__number"],
            "digest": row["digest"],
            "fit": row["fit"],
            "order": row["order__number"],
            "order_status": row["order__status"],
            "signed_at": instant(row["order__signed_at"]),
            "study": (row["order__study_code"] if has_order else row["asked_study"]) or None,
            "rating": (row["order__rating"] if has_order else row["asked_rating"]) or None,
            "adherence": row["accounted_as"],
            "override_reason": row["order__override_reason_code"] or None,
        }


def accounts(year: int, *, organisation_id: int, person_id: int | None = None) -> list[Account]:
    """Return what each requester's consultations of a year come to, by name; two queries."""
    lines: dict[int, dict[tuple[str, int], Line]] = defaultdict(dict)
    rows = (
        consultations_of(year, organisation_id=organisation_id, person_id=person_id)
        .order_by()
        .values_list("accounted_to", "scenario_slug", "version__number", "accounted_as", "led_to_order")
        .annotate(count=Count("pk"))
    )
    for person, slug, version, adherence, ordered, count in rows:
        line = lines[person].setdefault((slug, version), Line(slug, version))
        line.consultations += count
        line.ordered += count * ordered
        line.by_adherence[adherence] += count
    people: Mapping[int, User] = User.objects.in_bulk(lines)
    found = [Account(people[pk], [lines[pk][key] for key in sorted(lines[pk])]) for pk in lines]
    return sorted(found, key=lambda account: (account.person.last_name, account.person.first_name))


def criterion(slug: str, version: int) -> str:
    """Return the address, within the portal, of the version of the guideline that was asked."""
    return f"/guidelines/{slug}/versions/{version}/"


def years() -> list[int]:
    """Return the years that pages offer, the newest first: this one and those that must be kept."""
    this = timezone.localdate().year
    return list(range(this, this - YEARS_KEPT - 1, -1))


def _begin(year: int) -> datetime:
    return timezone.make_aware(datetime.combine(date(year, 1, 1), time.min))
