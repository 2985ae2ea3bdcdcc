"""Records sign-ins, lockouts and changes of passwords and second factors, never the secrets themselves."""

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa import signals as second_factor
from axes.signals import user_locked_out
from django.contrib.auth.models import update_last_login
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from portal import audit
from portal.audit import events

MAX_USERNAME = 40  # characters kept of a failed attempt: people type passwords into this field


def record_sign_ins() -> None:
    """Connect the receivers. Called once, when the apps are ready."""
    # Django's own receiver writes the time of the sign-in when nobody is known to act yet; ours takes its
    # name and with it its place, whichever of the two apps is ready first
    user_logged_in.disconnect(dispatch_uid="update_last_login")
    user_logged_in.connect(_signed_in, dispatch_uid="update_last_login")
    user_logged_out.connect(_signed_out, dispatch_uid="portal.sign_in_audit")
    user_login_failed.connect(_sign_in_failed, dispatch_uid="portal.sign_in_audit")
    user_locked_out.connect(_locked_out, dispatch_uid="portal.sign_in_audit")
    password_changed.connect(_password_changed, dispatch_uid="portal.sign_in_audit")
    second_factor.authentication_failed.connect(_code_failed, dispatch_uid="portal.sign_in_audit")
    second_factor.authenticator_added.connect(_factor_added, dispatch_uid="portal.sign_in_audit")
    second_factor.authenticator_reset.connect(_factor_added, dispatch_uid="portal.sign_in_audit")
    second_factor.authenticator_removed.connect(_factor_removed, dispatch_uid="portal.sign_in_audit")


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
    detail = {"username": _tried(credentials.get("username") or credentials.get("login"))}
    if "factor" in credentials:
        detail["factor"] = credentials["factor"]
    with audit.acting(audit.current_actor() or audit.ANONYMOUS):
        audit.log("auth.sign-in-failed", outcome=audit.MINOR_FAILURE, entity="user", detail=detail)


def _code_failed(sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
    """Let a wrong code count as a failed sign-in, for the trail and for the lockout."""
    credentials = {"username": user.get_username(), "factor": "second"}
    user_login_failed.send(sender=__name__, credentials=credentials, request=request)


def _locked_out(sender: Any, request: HttpRequest, username: str, **_: Any) -> None:
    """Record the failure that began a lockout; tries during it are failed attempts."""
    if getattr(request, "axes_failures_since_start", None) is None:
        return
    with audit.acting(audit.current_actor() or audit.ANONYMOUS):
        audit.log(
            "auth.locked-out",
            outcome=audit.SERIOUS_FAILURE,
            entity="user",
            detail={"username": _tried(username), "failures": request.axes_failures_since_start},  # type: ignore[attr-defined]
        )


def _password_changed(sender: Any, user: Any, **_: Any) -> None:
    with audit.acting(_person(user)):
        audit.log("auth.password-changed", action="U", **_about(user))


def _factor_added(sender: Any, user: Any, authenticator: Any, **_: Any) -> None:
    with audit.acting(_person(user)):
        audit.log("auth.second-factor-added", action="C", detail={"type": authenticator.type}, **_about(user))


def _factor_removed(sender: Any, user: Any, authenticator: Any, **_: Any) -> None:
    with audit.acting(_person(user)):
        audit.log(
            "auth.second-factor-removed", action="D", detail={"type": authenticator.type}, **_about(user)
        )


def _tried(name: object) -> str:
    return "".join(character for character in str(name or "") if character.isprintable())[:MAX_USERNAME]


def _person(user: Any) -> audit.Actor:
    """Return the actor for a person, coming from where the current request comes from."""
    here = audit.current_actor() or audit.ANONYMOUS
    return audit.actor_of(user, via=here.via, request_id=here.request_id, ip=here.ip)


def _about(user: Any) -> dict[str, Any]:
    return {"entity": "user", "entity_id": user.pk, "organisation_id": user.organisation_id}
