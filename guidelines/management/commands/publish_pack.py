"""`manage.py publish_pack FILE`: take a pack that was reviewed elsewhere through the whole workflow."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from guidelines import packs
from guidelines.actions import import_pack, release
from guidelines.exceptions import ContentRefused, DraftExists, MoveRefused
from guidelines.exchange.reading import Form
from guidelines.models import RELEASED, ScenarioVersion
from portal import audit
from portal.models import User
from portal.roles import Role, has_role


class Command(BaseCommand):
    """Publish one content pack. Nothing is stored unless the whole pack is right and passes the gate."""

    help = (
        "Load a content pack, approve and publish it at once: to set a portal up with a scenario that it "
        "does not have yet, or under the name of an approver who answers for it. load_pack makes a draft."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the file and how far to go."""
        parser.add_argument("file", type=Path, help="the pack, a JSON file")
        parser.add_argument(
            "--approver", metavar="USERNAME", help="the approver who answers for publishing it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Report every fault with its place, or what was loaded."""
        try:
            data = options["file"].read_bytes()
        except OSError as fault:
            raise CommandError(f"{options['file']}: {fault.strerror}") from fault
        try:
            document = packs.read_pack(data)
            # one transaction: a draft that cannot be published is not left behind
            with audit.acting(audit.system("load_pack")), transaction.atomic():
                draft = import_pack(
                    document=document, by=None, file_name=options["file"].name, form=Form.JSON
                )
                approver = self._approver(draft, options["approver"])
                version = release(version=draft, editor=audit.system("load_pack"), approver=approver)
        except ContentRefused as refusal:
            faults = "\n".join(f"  {place or '/'}: {message}" for place, message in refusal.errors)
            raise CommandError(
                f"{options['file']} was not published, {len(refusal.errors)} fault(s):\n{faults}"
            ) from refusal
        except (DraftExists, MoveRefused) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{version} is {version.get_state_display().lower()}.")

    def _approver(self, version: ScenarioVersion, username: str | None) -> audit.Actor:
        """Return under whose name the pack is approved: not the one that loaded it.

        The first version of a scenario replaces nothing, and no patient was advised by it: setting a portal
        up needs nobody else. Later an approver has to answer for it, except in training.
        """
        if username:
            person = User.objects.filter(username=username).first()
            if person is None or not has_role(person, Role.APPROVER):
                raise CommandError(f"{username} is not an active user with the role {Role.APPROVER}.")
            return audit.actor_of(person, via="command")
        in_use = ScenarioVersion.objects.filter(scenario=version.scenario_id, state__in=RELEASED).exists()
        if in_use and not settings.PORTAL_TRAINING:
            raise CommandError(
                f"{version.scenario} is in use already. Load the pack as a draft and have it reviewed, or "
                "name the approver who answers for publishing it: --approver USERNAME."
            )
        return audit.system("pack-release")
