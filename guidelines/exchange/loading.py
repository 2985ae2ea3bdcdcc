"""Loading the packs of a file one after the other: each becomes a draft, or it is said why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from guidelines import actions
from guidelines.exceptions import ContentRefused, DraftExists
from guidelines.exchange.faults import PackFault
from guidelines.exchange.planning import Outcome, Plan, plan_of
from guidelines.exchange.reading import Form, read_packs
from guidelines.models import ScenarioVersion
from portal.models import User


@dataclass(frozen=True, slots=True)
class Handled:
    """One pack of a file: its faults, or what it would do, or the draft that it became."""

    number: int
    line: int
    faults: list[PackFault] = field(default_factory=list)
    plan: Plan | None = None
    draft: ScenarioVersion | None = None
    open_version: ScenarioVersion | None = None  # in the way

    @property
    def slug(self) -> str:
        """Return the scenario; empty where the pack could not be read."""
        return str(self.plan.document["slug"]) if self.plan else ""

    @property
    def refused(self) -> bool:
        """Return whether somebody has to do something before it can be loaded."""
        return bool(self.faults) or (self.plan is not None and self.plan.outcome is Outcome.CONFLICT)


def look_at(file: IO[bytes], form: Form) -> Iterator[Handled]:
    """Yield what loading each pack of a file would do. Stores nothing."""
    for read in read_packs(file, form):
        plan = None if read.document is None else plan_of(read.document)
        open_version = plan.open_version if plan else None
        yield Handled(read.number, read.line, read.faults, plan, open_version=open_version)


def load(
    file: IO[bytes], form: Form, *, by: User | None, file_name: str, skip_unchanged: bool = False
) -> Iterator[Handled]:
    """Load each pack of a file as a draft, in a transaction each, and yield what became of it.

    Where a draft is open, nothing is overwritten. With `skip_unchanged`, a pack that says what the version
    in use says makes no draft either.
    """
    for seen in look_at(file, form):
        if seen.plan is None or not seen.plan.loads or (skip_unchanged and seen.plan.outcome is Outcome.SAME):
            yield seen
            continue
        try:
            draft = actions.import_pack(
                document=seen.plan.document, by=by, file_name=file_name, form=form, checked=True
            )
        except ContentRefused as refusal:
            faults = [PackFault(seen.line, f"/scenario{place}", said) for place, said in refusal.errors]
            yield Handled(seen.number, seen.line, faults, seen.plan)
        except DraftExists as refusal:  # somebody was quicker
            again = Plan(seen.plan.document, Outcome.CONFLICT, seen.plan.against, refusal.version)
            yield Handled(seen.number, seen.line, [], again, open_version=refusal.version)
        else:
            yield Handled(seen.number, seen.line, [], seen.plan, draft)
