"""Bearer tokens at the door."""

from __future__ import annotations

import re

from knox.auth import TokenAuthentication
from rest_framework import exceptions

from ordering.api.throttles import note_failure, refuse_guessing
from portal.models import ApiToken, User
from portal.peer import client_address
from portal.tokens import find_token

_SECRET = re.compile(r"[A-Za-z0-9_]{1,200}")  # ours have 69 characters


class BearerTokenAuthentication(TokenAuthentication):
    """`Authorization: Bearer <token>`, and nothing else: no session, so no CSRF."""

    def authenticate(self, request):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Return the token's user and the token. Raises AuthenticationFailed, or Throttled when guessing."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise exceptions.AuthenticationFailed("Use the scheme Bearer.", code="unauthorised")
        return self.authenticate_credentials(secret.strip(), address=client_address(request._request))

    def authenticate_credentials(self, token: str, address: str = "") -> tuple[User, ApiToken]:
        """Return the user and the token that this secret opens; a refusal does not say why."""
        refuse_guessing(address)
        found = find_token(token) if _SECRET.fullmatch(token) else None
        if found is None:
            note_failure(address)
            raise exceptions.AuthenticationFailed(
                "This token is not known, has expired, or was revoked.", code="unauthorised"
            )
        return found.user, found

    def authenticate_header(self, request: object) -> str:
        """Return the challenge of a 401."""
        return 'Bearer realm="imaging-ordering"'
