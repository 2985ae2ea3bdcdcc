"""What the pages "Checks" and "Vignette" show: faults, vignettes as they come out, and the replay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.urls import reverse
from django.utils import timezone

from guidelines import gate, snapshot
from guidelines.admin.places import Fault, faults_of
from guidelines.admin.sections import BY_NAME
from guidelines.engine import Compared
from guidelines.gate.replay import Replay, replay
from guidelines.gate.report import GateFault, in_use_document
from guidelines.gate.vignettes import Reach, Run, ruleset_of
from guidelines.gate.words import PARTS, Words
from guidelines.models import ScenarioVersion, Vignette

REPLAYED = (200, 1000)  # latest consultations: at once, and when asked for


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that a vignette expects, in words, with what came out and what the version in use says."""

    title: str
    expected: list[str]
    got: list[str]
    agrees: bool
    was: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A vignette in the table."""

    key: str
    title: str
    url: str
    run_url: str
    result: str  # pass, changed, fail or cannot
    parts: list[Part] = field(default_factory=list)
    faults: tuple[str, ...] = ()

    @property
    def shown(self) -> list[Part]:
        """Return what the table says: what differs or changed, else the study that comes first."""
        telling = [part for part in self.parts if not part.agrees or part.was is not None]
        if telling:
            return telling
        studies = [part for part in self.parts if part.title == PARTS["studies"] and part.expected]
        return [
            replace(part, title="", expected=part.expected[:1], got=part.got[:1]) for part in studies
        ] or [replace(self.parts[0], title="")]


@dataclass(frozen=True, slots=True)
class Covered:
    """How far the vignettes reach into one list of the version."""

    title: str
    reached: int
    total: int
    missed: list[Fault]


def checks_of(version: ScenarioVersion, *, replayed: int = REPLAYED[0]) -> dict[str, Any]:
    """Return what the page "Checks" shows of a version. A released version is checked like any other."""
    document = snapshot.document_of(version)
    report = gate.report_of(version, document)
    words = Words(document)
    rows = rows_of(version, report.runs, words)
    ruleset = ruleset_of(document)
    in_use = in_use_document(version)
    replayed = replayed if replayed in REPLAYED else REPLAYED[0]
    return {
        "faults": _linked(version, report.faults),
        "undecided": _linked(version, [note for note in report.notes if note.code == "unreachable"]),
        "rows": rows,
        "counts": {name: sum(row.result == name for row in rows) for name in RESULTS},
        "covered": _coverage(version, report.reaches),
        "compared_with_published": report.compared_with_published,
        "replay": _replay(version, ruleset, in_use, replayed),
        "replayed": replayed,
        "replay_choices": REPLAYED,
    }


RESULTS = ("pass", "changed", "fail", "cannot")


def rows_of(version: ScenarioVersion, runs: Iterable[Run], words: Words) -> list[Row]:
    """Return the vignettes of a version as they came out, in their order."""
    keys = Vignette.objects.filter(version=version).order_by("position", "pk").values_list("pk", flat=True)
    return [row_of(run, pk, words) for run, pk in zip(runs, keys, strict=False)]


def row_of(run: Run, pk: int, words: Words) -> Row:
    """Return one vignette as it came out."""
    changes = {change.name: change.was for change in run.changes}
    outcome = run.outcome
    if outcome.faults:
        result = "cannot"
    elif not outcome.passed:
        result = "fail"
    else:
        result = "changed" if changes else "pass"
    return Row(
        key=run.key,
        title=outcome.title,
        url=reverse("admin:guidelines_vignette_change", args=[pk]),
        run_url=reverse("admin:guideline_vignette_run", args=[pk]),
        result=result,
        parts=[_part(part, changes.get(part.name), words) for part in outcome.compared],
        faults=outcome.faults,
    )


def _part(part: Compared, was: tuple[str, ...] | None, words: Words) -> Part:
    return Part(
        title=PARTS[part.name],
        expected=words.said(part.name, part.expected),
        got=words.said(part.name, part.got),
        agrees=part.agrees,
        was=None if was is None else words.said(part.name, was),
    )


def _linked(version: ScenarioVersion, faults: Iterable[GateFault]) -> list[Fault]:
    return faults_of(version, [(fault.pointer, fault.message) for fault in faults])


def _coverage(version: ScenarioVersion, reaches: Iterable[Reach]) -> list[Covered]:
    """Return how far vignettes reach, list by list, with what none reaches."""
    lists: dict[str, list[Reach]] = {}
    for reach in reaches:
        lists.setdefault(reach.section, []).append(reach)
    missed = [reach for reach in reaches if not reach.by]
    links = dict(
        zip(
            (id(reach) for reach in missed),
            faults_of(version, [(reach.pointer, reach.what) for reach in missed]),
            strict=True,
        )
    )
    return [
        Covered(
            title=BY_NAME[name].title,
            reached=sum(bool(reach.by) for reach in found),
            total=len(found),
            missed=[links[id(reach)] for reach in found if not reach.by],
        )
        for name, found in lists.items()
    ]


def _replay(
    version: ScenarioVersion, ruleset: Any, in_use: Mapping[str, Any] | None, limit: int
) -> Replay | None:
    """Return how the latest consultations come out; nothing where the version cannot be asked."""
    if ruleset is None or not version.is_open:
        return None
    published = ruleset_of(in_use) if in_use else None
    today = timezone.localdate()
    return replay(version.scenario.slug, ruleset, published, limit=limit, today=today)
