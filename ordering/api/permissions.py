"""Scopes of the token and roles of the person behind it: both must allow a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rest_framework import permissions
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from portal import audit
from portal.models import ApiToken, User


@dataclass(frozen=True, slots=True)
class Need:
    """What a call needs: one of these scopes, and that the policy allows the person."""

    scopes: tuple[str, ...]
    policy: Callable[[User], bool]


def need(*scopes: ApiToken.Scope, policy: Callable[[User], bool]) -> Need:
    """Return what a call needs."""
    return Need(tuple(scope.value for scope in scopes), policy)


def token_of(request: Request) -> ApiToken | None:
    """Return the token that the request was signed in with."""
    token: Any = request.auth
    return token if isinstance(token, ApiToken) else None


def user_of(request: Request) -> User:
    """Return the person whom the token acts for; only behind a permission that asks for one."""
    assert isinstance(request.user, User)
    return request.user


class ScopeAndRole(permissions.BasePermission):
    """Compares the token and its user with the view's `needs` for the method."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True, or raise what says which of the two is missing."""
        token = token_of(request)
        if token is None:
            raise NotAuthenticated(code="unauthorised")
        method = "GET" if request.method == "HEAD" else request.method
        needed: Need | None = view.needs.get(method)  # type: ignore[attr-defined]
        if needed is None:
            return True  # no such method here: 405, whoever asks
        if not any(token.allows(scope) for scope in needed.scopes):
            audit.denied(request, reason=f"scope {needed.scopes[0]} missing")
            raise PermissionDenied(
                f"This token lacks the scope {' or '.join(needed.scopes)}.", code="missing-scope"
            )
        if not needed.policy(token.user):
            audit.denied(request, reason="role")
            raise PermissionDenied("Your role does not allow this.", code="forbidden")
        return True
