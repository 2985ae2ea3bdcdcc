"""A scenario document made ready to be asked: checked, its conditions compiled, its orders worked out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guidelines.engine import terms
from guidelines.engine.advice import Advisory, CriterionResult, Question, Radiation, Redirect, Remark, Study
from guidelines.engine.conditions import Condition, condition_from
from guidelines.engine.document import check_shape
from guidelines.engine.elements import DataElement
from guidelines.engine.outcomes import Varied, varied
from guidelines.engine.ranking import OrderRule, Ranking, order_rule, rank
from guidelines.engine.references import check_references, subjects_after_report
from guidelines.engine.vignette_references import check_vignettes

Document = dict[str, Any]


class RuleSetError(ValueError):
    """The document cannot be used; `errors` holds (JSON pointer, message) of every fault."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        """Keep the faults: those of shape first, then those of meaning, each in document order."""
        super().__init__("; ".join(f"{pointer or 'document'}: {message}" for pointer, message in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, eq=False)
class Criterion:
    """A criterion with what is said when it is met and when not, and where each failure leads."""

    condition: Condition
    met: CriterionResult
    not_met: CriterionResult
    redirects: tuple[tuple[Condition, Redirect], ...]


@dataclass(frozen=True, slots=True, eq=False)
class NextStepRule:
    """After a report: when true, it adds steps, and withdraws others from the whole list."""

    condition: Condition
    adds: tuple[str, ...]
    removes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do after a report. `study` is the code of a study to order next, where the step is one."""

    code: str
    title: str
    text: str
    study: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"code": self.code, "title": self.title, "text": self.text, "study": self.study}


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """One version of one scenario, ready to be asked. `document` is its origin: never change it."""

    document: Document
    version: int
    digest: str
    scenario: dict[str, Any]
    source: dict[str, Any]
    elements: tuple[DataElement, ...]
    elements_by_key: Mapping[str, DataElement]
    criteria: tuple[Criterion, ...]
    studies: Mapping[str, Study]
    start: Ranking
    order_rules: tuple[OrderRule, ...]
    firsts: tuple[str | None, ...]
    varied: tuple[Varied, ...]
    advisories: tuple[tuple[Condition, Advisory], ...]
    contradictions: tuple[tuple[Condition, Remark], ...]
    questions: tuple[Question, ...]
    findings: tuple[str, ...]
    complications: tuple[str, ...]
    next_steps: Mapping[str, NextStep]
    next_step_rules: tuple[NextStepRule, ...]

    @property
    def slug(self) -> str:
        """Return the slug of the scenario."""
        return str(self.document["slug"])

    @property
    def title(self) -> str:
        """Return the title of the scenario."""
        return str(self.document["title"])

    def element(self, key: str) -> DataElement:
        """Return the data element of this key. Raises KeyError."""
        return self.elements_by_key[key]

    def study(self, code: str) -> Study:
        """Return the study of this code, unrated ones too. Raises KeyError."""
        return self.studies[code]

    @classmethod
    def from_document(cls, document: Document, *, version: int, digest: str) -> "RuleSet":
        """Return the rule set of a scenario document. Raises RuleSetError naming every fault at once."""
        errors: dict[tuple[str, str], None] = {}  # each fault once, in the order they are found

        def report(pointer: str, message: str) -> None:
            errors[pointer, message] = None

        check_shape(document, report)
        check_references(document, report)
        check_vignettes(document, report)
        if errors:
            raise RuleSetError(list(errors))
        return _Builder(document).ruleset(version, digest)


