"""After the report: which steps follow from a finding."""

from collections.abc import Sequence
from typing import Any

from guidelines.engine.case import Case, CaseError, Fault
from guidelines.engine.ruleset import NextStep, RuleSet


def next_steps(
    ruleset: RuleSet,
    *,
    answers: Case,
    finding: str,
    discordant: bool,
    complications: Sequence[str],
    studies_done: Sequence[str],
) -> list[NextStep]:
    """Return the steps after a report: what true rules add, in rule order, less what true rules remove.

    `studies_done` are the codes of this order's study and of linked orders with a finding; a code that the
    guideline does not know matches nothing. What a report says is known even when it is empty: no
    complication means that none was seen. Raises CaseError with every fault.
    """
    _check(ruleset, finding, complications)
    facts: dict[str, Any] = {
        **answers.answers,
        "finding": finding,
        "discordant": "yes" if discordant else "no",
        "complications": tuple(complications),
        "studies_done": tuple(studies_done),
    }
    true_rules = [rule for rule in ruleset.next_step_rules if rule.condition.test(facts)]
    removed = {code for rule in true_rules for code in rule.removes}
    added = dict.fromkeys(code for rule in true_rules for code in rule.adds)
    return [ruleset.next_steps[code] for code in added if code not in removed]


def _check(ruleset: RuleSet, finding: str, complications: Sequence[str]) -> None:
    """Raise CaseError unless the report uses the guideline's own words."""
    faults = []
    if finding not in ruleset.findings:
        faults.append(Fault("finding", "not_in_list", f"must be one of {', '.join(ruleset.findings)}"))
    if not set(complications) <= set(ruleset.complications):
        offer = ", ".join(ruleset.complications)
        faults.append(Fault("complications", "not_in_list", f"must be a list with any of {offer}"))
    if faults:
        raise CaseError(faults)
