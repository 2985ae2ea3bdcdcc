"""Orders as rows of a list: the worklist, the history, a patient's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode

from guidelines.library import Edition
from ordering.history import RECENT, Worklist
from ordering.models import Order, Progress
from ordering.presenters.patients import listed_name
from ordering.presenters.stages import Tag, awaits_outcome, furthest, overdue_since, tag_of

S = Order.Status
COUNTED = ("outcomes", "overdue", "drafts", "waiting")  # the four counters; the filter offers the others too
KIND_LABELS = {
    "outcomes": "Outcomes to record",
    "results": "Results to acknowledge",
    "overdue": "Follow-up overdue",
    "drafts": "Drafts to finish",
    "waiting": "Waiting for radiology",
    "recent": f"Placed in the last {RECENT.days} days",
}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order in a list. `since` is when it came into its state; `next_` says what can be done with it."""

    number: str
    url: str
    patient_name: str
    birth_date: date
    mrn: str
    study: str
    tag: Tag
    since: datetime
    follow_up_of: str
    rating: str
    reason: str
    radiation: str
    placed_at: datetime
    next_label: str
    next_url: str
    next_note: str
    needs_somebody: bool


@dataclass(frozen=True, slots=True)
class Tile:
    """A counter that is a link to what it counts."""

    count: int
    label: str
    url: str
    tone: str = ""
    current: bool = False


def row_of(order: Order, *, may_order: bool) -> OrderRow:
    """Return an order as a row. Reads its patient, parent and progress."""
    url = reverse("order_detail", args=[order.pk])
    label, address, note, needs = "View", url, "", False
    late = overdue_since(order)
    if may_order and order.status == S.DRAFT:
        label, address, note, needs = (
            "Continue",
            reverse("order_review", args=[order.pk]),
            "not signed yet",
            True,
        )
    elif may_order and awaits_outcome(order):
        provisional = order.finding_provisional
        label = "Compare with baseline" if provisional else "Record outcome"
        address, note, needs = f"{url}#record", "", True
    elif may_order and order.finding_unread and order.status in (S.ACTIVE, S.COMPLETED):
        label, address, needs = "Read and acknowledge", f"{url}#finding", True
    elif may_order and late:
        label, note, needs = "Chase or rebook", f"since {date_format(late, 'd-M-Y')}", True
    elif may_order and order.status == S.ON_HOLD:
        note = "can be resumed"
    return OrderRow(
        number=order.number,
        url=url,
        patient_name=listed_name(order.patient),
        birth_date=order.patient.birth_date,
        mrn=order.patient.mrn,
        study=order.study_label,
        tag=_overdue_tag(late) if late else tag_of(order),
        since=_since(order),
        follow_up_of=order.parent.number if order.parent else "",
        rating=order.rating,
        reason=order.get_override_reason_code_display() if order.override_reason_code else "",
        radiation=_level(order),
        placed_at=order.placed_at,
        next_label=label,
        next_url=address,
        next_note=note,
        needs_somebody=needs,
    )


def updated_at(orders: Iterable[Order]) -> datetime | None:
    """Return when radiology last reported anything of these orders. Reads their progress."""
    return max((row.recorded_at for order in orders for row in order.progress.all()), default=None)


@dataclass(frozen=True, slots=True)
class ChangedGuideline:
    """A guideline that changed under drafts: what replaced it, and which drafts."""

    title: str
    text: str
    url: str
    drafts: list[OrderRow]


def changed_guidelines(drafts: Iterable[Order], editions: Iterable[Edition]) -> list[ChangedGuideline]:
    """Return a notice for each guideline that is not in use any more as the drafts were begun under it."""
    current = {edition.slug: edition for edition in editions}
    groups: dict[tuple[str, int], list[Order]] = {}
    for draft in drafts:
        groups.setdefault((draft.scenario_slug, draft.version_number), []).append(draft)
    found = []
    for (slug, number), rows in groups.items():
        edition = current.get(slug)
        text = (
            f"Version {edition.number} replaced version {number}."
            if edition
            else f"Version {number} is no longer in use, and nothing replaced it."
        )
        found.append(
            ChangedGuideline(
                title=rows[0].scenario_title,
                text=text,
                url=reverse("guideline_detail", args=[slug]) if edition else "",
                drafts=[row_of(row, may_order=True) for row in rows],
            )
        )
    return found


def _overdue_tag(since: date) -> Tag:
    days = (timezone.localdate() - since).days
    words = "Overdue today" if not days else "Overdue 1 day" if days == 1 else f"Overdue {days} days"
    return Tag(words, "over", "exclamation-triangle-fill")


def tiles(found: Worklist, *, kind: str, everyone: bool) -> list[Tile]:
    """Return the counters of the worklist; the current one leads back to everything."""
    tones = {"outcomes": "act", "overdue": "over"}
    return [
        Tile(
            found.counts[name],
            label,
            worklist_url(kind="" if name == kind else name, everyone=everyone),
            tone=tones.get(name, "") if found.counts[name] else "",
            current=name == kind,
        )
        for name, label in KIND_LABELS.items()
        if name in COUNTED
    ]


def worklist_url(*, kind: str, everyone: bool) -> str:
    """Return the address of the worklist, narrowed to one kind or to nobody's orders in particular."""
    query = {key: value for key, value in (("show", kind), ("whose", "all" if everyone else "")) if value}
    return reverse("worklist") + (f"?{urlencode(query)}" if query else "")


def _since(order: Order) -> datetime:
    """Return when the order came into the state that the tag names."""
    last = furthest(order)
    if order.status == S.ACTIVE and last is not None and not order.finding_provisional:
        return last.recorded_at if last.event == Progress.Event.SCHEDULED else last.at
    if order.status == S.ACTIVE and order.signed_at and not order.finding_provisional:
        return order.signed_at
    return order.updated_at


def _level(order: Order) -> str:
    if order.radiation is None:
        return "Radiation level not recorded"
    level = order.radiation["level"]
    return f"Radiation level {level} of 5" if level else "No ionising radiation"
