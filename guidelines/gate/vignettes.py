"""Running the vignettes of a version: what each gives, what that changes, and what no vignette reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from guidelines.engine import Case, CaseError, Outcome, RuleSet, RuleSetError, run_vignette
from guidelines.engine.document import vignette as check_vignette_shape
from guidelines.engine.vignette_references import check_vignettes

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of an answer that is not what the version in use gives."""

    name: str
    was: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A vignette that was run, with its place in the document and what changed against the version in use."""

    pointer: str
    outcome: Outcome
    changes: tuple[Difference, ...] = ()

    @property
    def key(self) -> str:
        """Return the name of the vignette."""
        return self.outcome.key


@dataclass(frozen=True, slots=True)
class Reach:
    """Something that a version can say, and the vignettes that make it say so."""

    section: str  # name of the list in the document
    pointer: str
    what: str
    by: tuple[str, ...]


def asked(document: Document) -> dict[str, Any]:
    """Return the document without its vignettes: what is asked, whatever is wrong with who asks."""
    return {name: value for name, value in document.items() if name != "vignettes"}


def run_all(document: Document, ruleset: RuleSet, published: RuleSet | None, *, today: date) -> list[Run]:
    """Return every vignette of a document, run; one that says what the version does not know has faults."""
    faults = _faults(document)
    runs = []
    for index, vignette in enumerate(document.get("vignettes", ())):
        pointer = f"/vignettes/{index}"
        if said := faults.get(index):
            title = str(vignette.get("title") or vignette.get("key") or index + 1)
            runs.append(Run(pointer, Outcome(str(vignette.get("key")), title, faults=tuple(said))))
            continue
        outcome = run_vignette(ruleset, vignette, today=today)
        runs.append(Run(pointer, outcome, _changes(vignette, outcome, published, today)))
    return runs


def _faults(document: Document) -> dict[int, list[str]]:
    """Return what each vignette says that the document does not know, by its index.

    Rows that did not come through a form or a pack may also lack what a vignette has.
    """
    found: dict[int, list[str]] = {}

    def report(pointer: str, message: str) -> None:
        _, _, index, *rest = pointer.split("/")
        found.setdefault(int(index), []).append(f"{' '.join(rest).replace('_', ' ')}: {message}")

    for index, vignette in enumerate(document.get("vignettes", ())):
        check_vignette_shape(vignette, f"/vignettes/{index}", report)
    check_vignettes(document, report)
    return found


def _changes(
    vignette: Mapping[str, Any], outcome: Outcome, published: RuleSet | None, today: date
) -> tuple[Difference, ...]:
    """Return what the version in use answered otherwise; nothing where it cannot be asked the same."""
    if published is None or outcome.faults:
        return ()
    try:
        before = run_vignette(published, vignette, today=today)
    except CaseError:
        return ()
    if before.faults:
        return ()
    return tuple(
        Difference(now.name, was.got, now.got)
        for was, now in zip(before.compared, outcome.compared, strict=True)
        if was.got != now.got
    )


def coverage(document: Document, ruleset: RuleSet, *, today: date) -> list[Reach]:
    """Return everything that the version can say, with the vignettes that reach it, if any do."""
    cases: list[tuple[Mapping[str, Any], Case]] = []
    faulty = _faults(document)
    for index, vignette in enumerate(document.get("vignettes", ())):
        if index in faulty:
            continue
        try:
            cases.append((vignette, Case.from_dict(ruleset, vignette["answers"], today=today)))
        except CaseError:
            continue
    return list(_Coverage(document, ruleset, cases).reaches())


class _Coverage:
    """What the vignettes of one version reach."""

    def __init__(
        self, document: Document, ruleset: RuleSet, cases: Sequence[tuple[Mapping[str, Any], Case]]
    ) -> None:
        self.document, self.ruleset, self.cases = document, ruleset, cases
        self.applying = [
            (vignette, case)
            for vignette, case in cases
            if not any(c.condition.test(case.answers) is False for c in ruleset.criteria)
        ]

    def reaches(self) -> Iterator[Reach]:
        """Yield every reach, in the order of the document."""
        for index, criterion in enumerate(self.ruleset.criteria):
            for status, word in ((True, "met"), (False, "not met")):
                by = [v for v, case in self.cases if criterion.condition.test(case.answers) is status]
                yield self._reach("criteria", index, f"{criterion.met.title}: {word}", by)
        yield from self._redirects()
        yield from self._order_rules()
        for index, (condition, advisory) in enumerate(self.ruleset.advisories):
            by = [v for v, case in self.applying if condition.test(case.answers)]
            yield self._reach("advisories", index, advisory.title, by)
        for index, (condition, remark) in enumerate(self.ruleset.contradictions):
            by = [v for v, case in self.cases if condition.test(case.answers)]
            yield self._reach("contradictions", index, remark.code, by)
        yield from self._after_report()

    def _redirects(self) -> Iterator[Reach]:
        for index, row in enumerate(self.document["redirects"]):
            by = [
                vignette
                for vignette, case in self.cases
                if any(
                    criterion.condition.test(case.answers) is False
                    and any(
                        r.code == row["code"] and when.test(case.answers) for when, r in criterion.redirects
                    )
                    for criterion in self.ruleset.criteria
                )
            ]
            yield self._reach("redirects", index, row["title"], by)

    def _order_rules(self) -> Iterator[Reach]:
        first = []
        for vignette, case in self.applying:
            rules = enumerate(self.ruleset.order_rules)
            first.append((vignette, next((i for i, r in rules if r.condition.test(case.answers)), None)))
        for index, rule in enumerate(self.ruleset.order_rules):
            by = [vignette for vignette, decided in first if decided == index]
            yield self._reach("order_rules", index, f"{rule.key}: decides the order", by)

    def _after_report(self) -> Iterator[Reach]:
        reported = [
            (vignette, case, vignette["report"]) for vignette, case in self.cases if vignette["report"]
        ]
        for index, row in enumerate(self.document["findings"]):
            by = [vignette for vignette, _, report in reported if report["finding"] == row["key"]]
            yield self._reach("findings", index, row["label"], by)
        facts = [
            (
                vignette,
                {
                    **case.answers,
                    "finding": report["finding"],
                    "discordant": "yes" if report["discordant"] else "no",
                    "complications": tuple(report["complications"]),
                    "studies_done": tuple(report["studies_done"]),
                },
            )
            for vignette, case, report in reported
        ]
        for index, rule in enumerate(self.ruleset.next_step_rules):
            by = [vignette for vignette, known in facts if rule.condition.test(known)]
            yield self._reach("next_step_rules", index, self.document["next_step_rules"][index]["key"], by)

    @staticmethod
    def _reach(section: str, index: int, what: str, by: Iterable[Mapping[str, Any]]) -> Reach:
        return Reach(section, f"/{section}/{index}", what, tuple(vignette["key"] for vignette in by))


def ruleset_of(document: Document, *, version: int = 0, digest: str = "") -> RuleSet | None:
    """Return the rule set of a document whatever its vignettes say; None where its content is faulty."""
    try:
        return RuleSet.from_document(asked(document), version=version, digest=digest)
    except RuleSetError:
        return None
