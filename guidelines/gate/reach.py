"""What can never happen: criteria, rules and advisories whose conditions no answers fulfil.

Every kind of answer is tried, up to a limit, so "never" is proved and not guessed; where the limit is met the
row is named as not decided. Answers that are not documented are among those tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from guidelines.engine import RuleSet
from guidelines.engine.conditions import Condition
from guidelines.gate.samples import ALWAYS_KNOWN, Samples, TooMany, Tree

MOST_TRIES = 20_000  # combinations of answers for one row; a scenario of the usual size needs a few dozen

NEVER_TRUE = (
    "Its condition can never be true: no answers fulfil it. Correct the condition, or take the row out."
)
NOT_FAILED, NOT_HELD = frozenset({True, None}), frozenset({False, None})
HELD, FAILED = frozenset({True}), frozenset({False})


class Verdict(Enum):
    """Whether some answers fulfil every demand."""

    POSSIBLE = "possible"
    IMPOSSIBLE = "impossible"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Demand:
    """A condition with the truth values that are wanted of it, and the tree that it was made from."""

    condition: Condition
    tree: Tree
    wanted: frozenset[bool | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """A row that nothing reaches, or of which that could not be decided."""

    pointer: str
    message: str
    decided: bool = True


def unreachable(document: Mapping[str, Any], ruleset: RuleSet) -> list[Finding]:
    """Return every row of a valid document that no patient can ever reach, with the reason."""
    return list(_Search(document, ruleset).findings())


class _Search:
    """Goes over the rows of one document."""

    def __init__(self, document: Mapping[str, Any], ruleset: RuleSet) -> None:
        self.document, self.ruleset = document, ruleset
        self.samples = Samples(document)
        self.criteria = [
            (criterion.condition, row["condition"])
            for criterion, row in zip(ruleset.criteria, document["criteria"], strict=True)
        ]
        self.rules = [
            (rule.condition, row["condition"])
            for rule, row in zip(ruleset.order_rules, document["order_rules"], strict=True)
        ]
        # whoever is shown studies and advisories fails no criterion
        self.applies = [Demand(*criterion, NOT_FAILED) for criterion in self.criteria]

    def findings(self) -> Iterator[Finding]:
        """Yield what cannot be reached, in the order of the document."""
        yield from self._criteria()
        yield from self._redirects()
        for index in range(len(self.rules)):
            yield from self._order_rule(index)
        for index, (condition, _) in enumerate(self.ruleset.advisories):
            yield from self._advisory(index, condition)
        for index, (condition, _) in enumerate(self.ruleset.contradictions):
            tree = self.document["contradictions"][index]["condition"]
            yield from self._alone(f"/contradictions/{index}/condition", condition, tree)
        for index, rule in enumerate(self.ruleset.next_step_rules):
            tree = self.document["next_step_rules"][index]["condition"]
            yield from self._alone(f"/next_step_rules/{index}/condition", rule.condition, tree)

    def _criteria(self) -> Iterator[Finding]:
        sound = True
        for index, (condition, tree) in enumerate(self.criteria):
            place = f"/criteria/{index}/condition"
            met = self.decide([Demand(condition, tree, HELD)])
            yield from _said(met, place, "It can never be met, so the scenario fits nobody.")
            sound = sound and met is Verdict.POSSIBLE
            missed = self.decide([Demand(condition, tree, FAILED)])
            yield from _said(
                missed, place, "It can never be missed, so it keeps nobody out and means nothing."
            )
        if sound and self.criteria:
            together = self.decide([Demand(*criterion, HELD) for criterion in self.criteria])
            yield from _said(together, "/criteria", "No patient can meet all criteria at once.")

    def _redirects(self) -> Iterator[Finding]:
        for index, criterion in enumerate(self.ruleset.criteria):
            for inner, (when, _) in enumerate(criterion.redirects):
                tree = self.document["criteria"][index]["redirects"][inner]["when"]
                place = f"/criteria/{index}/redirects/{inner}/when"
                verdict = self.decide([Demand(*self.criteria[index], FAILED), Demand(when, tree, HELD)])
                yield from _said(
                    verdict, place, "It can never apply: it is never true where the criterion is not met."
                )

    def _order_rule(self, index: int) -> Iterator[Finding]:
        place = f"/order_rules/{index}/condition"
        held = Demand(*self.rules[index], HELD)
        if found := list(self._alone(place, held.condition, held.tree)):
            yield from found
            return
        verdict = self.decide([held, *self.applies])
        if verdict is not Verdict.POSSIBLE:
            yield from _said(verdict, place, "It is never true for a patient whom the scenario fits.")
            return
        earlier = [Demand(*rule, NOT_HELD) for rule in self.rules[:index]]
        verdict = self.decide([held, *self.applies, *earlier])
        yield from _said(
            verdict, place, f"It never decides: {self._shadow(held, earlier)}. Move it up, or take it out."
        )

    def _shadow(self, held: Demand, earlier: Sequence[Demand]) -> str:
        """Return which rules before this one are true whenever it is."""
        for index, other in enumerate(earlier):
            if self.decide([held, *self.applies, other]) is Verdict.IMPOSSIBLE:
                key = self.document["order_rules"][index]["key"]
                return f"whenever it is true, the rule {key} before it is true as well"
        return "whenever it is true, one of the rules before it is true as well"

    def _advisory(self, index: int, condition: Condition) -> Iterator[Finding]:
        place = f"/advisories/{index}/condition"
        tree = self.document["advisories"][index]["condition"]
        if found := list(self._alone(place, condition, tree)):
            yield from found
            return
        verdict = self.decide([Demand(condition, tree, HELD), *self.applies])
        yield from _said(
            verdict, place, "It is never shown: it is never true for a patient whom the scenario fits."
        )

    def _alone(self, place: str, condition: Condition, tree: Tree) -> Iterator[Finding]:
        yield from _said(self.decide([Demand(condition, tree, HELD)]), place, NEVER_TRUE)

    def decide(self, demands: Sequence[Demand]) -> Verdict:
        """Return whether some answers fulfil all demands.

        Demands that unknown answers satisfy too (they want no definite truth) are no reason to answer more:
        without "established" and "answered", which only stand alone here, an answer more can only make an
        unknown condition definite. So only the questions of the other demands are answered.
        """
        asked = {key for demand in demands if None not in demand.wanted for key in demand.condition.elements}
        # what is always known is answered first; the rest may stay open
        keys = sorted(asked, key=lambda key: (key not in ALWAYS_KNOWN, key))
        try:
            domains = self.samples.of(keys, [demand.tree for demand in demands])
        except TooMany:
            return Verdict.UNDECIDED
        return _Tries(demands, domains, keys).verdict()


class _Tries:
    """Tries answers question by question, and leaves a way as soon as a demand can no longer be fulfilled."""

    def __init__(
        self, demands: Sequence[Demand], domains: Mapping[str, list[Any]], keys: Sequence[str]
    ) -> None:
        self.demands, self.domains, self.keys = demands, domains, keys
        self.left = MOST_TRIES
        # with these an unknown answer counts as one, so a definite truth may still change
        self.prunes = not any(_extended(demand.tree) for demand in demands)

    def verdict(self) -> Verdict:
        """Return the verdict."""
        try:
            return Verdict.POSSIBLE if self._from(0, {}) else Verdict.IMPOSSIBLE
        except TooMany:
            return Verdict.UNDECIDED

    def _from(self, place: int, answers: dict[str, Any]) -> bool:
        self.left -= 1
        if self.left < 0:
            raise TooMany
        truths = [demand.condition.test(answers) for demand in self.demands]
        fulfilled = all(t in demand.wanted for t, demand in zip(truths, self.demands, strict=True))
        if place == len(self.keys):
            return fulfilled
        if fulfilled and self.keys[place] not in ALWAYS_KNOWN:
            return True
        if self.prunes and any(
            truth is not None and truth not in demand.wanted
            for truth, demand in zip(truths, self.demands, strict=True)
        ):
            return False
        key = self.keys[place]
        return any(
            self._from(place + 1, answers if value is None else {**answers, key: value})
            for value in self.domains[key]
        )


def _extended(tree: Tree) -> bool:
    """Return whether a condition turns unknown into a definite truth anywhere."""
    if "established" in tree or tree.get("op") == "answered":
        return True
    inner = [*tree.get("all", ()), *tree.get("any", ()), *([tree["not"]] if "not" in tree else [])]
    return any(map(_extended, inner))


def _said(verdict: Verdict, pointer: str, message: str) -> Iterator[Finding]:
    if verdict is Verdict.IMPOSSIBLE:
        yield Finding(pointer, message)
    elif verdict is Verdict.UNDECIDED:
        yield Finding(
            pointer, "Too many kinds of answers to decide whether it can be reached.", decided=False
        )
