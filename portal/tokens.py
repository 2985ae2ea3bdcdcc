"""Bearer tokens: made, found by their secret, rotated with overlap, revoked.

The secret is shown once, when the token is made; the database keeps its hash. A revoked token is one that has
expired, and says when that was done: its row stays, so that the trail can still say whose it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef
from django.utils import timezone
from knox.crypto import hash_token

from portal import audit
from portal.models import ApiToken, User
from portal.roles import Role

LIFETIME = timedelta(days=90)
OVERLAP = timedelta(hours=24)  # how long the old secret still works after a rotation
LONGEST_OVERLAP = timedelta(days=7)
TEST_PREFIX, LIVE_PREFIX = "test_", "live_"  # what a secret is for is seen before it is pasted anywhere
USE_IS_NOTED_EVERY = timedelta(minutes=1)  # a row change is an event of the trail: not one for every request


class TokenRefused(ValueError):
    """The token cannot be made as asked; the message says why."""


@transaction.atomic
def create_token(
    *, user: User, name: str, scopes: Sequence[str], lifetime: timedelta = LIFETIME, by: User | None = None
) -> tuple[ApiToken, str]:
    """Return the new token and its secret, which nobody can read again. Raises TokenRefused.

    `by` is None for a command. The secret begins with `test_` where the data is for training, else `live_`.
    """
    unknown = [scope for scope in scopes if scope not in ApiToken.Scope.values]
    if unknown:
        listed = ", ".join(ApiToken.Scope.values)
        raise TokenRefused(f"Unknown scope: {', '.join(unknown)}. Use any of: {listed}.")
    if not scopes:
        raise TokenRefused("Give at least one scope.")
    if not name.strip():
        raise TokenRefused("Name the system that will use the token.")
    if lifetime <= timedelta(0):
        raise TokenRefused("The token would have expired already.")
    if not user.is_active:
        raise TokenRefused(f"The account {user.username} is disabled: its tokens open nothing.")
    token, secret = ApiToken.objects.create(
        user=user,
        expiry=lifetime,
        prefix=TEST_PREFIX if settings.PORTAL_TRAINING else LIVE_PREFIX,
        name=name,
        scopes=list(dict.fromkeys(scopes)),
        created_by=by,
    )
    _log("token.created", token, action="C")
    return token, secret


@transaction.atomic
def rotate_token(
    *, token: ApiToken, overlap: timedelta = OVERLAP, lifetime: timedelta = LIFETIME, by: User | None = None
) -> tuple[ApiToken, str]:
    """Return a successor with the same user, name and scopes, and its secret.

    The old secret goes on working for `overlap`, so that a system can be changed over. Raises
    TokenRefused when the token has expired, or has a successor already.
    """
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("user").get(pk=token.pk)
    if has_expired(token):
        raise TokenRefused("This token has expired or was revoked. Create a new one.")
    if token.successor_id is not None:
        raise TokenRefused("This token was rotated already. Rotate the one that took its place.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        hours = int(LONGEST_OVERLAP.total_seconds() // 3600)
        raise TokenRefused(f"The old secret can work on for 0 to {hours} hours.")
    successor, secret = create_token(
        user=token.user, name=token.name, scopes=token.scopes, lifetime=lifetime, by=by
    )
    token.successor = successor
    token.save(update_fields=["successor"])
    _end(token, at=timezone.now() + overlap)
    _log("token.rotated", token, action="U", successor=str(successor.pk))
    return successor, secret


@transaction.atomic
def revoke_token(*, token: ApiToken) -> ApiToken:
    """Return the token, which no longer opens anything. Revoking it again changes nothing."""
    token = ApiToken.objects.select_for_update(of=("self",)).get(pk=token.pk)
    if token.revoked_at is None:
        now = timezone.now()
        _end(token, at=now)
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        _log("token.revoked", token, action="U")
    return token


def find_token(secret: str) -> ApiToken | None:
    """Return the token that this secret opens, with its user, organisation and roles; one query.

    None when there is none, it has expired, or its user may not sign in any more.
    """
    names = Group.objects.filter(user=OuterRef("user")).values("name")
    token = (
        ApiToken.objects.filter(digest=hash_token(secret))
        .select_related("user__organisation")
        .annotate(role_names=ArraySubquery(names))
        .first()
    )
    if token is None or has_expired(token) or not token.user.is_active:
        return None
    token.user._roles = frozenset(role for role in Role if role.value in token.role_names)
    return token


def has_expired(token: ApiToken) -> bool:
    """Return whether the token's time is over."""
    return token.expiry is not None and token.expiry <= timezone.now()


def note_use(token: ApiToken) -> None:
    """Remember that the token was used just now, and from where; writes once a minute at most.

    The actor must be bound: the address is the actor's.
    """
    now = timezone.now()
    actor = audit.current_actor()
    if token.last_used_at is None or now - token.last_used_at >= USE_IS_NOTED_EVERY:
        # of several requests at once, the first one notes it
        ApiToken.objects.filter(pk=token.pk, last_used_at=token.last_used_at).update(
            last_used_at=now, last_used_address=(actor.ip if actor else "") or None
        )


def _end(token: ApiToken, *, at: datetime) -> None:
    if token.expiry is None or token.expiry > at:
        token.expiry = at
        token.save(update_fields=["expiry"])


def _log(event: str, token: ApiToken, *, action: str, **detail: str) -> None:
    audit.log(
        event,
        action=action,
        entity="api-token",
        entity_id=token.pk,
        organisation_id=token.user.organisation_id,
        detail={"name": token.name, "scopes": token.scopes, **detail},
    )
