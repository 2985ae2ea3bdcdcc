"""Who may read over FHIR: tokens of the portal with `orders:read`, and those of SMART backend services."""

from __future__ import annotations

from rest_framework import permissions
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from ordering import policies
from ordering.api.authentication import BearerTokenAuthentication
from ordering.api.throttles import note_failure, refuse_guessing
from ordering.fhir.smart import PREFIX, Grant, grant_of
from portal import audit
from portal.models import ApiToken, User

_TRAIL = "AuditEvent"


class FhirAuthentication(BearerTokenAuthentication):
    """`Authorization: Bearer <token>`, of either kind."""

    def authenticate_credentials(self, token: str, address: str = "") -> tuple[User, ApiToken | Grant]:  # type: ignore[override]
        """Return who acts, and what was presented."""
        if not token.startswith(PREFIX):
            return super().authenticate_credentials(token, address)
        refuse_guessing(address)
        grant = grant_of(token)
        if grant is None:
            note_failure(address)
            raise AuthenticationFailed("This token is not known, or has expired.", code="unauthorised")
        return grant.user, grant


class FhirAccess(permissions.BasePermission):
    """Compares what was presented with the resource type and the interaction of the view."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return True, or raise what says which of scope and role is missing."""
        held = request.auth
        if not isinstance(held, ApiToken | Grant):
            raise NotAuthenticated(code="unauthorised")
        kind: str = view.kind  # type: ignore[attr-defined]
        interaction: str = view.interaction  # type: ignore[attr-defined]
        if not _allowed(held, kind, interaction):
            needed = f"system/{kind}.{interaction}" if isinstance(held, Grant) else ApiToken.Scope.ORDERS_READ
            audit.denied(request, reason=f"scope {needed} missing")
            raise PermissionDenied(f"This token lacks the scope {needed}.")
        if not policies.may_read_orders(held.user):
            audit.denied(request, reason="role")
            raise PermissionDenied("Your role does not allow this.")
        return True


def _allowed(held: ApiToken | Grant, kind: str, interaction: str) -> bool:
    if isinstance(held, Grant):
        return held.opens(kind, interaction)
    return held.allows(ApiToken.Scope.ORDERS_READ) or (
        kind == _TRAIL and held.allows(ApiToken.Scope.AUDIT_READ)
    )
