"""SMART backend services: a registered EHR proves who it is with a signed assertion and gets a short token.

Clients are those of CDS Hooks, registered in the admin with their public keys; `client_id` is their issuer.
The token is signed, not stored: it names the client and what it may read, and ends by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core import signing

from ordering import policies
from ordering.cds_hooks.authentication import ALGORITHMS, NotAuthenticated, client_by_assertion
from ordering.cds_hooks.models import CdsClient
from ordering.fhir.capability import RESOURCES
from ordering.fhir.values import Json
from portal import audit
from portal.models import User

LIFETIME = timedelta(minutes=5)
ASSERTION_LIFETIME = timedelta(minutes=6)  # SMART App Launch 2, asymmetric authentication: five, and leeway
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PREFIX = "smart."
READ, SEARCH = "r", "s"
MAX_SECRET = 4000  # characters
_SCOPE = re.compile(r"system/(?P<kind>\*|[A-Za-z]{1,40})\.(?P<may>read|\*|c?r?u?d?s?)")
_SIGNER = signing.TimestampSigner(salt="ordering.fhir.smart")


class OAuthError(Exception):
    """A refusal as RFC 6749 has it: a code, and what to do."""

    def __init__(self, code: str, said: str, status: int = 400) -> None:
        super().__init__(said)
        self.code = code
        self.said = said
        self.status = status


@dataclass(frozen=True, slots=True)
class Grant:
    """What a SMART token opens: resources and interactions, for the person whom the client acts as."""

    pk: str
    user: User
    scopes: tuple[str, ...]

    def opens(self, kind: str, interaction: str) -> bool:
        """Return whether a resource type may be read (r) or searched (s)."""
        return any(
            name in ("*", kind) and interaction in letters for name, letters in map(_parts, self.scopes)
        )


def granted(asked: str) -> tuple[str, ...]:
    """Return the scopes of those asked for that there are. Raises OAuthError when none is left."""
    scopes = []
    for scope in asked.split():
        match = _SCOPE.fullmatch(scope)
        if match and match["may"] and (match["kind"] == "*" or match["kind"] in RESOURCES):
            letters = _letters(match["may"])
            name = f"system/{match['kind']}.{match['may'] if match['may'] == 'read' else letters}"
            if letters and name not in scopes:
                scopes.append(name)
    if not scopes:
        raise OAuthError("invalid_scope", "Ask for system/ServiceRequest.rs, system/*.rs or the like.")
    return tuple(scopes)


def token_for(*, form: dict[str, str], endpoint: str) -> Json:
    """Return the answer to a token request. Raises OAuthError."""
    if form.get("grant_type") != "client_credentials":
        raise OAuthError("unsupported_grant_type", "Use grant_type=client_credentials.")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        raise OAuthError("invalid_request", f"Send client_assertion, with the type {ASSERTION_TYPE}.")
    scopes = granted(form.get("scope", ""))
    try:
        client, claims = client_by_assertion(
            form["client_assertion"],
            audiences={endpoint},
            via="fhir",
            lifetime=ASSERTION_LIFETIME,
            needs_iat=False,
        )
    except NotAuthenticated:
        raise OAuthError("invalid_client", "The client is not authenticated.", 401) from None
    if claims.get("sub") != claims.get("iss"):
        raise OAuthError("invalid_client", "The client is not authenticated.", 401)
    audit.bind_user(client.user)
    audit.log(
        "smart-token.issued",
        entity="cds-hooks-client",
        entity_id=client.pk,
        organisation_id=client.organisation_id,
        detail={"scopes": list(scopes)},
    )
    return {
        "access_token": PREFIX + _SIGNER.sign_object([str(client.pk), *scopes]),
        "token_type": "bearer",
        "expires_in": int(LIFETIME.total_seconds()),
        "scope": " ".join(scopes),
    }


def grant_of(secret: str) -> Grant | None:
    """Return what a SMART token opens; None for one not ours, one that ended, or a client that is gone."""
    if len(secret) > MAX_SECRET:
        return None
    try:
        pk, *scopes = _SIGNER.unsign_object(secret.removeprefix(PREFIX), max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    client = (
        CdsClient.objects.select_related("user__organisation").filter(pk=UUID(pk), is_active=True).first()
    )
    if (
        client is None
        or client.user.organisation_id != client.organisation_id
        or not policies.may_read_orders(client.user)
    ):
        return None
    return Grant(pk=f"smart-{client.pk}", user=client.user, scopes=tuple(scopes))


def configuration(endpoint: str, kinds: Iterable[str]) -> Json:
    """Return the document at /.well-known/smart-configuration."""
    return {
        "token_endpoint": endpoint,
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "grant_types_supported": ["client_credentials"],
        "scopes_supported": ["system/*.rs", *(f"system/{kind}.rs" for kind in kinds)],
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }


def _parts(scope: str) -> tuple[str, str]:
    match = _SCOPE.fullmatch(scope)
    assert match is not None  # only such were signed
    return match["kind"], _letters(match["may"])


def _letters(may: str) -> str:
    """Return which of reading and searching is meant; SMART 1 said `read` for both."""
    if may in ("read", "*"):
        return READ + SEARCH
    return "".join(letter for letter in (READ, SEARCH) if letter in may)
