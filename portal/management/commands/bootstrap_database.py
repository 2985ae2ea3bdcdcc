"""`manage.py bootstrap_database`: make roles and database on an existing PostgreSQL, once."""

import os
from argparse import ArgumentParser
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from psycopg.conninfo import conninfo_to_dict

from portal.bootstrap import APP, OWNER, QUIET_LOG, Accounts, BootstrapError, bootstrap, password_in


class Command(BaseCommand):
    """Make the four roles and the database that DATABASE_URL and PORTAL_OWNER_DATABASE_URL name."""

    help = "Make the portal's roles and database. Reads names and passwords from the two database URLs."
    requires_system_checks: list[str] = []  # the database they would ask does not exist yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the superuser's URL; without passwords there, set PGPASSWORD or PGPASSFILE."""
        parser.add_argument("--superuser-url", required=True, help="postgresql://postgres@host:5432/postgres")
        parser.add_argument(
            "--auditor-password", help="or the variable PORTAL_AUDITOR_PASSWORD; else none is set"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make everything, or say in one line what is in the way."""
        app_url = self._url("DATABASE_URL", APP)
        owner_url = self._url("PORTAL_OWNER_DATABASE_URL", OWNER)
        database, owner_database = (conninfo_to_dict(url).get("dbname") for url in (app_url, owner_url))
        if not database or database != owner_database:
            raise CommandError("DATABASE_URL and PORTAL_OWNER_DATABASE_URL must name the same database.")
        accounts = Accounts(
            database=str(database),
            owner_password=password_in(owner_url),
            app_password=password_in(app_url),
            auditor_password=options["auditor_password"] or os.environ.get("PORTAL_AUDITOR_PASSWORD"),
        )
        try:
            bootstrap(superuser_url=options["superuser_url"], accounts=accounts)
            loud = self._loud_settings(options["superuser_url"])
        except BootstrapError as error:
            raise CommandError(str(error)) from error
        except psycopg.Error as error:
            raise CommandError(f"PostgreSQL refused: {str(error).splitlines()[0]}") from error
        self.stdout.write(f"Roles and database {database} are ready. Next: manage.py migrate")
        for name, value in loud.items():
            self.stderr.write(f"The server's log may show patient data: set {name} = {value}")

    def _url(self, variable: str, role: str) -> str:
        url = os.environ.get(variable, "")
        try:
            user = conninfo_to_dict(url).get("user")
        except psycopg.ProgrammingError:
            user = None
        if user != role:
            raise CommandError(f"Set {variable} to postgresql://{role}:PASSWORD@HOST:5432/DATABASE.")
        return url

    def _loud_settings(self, superuser_url: str) -> dict[str, str]:
        """Return the settings that let values of rows into the server's log, with what they should be."""
        with psycopg.connect(superuser_url, autocommit=True) as server:
            return {
                name: wanted
                for name, wanted in QUIET_LOG.items()
                if server.execute("SELECT current_setting(%s)", [name]).fetchone() != (wanted,)
            }
