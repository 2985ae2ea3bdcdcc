"""Who manages tokens, and which: administrators those of their organisation, a superuser all."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase

from portal import audit
from portal.models import ApiToken, User
from portal.roles import Role, has_role

View = Callable[..., HttpResponseBase]


def may_manage_tokens(user: User) -> bool:
    """Return whether the person manages tokens."""
    administers = user.organisation_id is not None and has_role(user, Role.ADMINISTRATOR)
    return bool(user.is_active) and (user.is_superuser or administers)


def manager_required(view: View) -> View:
    """Let only those in who manage tokens; others get 403, and it is recorded."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User) or not may_manage_tokens(request.user):
            audit.denied(request, reason="role")
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def managed_tokens(manager: User) -> QuerySet[ApiToken]:
    """Return the tokens that this person manages."""
    found = ApiToken.objects.select_related("user", "created_by")
    return found if manager.is_superuser else found.filter(user__organisation=manager.organisation_id)


def managed_token(request: HttpRequest, manager: User, pk: UUID) -> ApiToken:
    """Return one token that this person manages. Raises Http404, and records the attempt on another's."""
    token = managed_tokens(manager).filter(pk=pk).first()
    if token is None:
        audit.denied(request, entity="api-token", entity_id=pk, reason="not-in-organisation")
        raise Http404
    return token


def people_to_act_for(manager: User) -> QuerySet[User]:
    """Return in whose name a token may act: active people of the organisation, superusers excepted."""
    people = User.objects.filter(is_active=True).order_by("last_name", "first_name", "username")
    if manager.is_superuser:
        return people
    return people.filter(organisation=manager.organisation_id, is_superuser=False)
