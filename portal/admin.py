"""The admin pages of the portal: people, organisations and tokens, and the audit trail.

Pages that other packages bring are taken off: they know no organisations, and some show secrets.
"""

from importlib import import_module

from django.contrib import admin

_FOREIGN = (
    "django.contrib.auth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "knox",
    "procrastinate.contrib.django",
)

for package in _FOREIGN:
    import_module(f"{package}.admin")  # registers its pages; importing it again, as Django does, does not
for model in list(admin.site._registry):
    if any(model.__module__.startswith(f"{package}.") for package in _FOREIGN):
        admin.site.unregister(model)

from portal import admin_audit, admin_people, admin_tokens  # noqa: E402

__all__ = ["admin_audit", "admin_people", "admin_tokens"]
