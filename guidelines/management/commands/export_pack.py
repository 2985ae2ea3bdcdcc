"""`manage.py export_pack [SLUG ...]`: write published versions as content packs."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from guidelines import actions
from guidelines.exchange.reading import Form, form_of
from guidelines.exchange.writing import file_text, in_use
from guidelines.models import RELEASED, ScenarioVersion, State
from portal import audit


class Command(BaseCommand):
    """Write packs to a file or to standard output, in memory for one at a time."""

    help = (
        "Write the published versions of scenarios as content packs: those that are named, or with --all "
        "every one. Drafts are never written."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the scenarios and the file."""
        parser.add_argument("slugs", nargs="*", metavar="SLUG", help="the scenarios")
        parser.add_argument("--all", action="store_true", help="every scenario in use")
        parser.add_argument(
            "--version-number",
            type=int,
            metavar="N",
            help="this version of the one scenario, also a superseded or withdrawn one",
        )
        parser.add_argument(
            "--format",
            choices=[form.value for form in Form],
            help="json, jsonl or yaml; by default what the name of the file says",
        )
        parser.add_argument("--output", type=Path, metavar="FILE", help="by default standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file whole, or leave what was there."""
        slugs, output = options["slugs"], options["output"]
        if bool(slugs) == options["all"]:
            raise CommandError("Name the scenarios, or say --all.")
        if options["version_number"] is not None and len(slugs) != 1:
            raise CommandError("--version-number is of one scenario.")
        form = Form(options["format"] or (form_of(output.name, b"{") if output else Form.JSON))
        versions = in_use() if options["all"] else iter(self._named(slugs, options["version_number"]))
        name = output.name if output else f"standard output.{form}"
        with audit.acting(audit.system("export_pack")):
            texts = file_text(_recorded(versions, name, form), form)
            if output is None:
                for text in texts:
                    self.stdout.write(text, ending="")
                return
            unfinished = output.with_name(f".{output.name}.{os.getpid()}")
            try:
                with unfinished.open("w", encoding="utf-8", newline="\n") as file:
                    file.writelines(texts)
                unfinished.replace(output)
            except OSError as fault:
                raise CommandError(f"{output}: {fault.strerror}") from fault
            finally:
                unfinished.unlink(missing_ok=True)
        if options["verbosity"]:
            sys.stderr.write(f"{output} is written.\n")

    @staticmethod
    def _named(slugs: list[str], number: int | None) -> list[ScenarioVersion]:
        versions = ScenarioVersion.objects.filter(scenario__slug__in=slugs).select_related("scenario")
        if number is None:
            found = list(versions.filter(state=State.PUBLISHED).order_by("scenario__slug"))
        else:
            found = list(versions.filter(state__in=RELEASED, number=number))
        missing = sorted(set(slugs) - {version.scenario.slug for version in found})
        if missing:
            what = "version of" if number is None else f"version {number} of"
            raise CommandError(f"There is no published {what} {', '.join(missing)}.")
        return found


def _recorded(versions: Iterator[ScenarioVersion], name: str, form: Form) -> Iterator[ScenarioVersion]:
    """Yield the versions, and keep of each that it left."""
    for version in versions:
        yield version
        actions.record_export(version=version, by=None, file_name=name, form=form)
