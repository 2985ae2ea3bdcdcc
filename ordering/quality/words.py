"""What codes mean in words: rules, advisories, criteria, elements and findings of what was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guidelines import library
from guidelines.engine import RuleSet
from guidelines.exceptions import NoPublishedVersion
from ordering.quality.advice import Asked, Code

MOST = 10  # scenarios whose content is read, the most asked first; for more, choose one
RULE, ADVISORY, NOT_MET = "rule", "advisory", "not-met"
KINDS = {RULE: "Order rule", ADVISORY: "Advisory", NOT_MET: "Does not fit"}


@dataclass(frozen=True, slots=True)
class Said:
    """Something that can fire, in words. `in_use` tells whether the version in use can still say it."""

    kind: str
    text: str
    in_use: bool


@dataclass(frozen=True, slots=True)
class Words:
    """The content of scenarios, by slug: the version in use, or the newest that was asked."""

    rulesets: Mapping[str, RuleSet]
    in_use: frozenset[str]

    def title(self, slug: str) -> str:
        """Return the title of a scenario."""
        ruleset = self.rulesets.get(slug)
        return str(ruleset.scenario["title"]) if ruleset else slug

    def finding(self, slug: str, key: str) -> str:
        """Return the label of a finding."""
        return self._listed(slug, "findings", "key", key, "label")

    def element(self, slug: str, key: str) -> str:
        """Return the short label of a data element."""
        ruleset = self.rulesets.get(slug)
        elements = ruleset.elements if ruleset else ()
        return next((element.short_label for element in elements if element.key == key), key)

    def elements(self, slug: str) -> list[str]:
        """Return the keys of what is asked, in the order in which it is."""
        ruleset = self.rulesets.get(slug)
        return [element.key for element in ruleset.elements] if ruleset else []

    def sayable(self, slug: str) -> dict[Code, Said]:
        """Return everything that can fire in a scenario."""
        ruleset = self.rulesets.get(slug)
        if ruleset is None:
            return {}
        in_use = slug in self.in_use
        found: dict[str, Said] = {}
        for rule in ruleset.order_rules:
            if rule.stands_on is not None:
                study = ruleset.studies[rule.stands_on].short_name
                found.setdefault(
                    f"{RULE}:{rule.reason.code}@{rule.stands_on}",
                    Said(RULE, f"{study}: {rule.reason.text}", in_use),
                )
        for _, advisory in ruleset.advisories:
            found[f"{ADVISORY}:{advisory.code}"] = Said(ADVISORY, advisory.title, in_use)
        for criterion in ruleset.criteria:
            result = criterion.not_met
            found[f"{NOT_MET}:{result.key}"] = Said(NOT_MET, result.title, in_use)
        return {(slug, code): said for code, said in found.items()}

    def said(self, code: Code) -> Said:
        """Return what fired in words; a code that the content no longer has says itself."""
        known = self.sayable(code[0]).get(code)
        if known is not None:
            return known
        kind, _, name = code[1].partition(":")
        return Said(kind, name.replace("@", ", for "), in_use=False)

    def _listed(self, slug: str, section: str, name: str, wanted: str, shown: str) -> str:
        ruleset = self.rulesets.get(slug)
        rows = ruleset.document[section] if ruleset else []
        return next((str(row[shown]) for row in rows if row[name] == wanted), wanted)


def words_of(asked: Iterable[Asked], *, scenario: str = "", version: int | None = None) -> Words:
    """Return the words of the scenarios that were asked, or of one; one query for each of them."""
    counts: dict[str, int] = {}
    newest: dict[str, Asked] = {}
    for row in asked:
        if scenario and (row.scenario != scenario or version not in (None, row.version)):
            continue
        counts[row.scenario] = counts.get(row.scenario, 0) + row.count
        if row.scenario not in newest or newest[row.scenario].version < row.version:
            newest[row.scenario] = row
    rulesets: dict[str, RuleSet] = {}
    in_use: set[str] = set()
    for slug in sorted(counts, key=lambda slug: (-counts[slug], slug))[:MOST]:
        try:
            current = library.current(slug)[1]
        except NoPublishedVersion:  # withdrawn meanwhile
            current = None
        if current is not None and version in (None, current.version):
            rulesets[slug] = current
            in_use.add(slug)
        else:
            rulesets[slug] = library.ruleset(newest[slug].version_id)
    return Words(rulesets, frozenset(in_use))
