"""Who may do what: roles are Django groups, and the table below is all their permissions.

A clinician orders for the own organisation's patients; an editor writes guidelines and an approver publishes
them, for all organisations and without seeing a patient; an auditor reads orders and the trail of the own
organisation; an administrator manages people and tokens and sees no patient either.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models import Q

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from portal.models import User


class Role(StrEnum):
    """The roles; a person may hold several."""

    CLINICIAN = "clinician"  # drafts, signs and cancels orders, records findings
    EDITOR = "editor"  # writes drafts of guidelines and submits them
    APPROVER = "approver"  # approves what others wrote, publishes and withdraws it
    AUDITOR = "auditor"  # reads orders and the audit trail
    ADMINISTRATOR = "administrator"  # manages people, tokens and webhooks


READ, WRITE = ("view",), ("view", "add", "change")
ALL = ("view", "add", "change", "delete")

# role -> (app or app.model -> what it may do with those rows)
PERMISSIONS: dict[Role, dict[str, tuple[str, ...]]] = {
    Role.CLINICIAN: {"guidelines": READ, "ordering": WRITE},
    Role.EDITOR: {"guidelines": ALL, "guidelines.scenarioversion": (*WRITE, "submit", "discard")},
    Role.APPROVER: {
        "guidelines": READ,
        "guidelines.scenarioversion": (
            *READ,
            *("request_changes", "approve", "publish", "schedule", "unschedule", "withdraw"),
        ),
    },
    Role.AUDITOR: {"guidelines": READ, "ordering": READ, "portal.auditevent": READ},
    Role.ADMINISTRATOR: {
        "portal.organisation": WRITE,
        "portal.user": WRITE,
        "portal.apitoken": ALL,
        "ordering.cdsclient": WRITE,
        "mfa.authenticator": ("view", "delete"),
    },
}
STAFF = frozenset({Role.EDITOR, Role.APPROVER, Role.AUDITOR, Role.ADMINISTRATOR})  # work in the admin


def roles_of(user: "User | AnonymousUser") -> frozenset[Role]:
    """Return the roles of a person; asks the database once per instance."""
    cached: frozenset[Role] | None = getattr(user, "_roles", None)
    if cached is None:
        names = set(user.groups.values_list("name", flat=True)) if user.is_authenticated else set()
        cached = frozenset(role for role in Role if role.value in names)
        user._roles = cached  # type: ignore[union-attr]
    return cached


def has_role(user: "User | AnonymousUser", *roles: Role) -> bool:
    """Return whether the person is active and holds one of the roles. Superusers hold none by being so."""
    return bool(user.is_active) and not roles_of(user).isdisjoint(roles)


def give_roles(*, user: "User", roles: Iterable[Role]) -> None:
    """Make these the roles of the person, and open the admin to those who work there."""
    wanted = frozenset(roles)
    with transaction.atomic():
        user.groups.set(Group.objects.filter(name__in=[role.value for role in wanted]))
        is_staff = user.is_superuser or not wanted.isdisjoint(STAFF)
        if user.is_staff != is_staff:
            user.is_staff = is_staff
            user.save(update_fields=["is_staff"])
    user._roles = wanted  # type: ignore[attr-defined]


def sync_roles(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Make the groups hold exactly the permissions of the table; writes only what differs."""
    with transaction.atomic(using=using):
        for role, table in PERMISSIONS.items():
            group, _ = Group.objects.using(using).get_or_create(name=role.value)
            wanted = set(_permissions(table, using))
            held = set(group.permissions.using(using).values_list("pk", flat=True))
            group.permissions.remove(*held - wanted)
            group.permissions.add(*wanted - held)


def _permissions(table: dict[str, tuple[str, ...]], using: str) -> Iterable[int]:
    """Return the keys of the permissions that a row of the table means."""
    condition = Q(pk__in=[])
    for label, actions in table.items():
        for model in _models(label):
            content_type = ContentType.objects.db_manager(using).get_for_model(
                model, for_concrete_model=False
            )
            names = [f"{action}_{model._meta.model_name}" for action in actions]
            condition |= Q(content_type=content_type, codename__in=names)
    return Permission.objects.using(using).filter(condition).values_list("pk", flat=True)


def _models(label: str) -> list[type[models.Model]]:
    app_label, _, name = label.partition(".")
    return [apps.get_model(label)] if name else list(apps.get_app_config(app_label).get_models())
