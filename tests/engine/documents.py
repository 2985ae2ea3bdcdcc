"""The two scenario documents that the engine's tests ask, and short ways to ask them."""

import copy
import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from guidelines.engine import Advice, Case, RuleSet, digest_of, evaluate

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases"
PACKS = {
    "leukaemia": ROOT / "guidelines" / "content" / "adult-all-emd-post-therapy.json",
    "bicycle": CASES / "packs" / "which-bicycle.json",
}
TODAY = date(2026, 6, 15)


@cache
def ruleset(name: str) -> RuleSet:
    """The rule set of a pack, as version 1."""
    scenario = document(name)
    return RuleSet.from_document(scenario, version=1, digest=digest_of(scenario))


def document(name: str) -> dict[str, Any]:
    """A copy of a pack's scenario document, for a test to change."""
    return copy.deepcopy(_scenario(name))


@cache
def _scenario(name: str) -> dict[str, Any]:
    return json.loads(PACKS[name].read_text(encoding="utf-8"))["scenario"]


def case(name: str, answers: dict[str, Any]) -> Case:
    """A case of one of the packs."""
    return Case.from_dict(ruleset(name), answers, today=TODAY)


def advise(name: str, answers: dict[str, Any]) -> Advice:
    """The advice of one of the packs."""
    return evaluate(ruleset(name), case(name, answers))


# A rider for whom the bicycle guideline fits, with nothing known that would change the order.
RIDER: dict[str, Any] = {
    "rider_age": 30,
    "can_ride": "yes",
    "purpose": "commute",
    "terrain": ["asphalt"],
    "daily_km": 8.5,
    "knee_pain": "no",
    "test_ride": "comfortable",
    "owned_bicycle": "none",
    "stairs_at_home": "no",
}
