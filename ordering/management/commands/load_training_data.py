"""`manage.py load_training_data`: invented organisations, people, patients and orders."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from ordering import training
from portal import audit
from portal.private_files import read_private, write_private


class Command(BaseCommand):
    """Load the training data, only where PORTAL_TRAINING says that this is no production."""

    help = "Load the training data and write its sign-ins to training.json in the data folder."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse in production; else load what is missing and say where the sign-ins are."""
        if not settings.PORTAL_TRAINING:
            raise CommandError(
                "Training data is for training only: set PORTAL_TRAINING=true where it may be loaded."
            )
        path = settings.PORTAL_DATA_DIR / "training.json"
        with audit.acting(audit.system("load_training_data")):
            known = read_private(path)
            content = {"url": known.get("url", f"http://127.0.0.1:{settings.PORT}"), **training.load(known)}
        write_private(path, content)
        self.stdout.write(json.dumps({"training": str(path), "users": sorted(content["users"])}))
