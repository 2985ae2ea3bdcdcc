"""`manage.py serve`: everything the portal needs, from the database to the first page, in one process."""

import io
import json
import os
import secrets
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from portal import supervisor
from portal.connections import use_addresses
from portal.embedded import EmbeddedPostgres
from portal.embedded_account import EmbeddedError
from portal.health import migrations_applied
from portal.private_files import read_private, write_private
from portal.roles import sync_roles

HOST = "127.0.0.1"
TRAINING_FILE = "training.json"


class Command(BaseCommand):
    """Start the database, bring it up to date, load the guidelines, and serve until Ctrl-C or SIGTERM."""

    help = "Run the portal, with its own PostgreSQL unless DATABASE_URL names a server."
    requires_system_checks: list[str] = []  # run below, when there is a database to check
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the port, for those who prefer it to the variable PORT."""
        parser.add_argument("--port", type=int, default=settings.PORT, help="default: PORT, else 8000")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve; leave with 0 after a clean stop, and with one line when something is missing."""
        supervisor.stop_on_signals()
        embedded: EmbeddedPostgres | None = None
        try:
            self.check()
            self._refuse_uncollected_files()
            reserved = supervisor.reserve(HOST, options["port"])
            settings.PORTAL_DATA_DIR.mkdir(parents=True, exist_ok=True)
            self._make_keys()
            app_url = None
            if not os.environ.get("DATABASE_URL"):
                embedded = EmbeddedPostgres(settings.PORTAL_DATA_DIR)
                addresses = embedded.start()
                app_url = addresses.app_url
                use_addresses(addresses)
                if settings.PORTAL_DATA_DIR not in addresses.cluster.parents:
                    self._say(f"PostgreSQL may not enter this folder; its data is in {addresses.cluster}.")
            self._prepare_database()
            url = f"http://{HOST}:{options['port']}"
            lines = self._load_training(url) if settings.PORTAL_TRAINING else []
            connections.close_all()
            supervisor.keep_serving(
                reserved,
                supervisor.web_environment(app_url),
                keep_database=lambda: self._keep(embedded),
                ready=lambda: self._announce(url, lines),
            )
        except supervisor.Stopped:
            self._say("Stopping.")
        except (EmbeddedError, supervisor.PortInUse, supervisor.WebServerFailed) as error:
            raise CommandError(str(error)) from error
        except (OperationalError, psycopg.OperationalError) as error:
            raise CommandError(
                "The database does not answer: check DATABASE_URL and that the server runs."
            ) from error
        finally:
            supervisor.ignore_signals()
            connections.close_all()
            if embedded is not None:
                embedded.stop()

    # --- steps -------------------------------------------------------------------------------------------

    def _refuse_uncollected_files(self) -> None:
        """In production static files are served as collected; without them no page could be shown."""
        if not settings.WHITENOISE_USE_FINDERS and not (settings.STATIC_ROOT / "staticfiles.json").exists():
            raise CommandError("The static files are not collected: run manage.py collectstatic first.")

    def _make_keys(self) -> None:
        """Make the keys of a local run once, so that sessions and checkpoints outlive a restart."""
        path: Path = settings.PORTAL_DATA_DIR / "keys.json"
        keys = read_private(path)
        if not {"secret_key", "audit_key"} <= keys.keys():
            keys = {"secret_key": secrets.token_urlsafe(50), "audit_key": secrets.token_urlsafe(50), **keys}
            write_private(path, keys)
        for variable, key in (("PORTAL_SECRET_KEY", "secret_key"), ("PORTAL_AUDIT_KEY", "audit_key")):
            if not os.environ.get(variable):
                setattr(
                    settings, variable.removeprefix("PORTAL_") if key == "secret_key" else variable, keys[key]
                )

    def _prepare_database(self) -> None:
        """Migrate what is not yet migrated, make the groups, publish the guidelines that are shipped."""
        from portal.audit import acting, system

        if "owner" not in settings.DATABASES:
            if not migrations_applied():
                raise CommandError(
                    "The database is not up to date: set PORTAL_OWNER_DATABASE_URL, or run migrate."
                )
        elif not migrations_applied("owner"):
            self._say("Making the database ...")
            call_command("migrate", verbosity=0, interactive=False)
        with acting(system("serve")):
            sync_roles()
            self._publish_shipped_guidelines()

    def _publish_shipped_guidelines(self) -> None:
        """Publish each content pack whose scenario has no version yet; what editors made since stays."""
        from guidelines.models import ScenarioVersion
        from guidelines.packs import shipped

        known = set(ScenarioVersion.objects.values_list("scenario__slug", flat=True))
        for path in shipped():
            if json.loads(path.read_text(encoding="utf-8"))["scenario"]["slug"] not in known:
                call_command("publish_pack", str(path), verbosity=0, stdout=io.StringIO())

    def _load_training(self, url: str) -> list[str]:
        """Load the invented patients once, write down how to sign in, and return it as lines."""
        from ordering import training
        from portal.audit import acting, system

        path: Path = settings.PORTAL_DATA_DIR / TRAINING_FILE
        with acting(system("serve")):
            content = {"url": url, **training.load(read_private(path))}
        write_private(path, content)
        lines = ["Training data: the patients are invented.", ""]
        for who, account in content["users"].items():
            lines.append(f"  {who:<13} {account['username']:<16} {account['password']}")
        return [*lines, "", f"  API token     {content['api_token']}", f"  All of this   {path}", ""]

    def _keep(self, embedded: EmbeddedPostgres | None) -> None:
        """Start the embedded server again when it was killed; orders wait for it, and are not lost."""
        if embedded is not None and not embedded.running():
            self._say("The database had stopped; starting it again.")
            embedded.start()

    def _announce(self, url: str, lines: list[str]) -> None:
        for line in ("", f"The portal is at {url} - Ctrl-C stops it.", "", *lines):
            self._say(line)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        sys.stdout.flush()
