"""Records sign-ins, sign-outs and failed attempts, never a password or a second factor."""

from typing import Any

from django.contrib.auth.models import update_last_login
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from portal import audit
from portal.audit import events

MAX_USERNAME = 40  # characters kept of a failed attempt: people type passwords into this field


def record_sign_ins() -> None:
    """Connect the receivers. Called once, when the apps are ready."""
    # Django's own receiver writes the time of the sign-in before anybody is known to act: ours does it
    # instead
    user_logged_in.disconnect(dispatch_uid="update_last_login")
    user_logged_in.connect(_signed_in, dispatch_uid="portal.sign_in_audit")
    user_logged_out.connect(_signed_out, dispatch_uid="portal.sign_in_audit")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="portal.sign_in_audit")


def _signed_in(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Record the sign-in as the person who signed in, and the time of it."""
    with audit.acting(_person(user)):
        update_last_login(sender, user)
        audit.log("auth.signed-in", **_about(user))
    if events.in_request(request):
        audit.bind_user(user)  # the rest of this request is theirs


def _signed_out(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Record the sign-out of a person; one of nobody is not worth a line."""
    if user is not None:
        with audit.acting(_person(user)):
            audit.log("auth.signed-out", **_about(user))


def _sign_in_failed(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Record a failed attempt and the user name that was tried, cut short."""
    name = credentials.get("username") or credentials.get("login") or ""
    tried = "".join(character for character in str(name) if character.isprintable())[:MAX_USERNAME]
    with audit.acting(audit.current_actor() or audit.ANONYMOUS):
        audit.log(
            "auth.sign-in-failed", outcome=audit.MINOR_FAILURE, entity="user", detail={"username": tried}
        )


def _person(user: Any) -> audit.Actor:
    """Return the actor for a person, coming from where the current request comes from."""
    here = audit.current_actor() or audit.ANONYMOUS
    return audit.actor_of(user, via=here.via, request_id=here.request_id, ip=here.ip)


def _about(user: Any) -> dict[str, Any]:
    return {"entity": "user", "entity_id": user.pk, "organisation_id": user.organisation_id}
