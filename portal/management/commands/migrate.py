"""`migrate` as the owner of the database: the portal's own role may not change the schema."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate

from portal.roles import sync_roles

OWNER_ALIAS = "owner"


class Command(DjangoMigrate):
    """Django's command, with `--database owner` unless told otherwise; then the groups of `portal.roles`."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Take Django's arguments with another default."""
        super().add_arguments(parser)
        parser.set_defaults(database=OWNER_ALIAS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, then make the groups say what `portal.roles` says."""
        if options["database"] == OWNER_ALIAS and OWNER_ALIAS not in settings.DATABASES:
            raise CommandError("Set PORTAL_OWNER_DATABASE_URL: only portal_owner may change the schema.")
        super().handle(*args, **options)
        whole = options["app_label"] is None and not (options["plan"] or options["check_unapplied"])
        if whole:
            sync_roles(using=options["database"])
