"""`manage.py audit verify | export | checkpoint`: prove the audit trail, take it along, sign its end."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from portal import audit
from portal.audit import checkpoints, verify
from portal.audit.export import Selection, chain_lines


class Command(BaseCommand):
    """Prove the audit trail, take it along, sign its end."""

    help = "Prove the audit trail (verify), take it along (export), sign its end (checkpoint)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one of three actions and what it needs."""
        actions = parser.add_subparsers(dest="action", required=True, metavar="verify | export | checkpoint")
        proving = actions.add_parser(
            "verify", help="Check every link; exits with 1 and names the first broken one."
        )
        proving.add_argument(
            "--checkpoints",
            type=Path,
            metavar="FILE",
            help="Check the chain against this file of checkpoints too.",
        )
        export = actions.add_parser(
            "export", help="Write JSON lines to standard output; docs/audit.md describes them."
        )
        export.add_argument(
            "--from", dest="since", type=_moment, metavar="TIME", help="Day or time, inclusive."
        )
        export.add_argument(
            "--to", dest="until", type=_moment, metavar="TIME", help="Day or time, exclusive."
        )
        export.add_argument(
            "--organisation", default="", metavar="ID", help="Events of this organisation only."
        )
        actions.add_parser(
            "checkpoint", help="Sign the end of the chain, in the database and in the data folder."
        )

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        """Run the action."""
        with audit.acting(audit.system(f"audit {action}")):
            try:
                getattr(self, f"_{action}")(options)
            except checkpoints.CheckpointError as error:
                raise CommandError(str(error)) from error

    def _verify(self, options: dict[str, Any]) -> None:
        faults = [str(fault) for fault in verify.chain_faults()]
        faults += verify.checkpoint_faults(options["checkpoints"])
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(f"The audit trail is not as it was written. First: {faults[0]}")
        self.stdout.write(f"{verify.length()} events, every one as it was written.")

    def _export(self, options: dict[str, Any]) -> None:
        selection = Selection(options["since"], options["until"], options["organisation"])
        audit.log(
            "export.made",
            action="R",
            entity="audit",
            detail={"via": "manage.py audit", **selection.to_dict()},
        )
        for line in chain_lines(selection):
            self.stdout.write(line, ending="")

    def _checkpoint(self, options: dict[str, Any]) -> None:
        made = checkpoints.make_checkpoint()
        self.stdout.write(made.to_line() if made else "The trail is empty: there is nothing to sign.")


def _moment(text: str) -> datetime.datetime:
    """Return the time that a day or an ISO 8601 time means; without an offset, in the portal's time zone."""
    try:
        day = parse_date(text)
        moment = datetime.datetime.combine(day, datetime.time()) if day else parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a day (2026-03-31) nor a time (2026-03-31T08:00)."
        )
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
