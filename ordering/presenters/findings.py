"""Findings in words, what follows from them, and the linked orders that can be started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from guidelines.engine import Case, RuleSet, next_steps
from ordering.models import Finding, Order
from ordering.presenters.answers import answer_text
from ordering.presenters.timeline import via_words

S = Order.Status
GONE = frozenset({S.REVOKED, S.ENTERED_IN_ERROR})
ORDER_ACTION = "order:"  # the button that saves and starts an order sends this and the code of the study
BASELINE = "baseline"  # the word of the contract (compared_with_baseline); elements about it begin with it


@dataclass(frozen=True, slots=True)
class NextStepLine:
    """One step, with a link where it starts or shows an order."""

    title: str
    text: str
    url: str = ""
    link_text: str = ""


@dataclass(frozen=True, slots=True)
class StartOrder:
    """A linked order that a step asks for: where to start it, or the one there is."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class FindingShown:
    """A recorded finding with what follows from it."""

    label: str
    tone: str
    description: str
    compared: str
    discordant: bool
    complications: str
    comment: str
    reported_at: datetime | None
    recorded_at: datetime
    recorded_by: str
    via: str
    pk: UUID
    seen_at: datetime | None
    seen_by: str
    provisional: bool
    reminder: str
    steps: list[NextStepLine]
    starts: list[StartOrder]


@dataclass(frozen=True, slots=True)
class Panel:
    """What usually follows from one finding, beside the form."""

    id: str
    title: str
    tone: str
    reminder: str
    steps: list[NextStepLine]
    action: str = ""
    action_value: str = ""


def labels_of(ruleset: RuleSet) -> dict[str, str]:
    """Return the words for each finding of a guideline."""
    return {row["key"]: row["label"] for row in ruleset.document["findings"]}


def finding_shown(
    finding: Finding, order: Order, ruleset: RuleSet, follow_ups: Iterable[Order], *, may_order: bool
) -> FindingShown:
    """Return a finding as it was recorded, its steps as they were given then.

    A step that names a study offers to start a linked order, unless there is one that still stands.
    """
    row: Mapping[str, Any] = next(
        (row for row in ruleset.document["findings"] if row["key"] == finding.finding), {}
    )
    complications = {item["key"]: item["label"] for item in ruleset.document["complications"]}
    standing = {other.study_code: other for other in follow_ups if other.status not in GONE}
    lines, starts = [], []
    for step in finding.next_steps:
        other = standing.get(step["study"]) if step["study"] else None
        if other is not None:
            url = reverse("order_detail", args=[other.pk])
            lines.append(NextStepLine(step["title"], step["text"], url, f"Linked order {other.number}"))
            continue
        lines.append(NextStepLine(step["title"], step["text"]))
        if step["study"] and may_order and order.status not in GONE:
            starts.append(StartOrder(start_label(ruleset, step["study"]), follow_up_url(order)))
    seen = getattr(finding, "acknowledgement", None)
    return FindingShown(
        label=row.get("label", finding.finding),
        tone=_tone(finding, row.get("tone", "info")),
        description=row.get("description", ""),
        compared=finding.get_compared_with_baseline_display(),
        discordant=finding.discordant,
        complications=", ".join(complications.get(key, key) for key in finding.complications),
        comment=finding.comment,
        reported_at=finding.reported_at,
        recorded_at=finding.recorded_at,
        recorded_by=finding.recorded_by.display_name,
        via=via_words(finding.via),
        pk=finding.pk,
        seen_at=seen.at if seen else None,
        seen_by=seen.by.display_name if seen else "",
        provisional=finding.provisional,
        reminder=row.get("reminder", ""),
        steps=lines,
        starts=starts,
    )


def _tone(finding: Finding, usual: str) -> str:
    """Return the tone of the steps: nothing is simply well with a discordant report or a complication."""
    return "caution" if usual == "ok" and (finding.discordant or finding.complications) else usual


def panels(
    order: Order, ruleset: RuleSet, *, done: Sequence[str], follow_ups: Iterable[Order]
) -> list[Panel]:
    """Return what would follow from each finding, in the order of the form, without anything beside it.

    `done` are the codes of studies that are done. Discordance and complications add steps once recorded.
    """
    case = Case.from_dict(
        ruleset, order.consultation.answers, today=timezone.localdate(order.consultation.created_at)
    )
    standing = {other.study_code for other in follow_ups if other.status not in GONE}
    found = []
    for row in ruleset.document["findings"]:
        steps = next_steps(
            ruleset, answers=case, finding=row["key"], discordant=False, complications=[], studies_done=done
        )
        study = next((step.study for step in steps if step.study and step.study not in standing), None)
        found.append(
            Panel(
                id=f"steps-{row['key'].replace('_', '-')}",
                title=f"What follows: {row['label'][:1].lower()}{row['label'][1:]}",
                tone=row["tone"],
                reminder=row["reminder"],
                steps=[NextStepLine(step.title, step.text) for step in steps],
                action=f"Save and {start_label(ruleset, study, verb='start')}" if study else "",
                action_value=f"{ORDER_ACTION}{study}" if study else "",
            )
        )
    return found


def start_label(ruleset: RuleSet, study: str, *, verb: str = "Start") -> str:
    """Return the words of the button that starts a linked order."""
    known = ruleset.studies.get(study)
    name = (known.short_name or known.name) if known else study
    return f"{verb} linked {name} order"


def follow_up_url(order: Order) -> str:
    """Return the address of step 1 for an order that follows this one up."""
    address = reverse("order_new", kwargs={"patient": order.patient_id, "slug": order.scenario_slug})
    return f"{address}?parent={order.pk}"


def baseline_words(ruleset: RuleSet, answers: Mapping[str, Any]) -> str:
    """Return what was answered about the baseline study, or "" for a guideline that asks nothing of it."""
    asked = [element for element in ruleset.elements if element.key.split("_")[0] == BASELINE]
    if not asked:
        return ""
    known = [
        answer_text(element, answers[element.key])
        for element in asked
        if answers.get(element.key) is not None
    ]
    return f"Baseline: {', '.join(known) or 'not documented'}."
