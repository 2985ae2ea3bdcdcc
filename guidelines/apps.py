"""Django app configuration of the guideline content."""

from django.apps import AppConfig

from portal import jobs

PUBLISH_DUE_SECONDS = 30  # between two looks at what is scheduled


class GuidelinesConfig(AppConfig):
    """Guideline content as rows, versions and packs."""

    name = "guidelines"
    verbose_name = "Guideline content"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the worker publish what is scheduled when its time has come."""
        from guidelines.actions import publish_due

        jobs.every(PUBLISH_DUE_SECONDS, "publish_due", publish_due)
