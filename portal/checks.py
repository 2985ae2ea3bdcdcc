"""Checks of settings: a wrong value fails `manage.py check` with a hint, not the first request."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning


@register()
def settings_are_sound(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return one error for every environment variable that settings could not use."""
    return [
        Error(f"{fault.variable}: {fault.message}", hint=fault.hint, id="portal.E001")
        for fault in settings.SETTING_FAULTS
    ]


@register(deploy=True)
def production_is_configured(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return what a production portal still lacks: keys that survive a restart, and its database."""
    messages: list[CheckMessage] = []
    for variable, hint in (
        ("PORTAL_SECRET_KEY", "Set it to 50 or more random characters; it signs sessions."),
        ("PORTAL_AUDIT_KEY", "Set it to 32 or more random characters, kept outside the database."),
        (
            "DATABASE_URL",
            "Set it to the connection of portal_app; `manage.py bootstrap_database` makes the role.",
        ),
    ):
        if variable in settings.MISSING_FOR_PRODUCTION:
            messages.append(CheckWarning(f"{variable} is not set.", hint=hint, id="portal.W001"))
    if settings.PORTAL_TRAINING:
        messages.append(
            CheckWarning(
                "PORTAL_TRAINING is on: invented patients, known passwords.",
                hint="Unset it where real patients are.",
                id="portal.W002",
            )
        )
    if settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK:
        messages.append(
            CheckWarning(
                "PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK is on: whoever reaches this machine itself, such as a "
                "proxy on it, can ask without a token.",
                hint="Unset it where real patients are; register the EHR with its keys instead.",
                id="portal.W003",
            )
        )
    if settings.PORTAL_WEBHOOK_LOOPBACK:
        messages.append(
            CheckWarning(
                "PORTAL_WEBHOOK_LOOPBACK is on: whoever manages webhooks can have this machine call itself.",
                hint="Unset it where real patients are.",
                id="portal.W004",
            )
        )
    return messages
