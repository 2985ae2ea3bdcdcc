"""Who calls: a registered EHR by its signed token, or, where the site allows it, this machine itself.

A refusal never tells the caller why; the log does, without anything that was in the token.
"""

from __future__ import annotations

import ipaddress
import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef
from django.http import HttpRequest
from django.utils import timezone
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet
from joserfc.jws import JWSRegistry

from ordering import policies
from ordering.cds_hooks.actions import TokenReplayed, use_token
from ordering.cds_hooks.models import DEVELOPMENT, CdsClient
from portal import audit
from portal.peer import client_address
from portal.roles import Role

logger = logging.getLogger("portal.cds_hooks")

ALGORITHMS = ("ES384", "RS384")
LEEWAY = timedelta(seconds=60)
MAX_LIFETIME = timedelta(hours=24)  # longer ones would have to be remembered for as long
MAX_TOKEN = 8192  # characters
MAX_IDENTIFIER = 255


class NotAuthenticated(Exception):
    """The call is refused; the message is for the log alone."""


def client_of(request: HttpRequest) -> CdsClient:
    """Return the client that calls, and let its person act from here on. Raises NotAuthenticated."""
    try:
        header = request.headers.get("Authorization", "").strip()
        client = _by_token(request, header) if header else _by_loopback(request)
    except NotAuthenticated as refusal:
        logger.warning("CDS Hooks call refused: %s", refusal)
        raise
    audit.bind_user(client.user)
    return client


def is_loopback(request: HttpRequest) -> bool:
    """Return whether the call comes from this machine."""
    address = client_address(request)
    return bool(address) and ipaddress.ip_address(address).is_loopback


def is_loopback_origin(origin: str) -> bool:
    """Return whether a page of this machine itself asks."""
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def _by_loopback(request: HttpRequest) -> CdsClient:
    if not settings.PORTAL_CDS_HOOKS_UNSIGNED_LOOPBACK:
        raise NotAuthenticated("no token")
    if not is_loopback(request):
        raise NotAuthenticated("no token, and not from this machine")
    # any page in a browser here could call: only one that this machine serves may
    origin = request.headers.get("Origin", "")
    if origin and not is_loopback_origin(origin):
        raise NotAuthenticated("no token, and a page from elsewhere")
    return _active(DEVELOPMENT)


def _by_token(request: HttpRequest, header: str) -> CdsClient:
    scheme, _, token = header.partition(" ")
    token = token.strip()
    if scheme.casefold() != "bearer" or not token or len(token) > MAX_TOKEN or not token.isascii():
        raise NotAuthenticated("no bearer token")
    return client_by_assertion(token, audiences=_audiences(request), via="cds-hooks")[0]


def client_by_assertion(
    token: str,
    *,
    audiences: set[str],
    via: str,
    lifetime: timedelta = MAX_LIFETIME,
    needs_iat: bool = True,
) -> tuple[CdsClient, dict[str, Any]]:
    """Return the client whose key signed this token, and its claims. Raises NotAuthenticated.

    The token is meant for one of `audiences`, is valid for `lifetime` at most, and is used up by this.
    """
    if not token or len(token) > MAX_TOKEN or not token.isascii():
        raise NotAuthenticated("no token")
    head, claims = _unverified(token)
    if head.get("alg") not in ALGORITHMS:
        raise NotAuthenticated("algorithm")
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not issuer or len(issuer) > MAX_IDENTIFIER or issuer == DEVELOPMENT:
        raise NotAuthenticated("issuer")
    client = _active(issuer)
    if "jku" in head and head["jku"] != client.jku:
        raise NotAuthenticated("jku")
    _check_claims(claims, audiences, lifetime=lifetime, needs_iat=needs_iat)
    _verify(token, head, client)
    expires_at = datetime.fromtimestamp(claims["exp"], UTC) + LEEWAY
    try:
        with transaction.atomic(), audit.acting(audit.actor_of(client.user, via=via)):
            use_token(client=client, identifier=claims["jti"], expires_at=expires_at)
    except TokenReplayed:
        raise NotAuthenticated("replayed") from None
    return client, claims


def _active(issuer: str) -> CdsClient:
    """Return the client of an issuer with its person and that person's roles; one query."""
    names = Group.objects.filter(user=OuterRef("user")).values("name")
    client = (
        CdsClient.objects.select_related("user__organisation")
        .annotate(role_names=ArraySubquery(names))
        .filter(issuer=issuer, is_active=True)
        .first()
    )
    if client is None:
        raise NotAuthenticated("unknown issuer")
    held = set(client.role_names)
    client.user._roles = frozenset(role for role in Role if role.value in held)
    if not policies.may_order(client.user) or client.user.organisation_id != client.organisation_id:
        raise NotAuthenticated("the person behind the client may not order")
    return client


def _unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims as they are, to find the client whose keys must have signed them."""
    try:
        compact = jws.extract_compact(token.encode())
        head, claims = compact.headers(), json.loads(compact.payload)
    except (JoseError, ValueError, RecursionError, TypeError, KeyError):
        raise NotAuthenticated("malformed") from None
    if not isinstance(head, dict) or not isinstance(claims, dict):
        raise NotAuthenticated("malformed")
    return head, claims


def _check_claims(
    claims: dict[str, Any], audiences: set[str], *, lifetime: timedelta, needs_iat: bool
) -> None:
    now = timezone.now().timestamp()
    leeway = LEEWAY.total_seconds()
    expires: Any = claims.get("exp")
    issued: Any = claims.get("iat", None if needs_iat else now)
    if not _is_time(expires) or not _is_time(issued):
        raise NotAuthenticated("no exp or iat")
    if expires + leeway <= now:
        raise NotAuthenticated("expired")
    if issued - leeway > now or expires - now > lifetime.total_seconds():
        raise NotAuthenticated("issued in the future, or valid for too long")
    if "nbf" in claims and (not _is_time(claims["nbf"]) or claims["nbf"] - leeway > now):
        raise NotAuthenticated("not valid yet")
    identifier = claims.get("jti")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_IDENTIFIER:
        raise NotAuthenticated("no jti")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not audiences & {name.rstrip("/") for name in named if isinstance(name, str)}:
        raise NotAuthenticated("audience")


def _audiences(request: HttpRequest) -> set[str]:
    """Return the addresses that a token for this call may be meant for: endpoint, or its service."""
    here = request.build_absolute_uri(request.path).rstrip("/")
    return {here, here.removesuffix("/feedback")}


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11


def _verify(token: str, head: dict[str, Any], client: CdsClient) -> None:
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    for key in _candidates(client, head):
        try:
            jwt.decode(token, key, algorithms=list(ALGORITHMS), registry=registry)
        except (JoseError, ValueError, TypeError):
            continue
        return
    raise NotAuthenticated("signature")


def _candidates(client: CdsClient, head: dict[str, Any]) -> list[Key]:
    """Return the registered keys that can have signed: those of the algorithm, with the id that is named."""
    if not client.jwks:
        return []
    wants_ec = head["alg"].startswith("ES")
    keys = [key for key in KeySet.import_key_set(client.jwks).keys if isinstance(key, ECKey) == wants_ec]
    named = head.get("kid")
    if named is None:
        return keys
    return [key for key in keys if key.as_dict(private=False).get("kid", named) == named]