class _Builder:
    """Makes a rule set out of a document that has passed every check."""

    def __init__(self, document: Document) -> None:
        """Take what the parts share: elements, sources, values of single choices."""
        self.document = document
        self.elements = tuple(DataElement.from_dict(row) for row in document["data_elements"])
        self.sources = {row["key"]: row for row in document["sources"]}
        self.choices = {
            key: subject.values
            for key, subject in subjects_after_report(document).items()
            if subject.kind == terms.CHOICE
        }

    def ruleset(self, version: int, digest: str) -> RuleSet:
        """Return the rule set."""
        document = self.document
        primary = self.sources[document["primary_source"]]
        studies = self.studies()
        roles = tuple((studies[row["study"]], row["default_role"]) for row in document["rated_studies"])
        start = rank(roles)
        criteria = tuple(self.criterion(row) for row in document["criteria"])
        rules = tuple(order_rule(row, self.condition(row), roles) for row in document["order_rules"])
        rankings = (*(rule.ranking for rule in rules), start)
        return RuleSet(
            document=document,
            version=version,
            digest=digest,
            scenario={
                "slug": document["slug"],
                "title": document["title"],
                "version": version,
                "digest": digest,
            },
            source={name: primary[name] for name in ("title", "url", "reviewer", "reviewed_on")},
            elements=self.elements,
            elements_by_key={element.key: element for element in self.elements},
            criteria=criteria,
            studies=studies,
            start=start,
            order_rules=rules,
            firsts=tuple(ranking[0].study.code if ranking else None for ranking in rankings),
            varied=self.varied(criteria, rules, rankings),
            advisories=tuple((self.condition(row), self.advisory(row)) for row in document["advisories"]),
            contradictions=tuple(
                (self.condition(row), Remark(row["code"], row["text"])) for row in document["contradictions"]
            ),
            questions=tuple(Question(**row) for row in document["questions"]),
            findings=tuple(row["key"] for row in document["findings"]),
            complications=tuple(row["key"] for row in document["complications"]),
            next_steps={
                row["code"]: NextStep(row["code"], row["title"], row["text"], row["study"])
                for row in document["next_steps"]
            },
            next_step_rules=tuple(
                NextStepRule(self.condition(row), tuple(row["adds"]), tuple(row["removes"]))
                for row in document["next_step_rules"]
            ),
        )

    def condition(self, row: Mapping[str, Any], name: str = "condition") -> Condition:
        """Return the compiled condition of a row."""
        return condition_from(row[name], self.choices)

    def source_title(self, key: str | None) -> str | None:
        """Return the title of a source; None where none is named."""
        return None if key is None else self.sources[key]["title"]

    def criterion(self, row: Mapping[str, Any]) -> Criterion:
        """Return a criterion with its two definite results made up."""
        redirects = {redirect["code"]: Redirect(**redirect) for redirect in self.document["redirects"]}
        key, title, standing = row["key"], row["title"], row["standing"]
        return Criterion(
            condition=self.condition(row),
            met=CriterionResult(key, title, terms.MET, row["text"], standing),
            not_met=CriterionResult(key, title, terms.NOT_MET, row["not_met_text"], standing),
            redirects=tuple(
                (self.condition(inner, "when"), redirects[inner["redirect"]]) for inner in row["redirects"]
            ),
        )

    def advisory(self, row: Mapping[str, Any]) -> Advisory:
        """Return an advisory with the title of its source."""
        source = self.source_title(row["source"])
        return Advisory(row["code"], row["severity"], row["title"], row["text"], row["standing"], source)

    def studies(self) -> dict[str, Study]:
        """Return every study by code; one without a row among the rated studies has no rating."""
        rated = {row["study"]: row for row in self.document["rated_studies"]}
        return {row["code"]: self.study(row, rated.get(row["code"])) for row in self.document["studies"]}

    def study(self, row: Mapping[str, Any], rated: Mapping[str, Any] | None) -> Study:
        """Return one study with its rating and radiation, where they are recorded."""
        return Study(
            **{**row, "codes": tuple({**code} for code in row["codes"])},
            rating=rated["rating"] if rated else None,
            rating_standing=rated["rating_standing"] if rated else "",
            rating_source=self.source_title(rated["rating_source"]) if rated else None,
            radiation=self.radiation(rated) if rated else None,
            rationale=tuple(rated["rationale"]) if rated else (),
            choose_when=tuple(rated["choose_when"]) if rated else (),
            limits=rated["limits"] if rated else "",
        )

    def radiation(self, rated: Mapping[str, Any]) -> Radiation | None:
        """Return the radiation level of a rated study with its doses; None where no level is recorded."""
        level = rated["radiation_level"]
        if level is None:
            return None
        bands = next(row for row in self.document["radiation_levels"] if row["level"] == level)
        return Radiation(
            level=level,
            adult_msv=bands["adult_msv"],
            paediatric_msv=bands["paediatric_msv"],
            source=self.source_title(rated["radiation_source"]),
            standing=rated["radiation_standing"],
        )

    def varied(
        self, criteria: tuple[Criterion, ...], rules: tuple[OrderRule, ...], rankings: tuple[Ranking, ...]
    ) -> tuple[Varied, ...]:
        """Return the single-choice elements that a criterion or an order rule reads, in table order.

        An element that none of them reads cannot change fit or first study, whatever its answer.
        """
        found = []
        for element in self.elements:
            reading_criteria = tuple(
                (index, criterion.condition.test)
                for index, criterion in enumerate(criteria)
                if element.key in criterion.condition.elements
            )
            reading_rules = tuple(
                (index, rule.condition.test)
                for index, rule in enumerate(rules)
                if element.key in rule.condition.elements
            )
            if element.kind == terms.CHOICE and (reading_criteria or reading_rules):
                found.append(varied(element, reading_criteria, reading_rules, rankings))
        return tuple(found)
