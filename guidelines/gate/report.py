"""The publish gate: everything that keeps a version from being published, each with its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from guidelines import packs, snapshot
from guidelines.engine import canonical_json, digest_of
from guidelines.exceptions import ContentRefused
from guidelines.gate.reach import unreachable
from guidelines.gate.vignettes import Reach, Run, asked, coverage, ruleset_of, run_all
from guidelines.gate.words import Words
from guidelines.models import ScenarioVersion, State

REMEMBERED = 32  # reports that a process keeps; each belongs to two digests and a day

OVERDUE = "overdue"
NO_SOURCE = "choose the source that clinicians see under every suggestion"


@dataclass(frozen=True, slots=True)
class GateFault:
    """Something that keeps a version back. `pointer` is its place in the scenario document."""

    code: str  # content, overdue, licence, source, no-vignettes, vignette or unreachable
    pointer: str
    message: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A vignette that passes, but is answered otherwise than by the version in use."""

    key: str
    title: str
    pointer: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate says about one content: faults keep it back, notes do not."""

    faults: tuple[GateFault, ...]
    notes: tuple[GateFault, ...]
    runs: tuple[Run, ...]
    reaches: tuple[Reach, ...]
    compared_with_published: bool
    changed: tuple[Changed, ...]  # the passing vignettes whose answer is not that of the version in use


def report_of(version: ScenarioVersion, document: dict[str, Any] | None = None) -> GateReport:
    """Return what the gate says about a version as it is now.

    Reads the content with one query a list, unless the caller has its `document` already. What follows from
    it is remembered in the process by the content, the content in use, and the day.
    """
    document = document or snapshot.document_of(version)
    return report_on(document, in_use_document(version), today=timezone.localdate())


def report_on(document: dict[str, Any], in_use: dict[str, Any] | None = None, *, today: date) -> GateReport:
    """Return what the gate says about a content that would follow the content in use, if there is one."""
    return _report(canonical_json(document), canonical_json(in_use) if in_use else "", today)


def faults_of(version: ScenarioVersion) -> list[GateFault]:
    """Return what keeps a version from being approved and published; nothing is the empty list."""
    return list(report_of(version).faults)


def changed_vignettes(version: ScenarioVersion) -> list[Changed]:
    """Return the passing vignettes that the version in use answers otherwise: approvers acknowledge each."""
    return list(report_of(version).changed)


def check(
    version: ScenarioVersion,
    *,
    document: dict[str, Any] | None = None,
    acknowledged: Iterable[str] = (),
    overdue_allowed: bool = False,
) -> None:
    """Refuse a version that may not be published. Raises ContentRefused with every fault and its place.

    `acknowledged` are the keys of the changed vignettes that an approver has looked at. `overdue_allowed`
    lets a review date pass that lies behind: for the first publication of a pack that ships.
    """
    report = report_of(version, document)
    faults = [
        (fault.pointer, fault.message)
        for fault in report.faults
        if not (overdue_allowed and fault.code == OVERDUE)
    ]
    seen = set(acknowledged)
    faults += [
        (changed.pointer, "is answered otherwise than by the version in use: acknowledge the change")
        for changed in report.changed
        if changed.key not in seen
    ]
    if faults:
        raise ContentRefused(faults)


def in_use_document(version: ScenarioVersion) -> dict[str, Any] | None:
    """Return the content in use of the version's scenario, unless that is the version itself."""
    row = (
        ScenarioVersion.objects.filter(scenario_id=version.scenario_id, state=State.PUBLISHED)
        .exclude(pk=version.pk)
        .values_list("snapshot", flat=True)
        .first()
    )
    return json.loads(row) if row else None


def content_faults(document: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what the schema and the engine refuse, with each place in the scenario document."""
    try:
        packs.check_pack(packs.envelope(document))
    except ContentRefused as refusal:
        faults = [(place.removeprefix("/scenario"), message) for place, message in refusal.errors]
        if document["primary_source"] is None:  # a draft may lack it, which no pack can
            faults = [fault for fault in faults if fault[0] != "/primary_source"]
            faults.insert(0, ("/primary_source", NO_SOURCE))
        return faults
    return []


@lru_cache(maxsize=REMEMBERED)
def _report(content: str, in_use: str, today: date) -> GateReport:
    document: dict[str, Any] = json.loads(content)
    published = ruleset_of(json.loads(in_use)) if in_use else None
    faults = [GateFault("content", pointer, message) for pointer, message in content_faults(asked(document))]
    faults += _of_the_version(document, today)
    notes: list[GateFault] = []
    runs: list[Run] = []
    reaches: list[Reach] = []
    ruleset = ruleset_of(document, digest=digest_of(document))
    if ruleset is not None:
        runs = run_all(document, ruleset, published, today=today)
        faults += _of_vignettes(runs, document)
        for found in unreachable(document, ruleset):
            fault = GateFault("unreachable", found.pointer, found.message)
            (faults if found.decided else notes).append(fault)
        reaches = coverage(document, ruleset, today=today)
        notes += [
            GateFault("not-reached", reach.pointer, f"No vignette reaches this: {reach.what}.")
            for reach in reaches
            if not reach.by
        ]
    # the shape of vignettes is the schema's to judge, beside what running them said already
    known = {fault.pointer for fault in faults}
    faults += [
        GateFault("content", pointer, message)
        for pointer, message in (content_faults(document) if not faults else [])
        if pointer not in known
    ]
    return GateReport(
        tuple(faults),
        tuple(notes),
        tuple(runs),
        tuple(reaches),
        published is not None,
        tuple(_changed(runs, document)),
    )


def _of_the_version(document: Mapping[str, Any], today: date) -> Iterator[GateFault]:
    """Yield what is missing for the version as a whole: date of review, licence, source, vignettes."""
    due = date.fromisoformat(document["review_due_on"])
    if due <= today:
        yield GateFault(
            OVERDUE,
            "/review_due_on",
            f"The review was due on {date_format(due, 'd-M-Y')}. Look at the content, then set a new date.",
        )
    if not document["licence"].strip():
        yield GateFault("licence", "/licence", "Say under which licence the content may be used.")
    if not any(source["reviewed_on"] for source in document["sources"]):
        yield GateFault(
            "source", "/sources", "At least one source must say when it was reviewed, and none does."
        )
    if not document.get("vignettes"):
        yield GateFault(
            "no-vignettes",
            "/vignettes",
            "Add at least one vignette: an invented patient with the answer that must come out.",
        )


def _of_vignettes(runs: Iterable[Run], document: Mapping[str, Any]) -> Iterator[GateFault]:
    """Yield a fault for each vignette that cannot be asked or is answered otherwise than it expects."""
    words = Words(document)
    for run in runs:
        for said in run.outcome.faults:
            yield GateFault("vignette", run.pointer, f"Cannot be asked. {said}.")
        for part in run.outcome.compared:
            if not part.agrees:
                yield GateFault("vignette", run.pointer, words.failure(part))


def _changed(runs: Iterable[Run], document: Mapping[str, Any]) -> Iterator[Changed]:
    """Yield the passing vignettes that the version in use answers otherwise."""
    words = Words(document)
    for run in runs:
        if run.changes and run.outcome.passed:
            told = tuple(words.change(change.name, change.was, change.now) for change in run.changes)
            yield Changed(run.key, run.outcome.title, run.pointer, told)
