"""Who may do what with patients and orders: one function for each question, for every surface."""

from __future__ import annotations

from portal.models import User
from portal.roles import Role, has_role


def may_order(user: User) -> bool:
    """Draft, sign, cancel, record findings: a clinician of an organisation."""
    return user.organisation_id is not None and has_role(user, Role.CLINICIAN)


def may_read_orders(user: User) -> bool:
    """Read the organisation's patients and orders: its clinicians and its auditors."""
    return user.organisation_id is not None and (
        has_role(user, Role.CLINICIAN) or has_role(user, Role.AUDITOR)
    )


def may_read_trail(user: User) -> bool:
    """Read the audit trail of an order of the organisation."""
    return may_read_orders(user)


def may_preview(user: User) -> bool:
    """Look at a guideline that is not in use, as clinicians would see it: editors and approvers."""
    return user.is_active and (user.is_superuser or has_role(user, Role.EDITOR, Role.APPROVER))


def may_ask(user: User) -> bool:
    """Ask for advice without a patient: whoever may see content."""
    return user.is_active


def may_manage_webhooks(user: User) -> bool:
    """Manage the organisation's webhooks in the portal: its administrators."""
    return user.organisation_id is not None and has_role(user, Role.ADMINISTRATOR)


def may_use_webhooks_api(user: User) -> bool:
    """Manage webhooks with a token of that scope; an administrator may give one to a clinician."""
    return user.organisation_id is not None and has_role(user, Role.ADMINISTRATOR, Role.CLINICIAN)
