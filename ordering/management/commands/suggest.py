"""`manage.py suggest`: the advice for answers in a file, as every other surface gives it."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ordering import policies
from ordering.actions import record_consultation
from ordering.advice import Advised, advise
from ordering.exceptions import Refused
from ordering.models import Consultation, Via
from portal import audit
from portal.models import User
from portal.strict_json import StrictJSONError, loads


class Command(BaseCommand):
    """Print the suggestion for a scenario and answers; record the question only when told to."""

    help = "Print what the guideline suggests for answers in a JSON file (- for standard input)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the question, and who asks if it is to be recorded."""
        parser.add_argument("scenario", help="slug of a published scenario")
        parser.add_argument(
            "answers", help="a JSON file with each answer under its key; - for standard input"
        )
        parser.add_argument("--record-for", metavar="USERNAME", help="record it as asked by this clinician")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the suggestion, with its id when recorded; name every fault and fail otherwise."""
        answers = _read(options["answers"])
        try:
            advised = advise(slug=options["scenario"], answers=answers)
        except Refused as refused:
            faults = "\n".join(f"{fault.pointer}: {fault.message}" for fault in refused.refusals)
            raise CommandError(f"It cannot be answered:\n{faults}") from refused
        suggestion = advised.suggestion
        if options["record_for"]:
            suggestion |= {"id": str(_record(advised, options["record_for"]).pk)}
        self.stdout.write(json.dumps(suggestion, ensure_ascii=False, indent=2))


def _read(name: str) -> dict[str, Any]:
    """Return the answers of a file, read as strictly as those of the API."""
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from error
    try:
        answers = loads(raw)
    except StrictJSONError as fault:
        raise CommandError(f"{name}: {fault.message} {fault.pointer}".strip()) from fault
    if not isinstance(answers, dict):
        raise CommandError(f"{name}: give an object with each answer under its key.")
    return answers


def _record(advised: Advised, username: str) -> Consultation:
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None or user.organisation_id is None or not policies.may_order(user):
        raise CommandError(f"{username} is no clinician of an organisation.")
    with audit.acting(audit.actor_of(user, via=Via.COMMAND)):
        return record_consultation(advised=advised, by=user, via=Via.COMMAND)
