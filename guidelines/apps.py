"""Django app configuration of the guideline content."""

from django.apps import AppConfig


class GuidelinesConfig(AppConfig):
    """Guideline content as rows, versions and packs."""

    name = "guidelines"
    verbose_name = "Guideline content"
    default_auto_field = "django.db.models.BigAutoField"
