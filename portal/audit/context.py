"""Who acts: the actor of the current request, command or test, kept in a context variable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from portal.roles import roles_of


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and how: what every event of the trail says about its origin."""

    id: str  # "user:7:jdoe", "system:load_pack", "anonymous"
    role: str = ""  # names of the roles held, separated by commas
    via: str = "portal"  # portal, admin, api, fhir, cds-hooks, command
    request_id: str = ""
    ip: str = ""
    reason: str = ""  # why, where a person was asked for a reason


ANONYMOUS = Actor("anonymous")  # before anybody signed in

_current: ContextVar[Actor | None] = ContextVar("portal_audit_actor", default=None)


def current_actor() -> Actor | None:
    """Return who acts now; None refuses every write by the application."""
    return _current.get()


@contextmanager
def acting(actor: Actor | None) -> Iterator[Actor | None]:
    """Let `actor` be who acts inside the block; the actor before returns after it, also after `bind`."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)


def bind(actor: Actor) -> None:
    """Let `actor` be who acts for the rest of the enclosing `acting` block.

    For the places that learn who acts halfway: an API view that checks its token, a sign-in.
    """
    _current.set(actor)


def bind_user(user: Any) -> None:
    """Let a person act for the rest of the enclosing `acting` block, from where it already came from."""
    here = _current.get() or ANONYMOUS
    _current.set(actor_of(user, via=here.via, request_id=here.request_id, ip=here.ip, reason=here.reason))


def actor_of(
    user: Any, *, via: str = "portal", request_id: str = "", ip: str = "", reason: str = ""
) -> Actor:
    """Return the actor that stands for a signed-in user, or the anonymous one."""
    if user is None or not user.is_authenticated:
        return Actor(ANONYMOUS.id, "", via, request_id, ip, reason)
    roles = ",".join(sorted(str(role) for role in roles_of(user)))
    return Actor(f"user:{user.pk}:{user.get_username()}", roles, via, request_id, ip, reason)


def system(name: str, *, reason: str = "") -> Actor:
    """Return the actor that stands for a command or another part of the portal itself."""
    return Actor(f"system:{name}", "", "command", reason=reason)
