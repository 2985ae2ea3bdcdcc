"""`manage.py workflow_page`: write docs/guideline-workflow.md from the table of moves."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from guidelines.workflow_page import page


class Command(BaseCommand):
    """Write the page with the diagram of the workflow."""

    help = "Write docs/guideline-workflow.md, with its diagram, from guidelines/workflow.py."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        path = settings.BASE_DIR / "docs" / "guideline-workflow.md"
        path.write_text(page(), encoding="utf-8")
        self.stdout.write(f"{path.relative_to(settings.BASE_DIR)} is written.")
