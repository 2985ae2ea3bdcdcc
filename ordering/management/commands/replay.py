"""`manage.py replay`: give every stored case to the engine again; the stored advice must come out."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guidelines.engine import ENGINE_VERSION
from ordering.advice import replay
from ordering.models import Consultation


class Command(BaseCommand):
    """Replay stored consultations under their stored version and compare byte for byte."""

    help = "Replay stored consultations under their stored version; fails if any advice comes out otherwise."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Narrow what is replayed."""
        parser.add_argument("--scenario", help="slug of the scenario; default: all")
        parser.add_argument("--consultation", help="id of one consultation")

    def handle(self, *args: Any, **options: Any) -> None:
        """Count what agrees, and name every consultation that does not."""
        consultations = Consultation.objects.order_by("pk")
        if options["scenario"]:
            consultations = consultations.filter(scenario_slug=options["scenario"])
        if options["consultation"]:
            consultations = consultations.filter(pk=options["consultation"])
        replayed, different = 0, 0
        for consultation in consultations.iterator(chunk_size=500):
            replayed += 1
            if replay(consultation) != consultation.advice:
                different += 1
                self.stderr.write(
                    f"{consultation.pk}: given by engine {consultation.engine_version}, "
                    f"{consultation.digest}; engine {ENGINE_VERSION} says something else."
                )
        if different:
            raise CommandError(f"{different} of {replayed} stored advices came out otherwise.")
        if options["consultation"] and not replayed:
            raise CommandError("There is no such consultation.")
        self.stdout.write(f"{replayed} stored advices came out the same, byte for byte.")
