"""Tokens as the list shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from portal.models import ApiToken
from portal.tokens import has_expired

ENDS_SOON = timedelta(days=14)
ENDED_ROWS = 50  # newest ends first; the rest is in the admin


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token. `tone` is that of its tag; `until` is when it ends or ended."""

    pk: object
    name: str
    beginning: str
    acts_for: str
    username: str
    disabled: bool  # the person, not the token
    scopes: list[str]
    state: str
    tone: str
    icon: str
    until: datetime | None
    last_used_at: datetime | None
    last_used_address: str
    created_by: str
    created_at: datetime
    can_rotate: bool


@dataclass(frozen=True, slots=True)
class TokenPage:
    """The tokens that open something, and the latest of those that no longer do."""

    valid: list[TokenRow]
    ended: list[TokenRow]
    more_ended: bool


def token_page(tokens: QuerySet[ApiToken]) -> TokenPage:
    """Return the page of these tokens. Two queries."""
    now = timezone.now()
    over = Q(expiry__lte=now)
    ended = list(tokens.filter(over).order_by("-expiry", "-created")[: ENDED_ROWS + 1])
    return TokenPage(
        valid=_rows(tokens.exclude(over).order_by("name", "created"), now),
        ended=_rows(ended[:ENDED_ROWS], now),
        more_ended=len(ended) > ENDED_ROWS,
    )


def token_row(token: ApiToken) -> TokenRow:
    """Return one token as its own page shows it."""
    return _row(token, timezone.now())


def _rows(tokens: Iterable[ApiToken], now: datetime) -> list[TokenRow]:
    return [_row(token, now) for token in tokens]


def _row(token: ApiToken, now: datetime) -> TokenRow:
    state, tone, icon = _state(token, now)
    return TokenRow(
        pk=token.pk,
        name=token.name,
        beginning=token.beginning,
        acts_for=token.user.display_name,
        username=token.user.username,
        disabled=not token.user.is_active,
        scopes=token.scopes,
        state=state,
        tone=tone,
        icon=icon,
        until=token.revoked_at or token.expiry,
        last_used_at=token.last_used_at,
        last_used_address=token.last_used_address or "",
        created_by=token.created_by.display_name if token.created_by else "Command line",
        created_at=token.created,
        can_rotate=not has_expired(token) and token.successor_id is None and token.user.is_active,
    )


def _state(token: ApiToken, now: datetime) -> tuple[str, str, str]:
    """Return the state in words, and the tone and icon of its tag."""
    if token.revoked_at is not None:
        return "Revoked", "wait", "slash-circle"
    if has_expired(token):
        return "Replaced" if token.successor_id else "Expired", "wait", "clock-history"
    if token.successor_id:
        return "Replaced, still works", "info", "hourglass-split"
    if not token.user.is_active:
        return "Opens nothing: account disabled", "over", "exclamation-triangle-fill"
    if token.expiry is not None and token.expiry - now <= ENDS_SOON:
        return "Expires soon", "act", "exclamation-triangle-fill"
    return "Valid", "ok", "check-circle-fill"
