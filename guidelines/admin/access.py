"""Who may use the desk: editors write drafts, approvers review them; what was released is only read."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from guidelines.models import ScenarioVersion
from portal.desk import DeskAdmin
from portal.models import User
from portal.roles import Role, has_role


def may_write(user: User | AnonymousUser) -> bool:
    """Return whether the person writes guideline content."""
    return user.is_active and (user.is_superuser or has_role(user, Role.EDITOR))


def may_read(user: User | AnonymousUser) -> bool:
    """Return whether the person works on guideline content: writes it, or reviews it."""
    return user.is_active and (user.is_superuser or has_role(user, Role.EDITOR, Role.APPROVER))


def reader(request: HttpRequest) -> User:
    """Return the person who asks. Raises PermissionDenied for those who have no business at the desk."""
    if not isinstance(request.user, User) or not may_read(request.user):
        raise PermissionDenied
    return request.user


def writer(request: HttpRequest) -> User:
    """Return the person who asks. Raises PermissionDenied when that person does not write guidelines."""
    if not isinstance(request.user, User) or not may_write(request.user):
        raise PermissionDenied
    return request.user


def version_of(row: Any) -> ScenarioVersion:
    """Return the version that a row belongs to."""
    return row if isinstance(row, ScenarioVersion) else row.version


class ContentAdmin(DeskAdmin):
    """A model admin of guideline content. By role, because the permissions of the groups serve the pages."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show guideline content on the start page to those who write or review it."""
        return may_read(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who write or review read everything, released versions too."""
        return may_read(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those who write add."""
        return may_write(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who write change what is not released yet."""
        return may_write(request.user) and (obj is None or version_of(obj).is_open)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted, unless a subclass says so."""
        return False
