"""The portal app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """People, roles, the audit trail and what every page shares."""

    name = "portal"
    verbose_name = "People and audit"

    def ready(self) -> None:
        """Register the checks of settings, and let the audit trail follow who acts and who signs in."""
        from django.apps import apps

        from portal import checks  # noqa: F401
        from portal.audit.session import follow_actor
        from portal.sign_in.sessions import begin_sessions
        from portal.sign_in_audit import record_sign_ins

        follow_actor()
        record_sign_ins()
        begin_sessions()
        apps.get_app_config("mfa").verbose_name = "Sign-in"  # a heading of the admin; "MFA" is no word
