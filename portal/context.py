"""What every page may show beside its own content."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from portal import display_zone
from portal.help_sections import help_address
from portal.models import User
from portal.roles import Role, has_role
from portal.sign_in.sessions import seconds_of_idleness


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the main navigation. A page may name its own `key` as `nav` in its context.

    With shortcuts on, the keys G and `letter` after one another go there.
    """

    key: str
    label: str
    url: str
    current: bool
    letter: str = ""


LETTERS = {"worklist": "w", "orders": "o", "new-order": "n", "guidelines": "l", "administration": "a"}


def nav_items(request: HttpRequest) -> list[NavItem]:
    """Return the sections this person may open, in order; nobody signed in gets none.

    Current is the section with the longest address that the page's address begins with.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    clinician = has_role(user, Role.CLINICIAN)
    administers = has_role(user, Role.ADMINISTRATOR) and user.organisation_id is not None
    wanted = [
        ("worklist", _("Worklist"), "worklist", clinician),
        ("orders", _("Orders"), "order_list", clinician or has_role(user, Role.AUDITOR)),
        ("new-order", _("New order"), "patient_search", clinician),
        ("guidelines", _("Guidelines"), "guideline_list", True),
        ("quality", _("Quality"), "quality", _sees_quality(user)),
        ("tokens", _("Tokens"), "token_list", administers),
        ("webhooks", _("Webhooks"), "webhook_list", administers),
        ("administration", _("Administration"), "admin:index", user.is_staff),
    ]
    entries = [(key, label, _address(name)) for key, label, name, allowed in wanted if allowed]
    sections = [url for _key, _label, url in entries if url and _is_within(request.path, url)]
    here = max(sections, key=len, default="")
    return [
        NavItem(key, label, url, current=url == here, letter=LETTERS.get(key, ""))
        for key, label, url in entries
        if url
    ]


def _sees_quality(user: User | AnonymousUser) -> bool:
    """Return whether the person has a page of quality: of the own organisation, or of all as an editor."""
    at_work = getattr(user, "organisation_id", None) is not None
    return has_role(user, Role.EDITOR, Role.APPROVER) or (
        at_work and has_role(user, Role.CLINICIAN, Role.AUDITOR, Role.ADMINISTRATOR)
    )


def _address(name: str) -> str:
    """Return the address of a page by name, or nothing when this installation has no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _is_within(path: str, section: str) -> bool:
    return path == section if section == "/" else path.startswith(section)


def portal(request: HttpRequest) -> dict[str, object]:
    """Return what the frame of a page needs; the costlier parts are functions that only the frame calls."""
    navigation: Callable[[], list[NavItem]] = partial(nav_items, request)
    return {
        "training": settings.PORTAL_TRAINING,
        "nav_items": navigation,
        "help_url": partial(help_address, request),
        "time_zone_label": display_zone.label,
        "idle_seconds": seconds_of_idleness,
    }
