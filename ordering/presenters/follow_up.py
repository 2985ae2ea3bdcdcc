"""The one question that stands between a follow-up order and the study that the report asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guidelines.engine import RuleSet
from guidelines.engine.elements import Choice
from ordering.models import Finding, Order
from ordering.presenters.answers import row_id


@dataclass(frozen=True, slots=True)
class FollowUpQuestion:
    """What the report of the order before asked for, and the answer without which it does not come first."""

    order_number: str
    study: str
    first: str
    key: str
    label: str
    anchor: str
    choices: tuple[Choice, ...]


def follow_up_question(
    parent: Order | None, given: Mapping[str, Any], ruleset: RuleSet
) -> FollowUpQuestion | None:
    """Return the question to ask; None where the report's study comes first, or no answer brings it there.

    `given` is the advice. Which answer it is, the engine has said: it is among what would change the advice.
    Unknown is never no, so the person is asked.
    """
    if parent is None or not given["studies"]:
        return None
    finding = Finding.objects.filter(order=parent).order_by("recorded_at", "pk").last()
    wanted = next((step["study"] for step in finding.next_steps if step["study"]), None) if finding else None
    first = given["studies"][0]
    if wanted is None or wanted not in ruleset.studies or first["code"] == wanted:
        return None
    key = next(
        (
            row["key"]
            for row in given["what_would_change"]
            if row["first_study"] == wanted and row["key"] in given["needs"]
        ),
        None,
    )
    if key is None:
        return None
    element = ruleset.element(key)
    return FollowUpQuestion(
        order_number=parent.number,
        study=ruleset.studies[wanted].short_name or ruleset.studies[wanted].name,
        first=first["name"],
        key=key,
        label=element.label,
        anchor=row_id(key),
        choices=tuple(element.choices),
    )
