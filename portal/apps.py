"""The portal app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """People, roles, the audit trail and what every page shares."""

    name = "portal"
    verbose_name = "People and audit"

    def ready(self) -> None:
        """Register the checks of settings."""
        from portal import checks  # noqa: F401
