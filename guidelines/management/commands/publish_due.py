"""`manage.py publish_due`: publish the versions whose time has come."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from guidelines.actions import publish_due
from portal import audit


class Command(BaseCommand):
    """Publish what is due. The worker does it by itself; this is for installations without one."""

    help = "Publish the scheduled versions whose time has come. May run at any time, and twice."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was published; nothing is an answer too."""
        with audit.acting(audit.system("publish_due")):
            published = publish_due()
        for version in published:
            self.stdout.write(f"{version} is published.")
        if not published:
            self.stdout.write("Nothing is due.")
