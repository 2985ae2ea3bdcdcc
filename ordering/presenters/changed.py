"""What a newly published version changes for answers that were given under the one before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils import timezone

from guidelines import library
from guidelines.engine import Case, CaseError, RuleSet, difference, evaluate
from guidelines.models import RELEASED, ScenarioVersion
from ordering.advice import derive
from ordering.forms import answers_from_post


def version_changes(
    digest: str, current: RuleSet, *, posted: Mapping[str, Any], birth_date: date
) -> list[str]:
    """Return sentences on what is different between the version with `digest` and the current one.

    A digest that belongs to no version of the scenario gives only the version in use.
    """
    shown = (
        ScenarioVersion.objects.filter(scenario__slug=current.slug, digest=digest)
        .filter(state__in=RELEASED)
        .values_list("pk", flat=True)
        .first()
    )
    if shown is None:
        return [f"Version {current.version} of the guideline is in use now."]
    before = library.ruleset(shown)
    sentences = [f"Version {before.version} was replaced by version {current.version}."]
    sentences += _questions(before, current)
    old, new = (_suggestion(ruleset, posted, birth_date) for ruleset in (before, current))
    if old is not None and new is not None:
        sentences += difference(old, new) or ["With the answers given so far, the advice is the same."]
    return sentences


def _questions(before: RuleSet, current: RuleSet) -> list[str]:
    """Say which questions came, went or are asked in other words."""
    sentences = [
        f"New question: {element.label}"
        for element in current.elements
        if element.key not in before.elements_by_key and not element.derived_from
    ]
    sentences += [
        f"No longer asked: {element.label}"
        for element in before.elements
        if element.key not in current.elements_by_key and not element.derived_from
    ]
    sentences += [
        f"Asked in another way: {element.label}"
        for element in current.elements
        if (old := before.elements_by_key.get(element.key))
        and (old.label, old.choices, old.unit) != (element.label, element.choices, element.unit)
    ]
    return sentences


def _suggestion(ruleset: RuleSet, posted: Mapping[str, Any], birth_date: date) -> dict[str, Any] | None:
    """Return the advice of a version, or None where it cannot use the answers."""
    today = timezone.localdate()
    given, _ = derive(ruleset, answers_from_post(ruleset, posted), birth_date=birth_date, today=today)
    try:
        return evaluate(ruleset, Case.from_dict(ruleset, given, today=today)).to_dict()
    except CaseError:
        return None
