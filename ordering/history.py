"""Reading orders: the list with its filters, in keyset pages, and what a clinician's worklist holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan
from django.utils import timezone

from guidelines.models import State
from ordering.models import Order, Progress

S = Order.Status
NOT_RATED = "not_rated"  # asks for orders without a rating
NOT_LISTED = "not-listed"  # asks for studies outside the scenario; no study code has this name
PAGE_ROWS = 25
WORKLIST_ROWS = 50
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders of an organisation are wanted; an empty value asks for nothing. Days are the site's."""

    organisation_id: int
    status: str = ""
    study: str = ""
    rating: str = ""
    placed_from: date | None = None
    placed_to: date | None = None
    patient_id: UUID | None = None

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the list."""
        named = (self.status, self.study, self.rating, self.placed_from, self.placed_to, self.patient_id)
        return any(value for value in named)


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of orders, newest first. The next pages begin at the orders that `older` and `newer` name."""

    orders: list[Order]
    older: UUID | None
    newer: UUID | None


def orders(wanted: OrderFilter) -> QuerySet[Order]:
    """Return the orders that a filter asks for, with what a row of a list shows."""
    found = _listed(Order.objects.filter(organisation_id=wanted.organisation_id))
    if wanted.status:
        found = found.filter(status=wanted.status)
    if wanted.study:
        found = found.filter(study_code="" if wanted.study == NOT_LISTED else wanted.study)
    if wanted.rating:
        found = found.filter(rating="" if wanted.rating == NOT_RATED else wanted.rating)
    if wanted.placed_from:
        found = found.filter(placed_at__gte=_start_of(wanted.placed_from))
    if wanted.placed_to:
        found = found.filter(placed_at__lt=_start_of(wanted.placed_to + timedelta(days=1)))
    if wanted.patient_id:
        found = found.filter(patient_id=wanted.patient_id)
    return found


def page_of(found: QuerySet[Order], *, before: Order | None = None, after: Order | None = None) -> OrderPage:
    """Return the page that begins just before (older) or ends just after (newer) an order, or the first one.

    The comparison is of whole rows, so that each page is one range of an index whatever was added since.
    """
    columns = Tuple(F("placed_at"), F("id"))
    if after is not None:
        found = found.filter(TupleGreaterThan(columns, (after.placed_at, after.pk))).order_by(
            "placed_at", "id"
        )
    else:
        if before is not None:
            found = found.filter(TupleLessThan(columns, (before.placed_at, before.pk)))
        found = found.order_by("-placed_at", "-id")
    rows = list(found[: PAGE_ROWS + 1])
    more = len(rows) > PAGE_ROWS
    rows = rows[:PAGE_ROWS]
    if after is not None:
        rows.reverse()
    if not rows:
        return OrderPage([], older=None, newer=None)
    return OrderPage(
        rows,
        older=rows[-1].pk if more or after is not None else None,
        newer=rows[0].pk if (more if after is not None else before is not None) else None,
    )


@dataclass(frozen=True, slots=True)
class Worklist:
    """What needs somebody: rows, those needing most first, and how many there are of each kind."""

    orders: Sequence[Order]
    counts: dict[str, int]
    total: int


# what each kind of the worklist holds, in the order in which they need somebody
_REPORTED = Exists(Progress.objects.filter(order=OuterRef("pk"), event=Progress.Event.REPORTED))
_DONE = Exists(
    Progress.objects.filter(
        order=OuterRef("pk"), event__in=(Progress.Event.PERFORMED, Progress.Event.REPORTED)
    )
)
# the last day that radiology gave counts: a new appointment replaces the one before
_APPOINTMENT = Subquery(
    Progress.objects.filter(order=OuterRef("pk"), event=Progress.Event.SCHEDULED)
    .order_by("-recorded_at", "-pk")
    .values("at")[:1]
)
_NEVER = datetime.max.replace(tzinfo=UTC)
_OUTCOME = (Q(status=S.ACTIVE) & Q(_REPORTED)) | Q(
    status__in=(S.ACTIVE, S.COMPLETED), finding_provisional=True
)


def _kinds() -> dict[str, Q]:
    """Return what each kind holds now; an order is of one kind only, the first that holds it."""
    overdue = (
        Q(status=S.ACTIVE, finding="")
        & ~Q(_DONE)
        & (
            # a comparison with nothing is neither true nor false, and its opposite would hold no order
            Q(LessThan(Coalesce("wanted_by", Value(date.max)), timezone.localdate()))
            | Q(LessThan(Coalesce(_APPOINTMENT, Value(_NEVER)), timezone.now()))
        )
    )
    waiting = (Q(status=S.ACTIVE) & ~Q(_REPORTED) & Q(finding_provisional=False)) | Q(status=S.ON_HOLD)
    return {
        "outcomes": _OUTCOME,
        "results": Q(finding_unread=True, status__in=(S.ACTIVE, S.COMPLETED)) & ~_OUTCOME,
        "overdue": overdue,
        "drafts": Q(status=S.DRAFT),
        # an overdue order waits as well, and is counted once
        "waiting": waiting & ~overdue,
    }


def worklist(organisation_id: int, *, requester_id: int | None, kind: str = "") -> Worklist:
    """Return the open work of an organisation or of one person of it; `kind` narrows it to one counter.

    Two queries and one for progress. Without `kind` the orders of the last days close the list.
    """
    recent = Q(placed_at__gte=timezone.now() - RECENT)
    mine = Order.objects.filter(organisation_id=organisation_id)
    if requester_id is not None:
        mine = mine.filter(requester_id=requester_id)
    ranks = _kinds()
    kinds = ranks | {"recent": recent}
    anything = (
        Q(status__in=(S.DRAFT, S.ACTIVE, S.ON_HOLD))
        | Q(finding_provisional=True)
        | Q(finding_unread=True)
        | recent
    )
    open_orders = mine.filter(anything)
    counts: dict[str, int] = open_orders.aggregate(
        total=Count("pk"), **{name: Count("pk", filter=condition) for name, condition in kinds.items()}
    )
    wanted = open_orders.filter(kinds[kind]) if kind in kinds else open_orders
    ranked = _listed(wanted).annotate(
        rank=Case(
            *(When(condition, then=rank) for rank, condition in enumerate(ranks.values())),
            default=len(ranks),
            output_field=IntegerField(),
        )
    )
    rows = list(ranked.order_by("rank", "-placed_at", "-id")[:WORKLIST_ROWS])
    total = counts.pop("total")
    return Worklist(rows, counts, counts.get(kind, total))


def drafts_on_replaced_versions(organisation_id: int, *, requester_id: int | None) -> list[Order]:
    """Return the drafts whose guideline was replaced or withdrawn since, the oldest first. One query."""
    drafts = Order.objects.filter(organisation_id=organisation_id, status=S.DRAFT)
    if requester_id is not None:
        drafts = drafts.filter(requester_id=requester_id)
    outdated = drafts.exclude(consultation__version__state=State.PUBLISHED)
    return list(outdated.select_related("patient").order_by("placed_at", "pk")[:WORKLIST_ROWS])


def _listed(found: QuerySet[Order]) -> QuerySet[Order]:
    return found.select_related("patient", "parent").prefetch_related("progress")


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
