"""`manage.py load_pack FILE`: check content packs and load each as a draft."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from guidelines.exchange.loading import Handled, load, look_at
from guidelines.exchange.planning import Outcome, Plan
from guidelines.exchange.reading import Form, form_of
from portal import audit

_EVERY_SECONDS = 5  # between two lines of progress
_MOST_AT_THE_END = 200  # lines of what was refused; more are said as they come


class Command(BaseCommand):
    """Load the packs of a file, in a transaction each. A pack is loaded whole or not at all."""

    help = (
        "Check the content packs of a file, JSON, JSON Lines or YAML, one or thousands, and load each as a "
        "draft; nothing is published. With --dry-run, only say what would change."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the file and how far to go."""
        parser.add_argument("file", type=Path, help="the file with one or more packs")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and store nothing")
        parser.add_argument(
            "--skip-unchanged",
            action="store_true",
            help="make no draft of a pack that says what the version in use says",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Report every pack with its faults or its outcome, progress between, and a summary."""
        path: Path = options["file"]
        self.refused: list[str] = []
        self.last = ""
        try:
            with path.open("rb") as file:
                refused, faults = self._packs(file, path, options)
        except OSError as fault:
            raise CommandError(f"{path}: {fault.strerror}") from fault
        if refused:
            what = "was" if refused == 1 else f": {refused} packs were"
            said = "".join(f"\n  {line}" for line in self.refused)
            raise CommandError(f"{path.name} {what} not loaded, {faults} fault(s):{said}")

    def _packs(self, file: IO[bytes], path: Path, options: dict[str, Any]) -> tuple[int, int]:
        """Handle each pack; return how many were refused, and for how many faults."""
        form = form_of(path.name, file.read(256))
        file.seek(0)
        size, begun = max(path.stat().st_size, 1), time.monotonic()
        told = begun
        outcomes: Counter[str] = Counter()
        refused = faults = 0
        with audit.acting(audit.system("load_pack")):
            for handled in self._handled(file, form, path.name, options):
                refused += handled.refused
                faults += len(handled.faults) or handled.refused
                outcomes[_outcome(handled)] += 1
                self._tell(handled, dry_run=options["dry_run"], loud=options["verbosity"] > 1)
                if time.monotonic() - told > _EVERY_SECONDS:
                    told = time.monotonic()
                    rate = outcomes.total() / (told - begun)
                    part = 100 * file.tell() // size
                    self.stderr.write(f"{outcomes.total()} packs, {part} % of the file, {rate:.1f} a second")
        if outcomes == {Outcome.HERE_ALREADY: 1}:  # of one pack, that is what somebody has to know
            refused, faults = 1, 1
            self._refuse(self.last)
        summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        ending = " Nothing was stored." if options["dry_run"] else ""
        self.stdout.write(f"Packs: {summary}.{ending}")
        return refused, faults

    @staticmethod
    def _handled(file: IO[bytes], form: Form, name: str, options: dict[str, Any]) -> Any:
        if options["dry_run"]:
            return look_at(file, form)
        return load(file, form, by=None, file_name=name, skip_unchanged=options["skip_unchanged"])

    def _tell(self, handled: Handled, *, dry_run: bool, loud: bool) -> None:
        """Say what has to be said of a pack; of one that went well, only when asked or of the first."""
        name = f"Pack {handled.number}{f' ({handled.slug})' if handled.slug else ''}"
        for fault in handled.faults:
            self._refuse(f"{name}: {fault}")
        if handled.faults or handled.plan is None:
            return
        if handled.open_version is not None:
            where = handled.open_version
            said = f"{name}: {handled.plan.outcome}, {where.scenario} already has an open draft, {where}."
            self.last = said
            if handled.refused:
                self._refuse(said)
            elif loud:
                self.stdout.write(said)
        elif handled.draft is not None and (loud or handled.number == 1):
            self.stdout.write(f"{handled.draft} loaded as {handled.draft.get_state_display().lower()}.")
        elif dry_run:
            self._difference(name, handled.plan)

    def _refuse(self, line: str) -> None:
        if len(self.refused) < _MOST_AT_THE_END:
            self.refused.append(line)
        else:
            self.stderr.write(line)

    def _difference(self, name: str, plan: Plan) -> None:
        against = f" against {plan.against}" if plan.against else ""
        counts = ", ".join(
            f"{len(value)} {name.replace('_', ' ')}"
            for name, value in plan.document.items()
            if isinstance(value, list)
        )
        self.stdout.write(f"{name} is right: {plan.outcome}{against}. It holds {counts}.")
        difference = plan.difference()
        for change in difference.changes if difference else ():
            place = ", ".join(part for part in (change.list, change.row, change.field) if part)
            self.stdout.write(f"  {change.kind}: {place}")
            for sign, text in (("-", change.old), ("+", change.new)):
                if text:
                    self.stdout.write(f"    {sign} {text}")


def _outcome(handled: Handled) -> str:
    if handled.draft is not None:
        return "loaded as a draft"
    if handled.faults or handled.plan is None:
        return "with faults"
    return handled.plan.outcome
