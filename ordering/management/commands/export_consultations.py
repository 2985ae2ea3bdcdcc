"""`manage.py export_consultations`: the account of the consultations of a year, as CSV or JSON lines."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from ordering.quality.accounting import COLUMNS, consultations_of, rows_of
from portal import audit
from portal.models import Organisation
from portal.spreadsheets import csv_lines

FIRST_YEAR, LAST_YEAR = 2000, 9000


class Command(BaseCommand):
    """Write every consultation of a year with its criterion, adherence and requester; no patient data."""

    help = "Write every consultation of a year with criterion, adherence, requester and NPI; no patient data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which year, whose, and in which form."""
        parser.add_argument("--year", type=int, required=True, help="calendar year at the site")
        parser.add_argument("--organisation", help="short name of an organisation; default: all")
        parser.add_argument("--format", choices=["jsonl", "csv"], default="jsonl", help="default: jsonl")
        parser.add_argument("--output", help="file to write; default: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the lines, then say how many consultations they hold."""
        year = options["year"]
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise CommandError(f"{year} is no year to export. Write it with four digits.")
        organisation = None
        if options["organisation"]:
            organisation = Organisation.objects.filter(slug=options["organisation"]).first()
            if organisation is None:
                raise CommandError(f"There is no organisation “{options['organisation']}”.")
        organisation_id = organisation.pk if organisation else None
        count = 0

        def counted() -> Iterator[dict[str, Any]]:
            nonlocal count
            for row in rows_of(consultations_of(year, organisation_id=organisation_id)):
                count += 1
                yield row

        rows = counted()
        if options["format"] == "csv":
            lines = csv_lines(COLUMNS, (row.values() for row in rows))
        else:
            lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        with ExitStack() as opened:
            written: Any = self.stdout
            if options["output"]:
                try:
                    written = opened.enter_context(
                        Path(options["output"]).open("w", encoding="utf-8", newline="")
                    )
                except OSError as error:
                    raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from None
            opened.enter_context(audit.acting(audit.system("export_consultations")))
            opened.enter_context(transaction.atomic())
            for line in lines:
                written.write(line)
            audit.log(
                "consultations.exported",
                action="R",
                entity="consultation",
                organisation_id=organisation_id,
                detail={"year": year, "format": options["format"], "count": count},
            )
        self.stderr.write(f"{count} consultations of {year}, written {timezone.localtime():%d-%b-%Y %H:%M}.")
