"""Who may look at quality, and at whose. docs/quality.md says it for people."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ordering import policies
from portal.models import User
from portal.roles import Role, has_role

ALL = "all"  # name of all organisations together; no organisation has it as its short name alone


@dataclass(frozen=True, slots=True)
class Place:
    """Whose orders can be looked at: one organisation, or with None all of them together."""

    name: str
    label: str
    organisation_id: int | None


def may_see_quality(user: User) -> bool:
    """See measures, which hold no patient data: everybody whose role has to do with orders or content."""
    return bool(places_of(user))


def may_read_typed(user: User) -> bool:
    """Read single phrases that clinicians typed: whoever may read the orders they stand in."""
    return policies.may_read_orders(user)


def may_see_account(user: User) -> bool:
    """See the account of an organisation's requesters, in numbers: its auditors and administrators."""
    return user.organisation_id is not None and has_role(user, Role.AUDITOR, Role.ADMINISTRATOR)


def may_export_account(user: User) -> bool:
    """Take the consultations of the organisation along, one by one: its auditors."""
    return user.organisation_id is not None and has_role(user, Role.AUDITOR)


def may_have_account(user: User) -> bool:
    """Have an account of one's own consultations: who may order."""
    return policies.may_order(user)


def places_of(user: User) -> list[Place]:
    """Return whose quality a person may see, the one shown at first before others.

    The people of an organisation see their own. Editors and approvers write for all, and see all together,
    never one of them: what differs between two looks could be one organisation's patients.
    """
    places = []
    if user.organisation is not None and has_role(user, Role.CLINICIAN, Role.AUDITOR, Role.ADMINISTRATOR):
        places.append(Place(user.organisation.slug, user.organisation.name, user.organisation.pk))
    elif has_role(user, Role.EDITOR, Role.APPROVER):
        places.append(Place(ALL, _("All organisations together"), None))
    return places
