"""The decision engine: pure functions over a scenario document and answers.

Standard library only; no clock, no I/O, and nothing of any one disease: what it says is content.
"""

from guidelines.engine.advice import Advice
from guidelines.engine.canonical import canonical_json, digest_of
from guidelines.engine.case import Case, CaseError, Fault
from guidelines.engine.difference import difference
from guidelines.engine.elements import Choice, DataElement
from guidelines.engine.evaluate import evaluate
from guidelines.engine.next_steps import next_steps
from guidelines.engine.ruleset import NextStep, RuleSet, RuleSetError
from guidelines.engine.terms import ENGINE_VERSION
from guidelines.engine.vignettes import Compared, Outcome, run_vignette

__all__ = [
    "ENGINE_VERSION",
    "Advice",
    "Case",
    "CaseError",
    "Choice",
    "Compared",
    "DataElement",
    "Fault",
    "NextStep",
    "Outcome",
    "RuleSet",
    "RuleSetError",
    "canonical_json",
    "difference",
    "digest_of",
    "evaluate",
    "next_steps",
    "run_vignette",
]
