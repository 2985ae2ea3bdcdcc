"""Replaying real questions against a version before it is published: which advice would change, and how.

Nothing here says about whom a question was asked: no name, no number, no day. Answers are told only as far as
conditions read them, numbers by the limits that conditions name and days by the month.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

from guidelines.conditions_text import labels_of
from guidelines.consulted import Question, source
from guidelines.engine import Case, CaseError, RuleSet, difference, evaluate, terms
from guidelines.engine.difference import MINOR
from guidelines.gate.samples import leaves

MOST_EXAMPLES = 3  # of one kind of change
MOST_GROUPS = 50  # kinds of change that are told; the counts hold all


@dataclass(frozen=True, slots=True)
class Group:
    """Questions whose advice would change in the same way."""

    changes: tuple[str, ...]
    count: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """How the replayed questions come out under the version."""

    asked: int
    same: int
    reworded: int  # the same, but for wording or for what other answers would change
    groups: tuple[Group, ...]
    refused: tuple[Group, ...]  # questions whose answers the version does not take any more

    @property
    def changed(self) -> int:
        """Return how many would get other advice."""
        return self.asked - self.same - self.reworded - self.not_taken

    @property
    def not_taken(self) -> int:
        """Return how many could not be asked as they were."""
        return sum(group.count for group in self.refused)


def replay(slug: str, ruleset: RuleSet, published: RuleSet | None, *, limit: int, today: date) -> Replay:
    """Return what the latest questions to a scenario would be answered by `ruleset`.

    Compared with what the version in use says today, so that only this version's changes are told; where it
    cannot be asked (or none is in use), with the advice as it was given.
    """
    coarse = Coarse(ruleset)
    asked = same = reworded = 0
    changed = Grouping()
    refused = Grouping()
    for question in source().recent(slug=slug, limit=limit):
        asked += 1
        try:
            now = advice_of(ruleset, question.answers, today)
        except CaseError as error:
            reasons = tuple(f"{fault.key}: {fault.message}" for fault in error.errors)
            refused.add(reasons, ())
            continue
        sentences = tuple(difference(_before(question, published, today), now))
        if not sentences:
            same += 1
        elif MINOR.issuperset(sentences):
            reworded += 1
        else:
            changed.add(sentences, coarse.told(question.answers))
    return Replay(asked, same, reworded, changed.groups(), refused.groups())


def advice_of(ruleset: RuleSet, answers: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the suggestion for answers. Raises CaseError."""
    return evaluate(ruleset, Case.from_dict(ruleset, answers, today=today)).to_dict()


def _before(question: Question, published: RuleSet | None, today: date) -> Mapping[str, Any]:
    if published is None:
        return question.advice
    try:
        return advice_of(published, question.answers, today)
    except CaseError:
        return question.advice


class Grouping:
    """Collects changes of one kind, with a few examples."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.examples: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}

    def add(self, changes: tuple[str, ...], example: tuple[str, ...]) -> None:
        """Count one."""
        self.counts[changes] += 1
        examples = self.examples.setdefault(changes, {})
        if example and len(examples) < MOST_EXAMPLES:
            examples[example] = None

    def groups(self) -> tuple[Group, ...]:
        """Return the kinds, most frequent first."""
        return tuple(
            Group(changes, count, tuple(self.examples[changes]))
            for changes, count in self.counts.most_common(MOST_GROUPS)
        )


class Coarse:
    """Answers told so far as conditions read them, and no further."""

    def __init__(self, ruleset: RuleSet) -> None:
        document = ruleset.document
        self.ruleset = ruleset
        self.labels = labels_of(document)
        self.limits: dict[str, set[Any]] = {}
        for leaf in chain.from_iterable(map(leaves, _trees(document))):
            named = leaf.get("value")
            self.limits.setdefault(leaf["element"], set()).update(
                named if isinstance(named, list) else () if named is None else (named,)
            )

    def told(self, answers: Mapping[str, Any]) -> tuple[str, ...]:
        """Return a line for each answer that some condition reads."""
        return tuple(
            f"{self.labels[element.key].label}: {self._said(element.key, element.kind, answers[element.key])}"
            for element in self.ruleset.elements
            if element.key in self.limits and answers.get(element.key) not in (None, [])
        )

    def _said(self, key: str, kind: str, value: Any) -> str:
        subject = self.labels[key]
        if kind == terms.DATE:
            return date.fromisoformat(value).strftime("%b-%Y")
        if kind in terms.NUMBERS:
            lower = max((limit for limit in self.limits[key] if limit <= value), default=None)
            upper = min((limit for limit in self.limits[key] if limit > value), default=None)
            ends = {
                (False, True): f"below {upper}",
                (True, False): f"{lower} or more",
                (True, True): f"{lower} to under {upper}",
                (False, False): "documented",
            }[lower is not None, upper is not None]
            return f"{ends} {subject.unit}".rstrip()
        listed = value if isinstance(value, list) else [value]
        return ", ".join(subject.values.get(member, member) for member in listed)


def _trees(document: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Return the conditions that advice is made of."""
    for name in ("criteria", "order_rules", "advisories", "contradictions"):
        for row in document[name]:
            yield row["condition"]
            yield from (inner["when"] for inner in row.get("redirects", ()))
