"""Orders that may ask the same once more: the same study after the same course of therapy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone

from guidelines.engine import RuleSet
from ordering.models import Order, Progress
from ordering.presenters.stages import Tag, tag_of

S, E = Order.Status, Progress.Event
STANDING = (S.ACTIVE, S.ON_HOLD, S.COMPLETED)
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another order of the patient for the same study. `open` when its report is still to come."""

    number: str
    url: str
    tag: Tag
    placed_at: datetime
    done_on: date | None
    open: bool


def possible_duplicates(order: Order, ruleset: RuleSet) -> list[Duplicate]:
    """Return orders for the same study in the same episode, newest first. Two queries.

    An episode is told by the answers of the section that decides whether the guideline fits, such as the
    course of therapy and the day it ended: known on both sides and different, it is another episode, and so
    is a study that was done before a day of this one. A staging study before therapy is the baseline, and no
    duplicate. What is unknown tells nothing apart. The order that this one follows up or replaces is named
    elsewhere.
    """
    if not order.study_code:
        return []
    rows = (
        Order.objects.filter(patient=order.patient_id, study_code=order.study_code, status__in=STANDING)
        .exclude(pk__in=[pk for pk in (order.pk, order.parent_id, order.replaces_id) if pk])
        .select_related("consultation")
        .prefetch_related("progress")
        .order_by("-placed_at", "-pk")
    )
    mine = order.consultation.answers
    found = []
    for other in rows:
        done_on = _done_on(other)
        if _same_episode(ruleset, mine, other.consultation.answers, done_on):
            found.append(
                Duplicate(
                    number=other.number,
                    url=reverse("order_detail", args=[other.pk]),
                    tag=tag_of(other),
                    placed_at=other.placed_at,
                    done_on=done_on,
                    open=other.status != S.COMPLETED,
                )
            )
    return found[:SHOWN]


def _same_episode(
    ruleset: RuleSet, mine: Mapping[str, Any], theirs: Mapping[str, Any], done_on: date | None
) -> bool:
    for element in ruleset.elements:
        if element.section != "fit" or element.kind not in ("choice", "date") or element.derived_from:
            continue
        here, there = mine.get(element.key), theirs.get(element.key)
        if here is None:
            continue
        if there is not None and here != there:
            return False
        if element.kind == "date" and done_on is not None and done_on < date.fromisoformat(here):
            return False
    return True


def _done_on(order: Order) -> date | None:
    done = [row.at for row in order.progress.all() if row.event in (E.PERFORMED, E.REPORTED)]
    return timezone.localdate(min(done)) if done else None
