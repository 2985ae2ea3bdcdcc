"""Who must have a second factor, and who has one."""

from collections.abc import Callable

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from portal.middleware import ANONYMOUS_PATHS
from portal.models import User
from portal.roles import Role, has_role

_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]  # recovery codes alone are none


class SecondFactorMiddleware:
    """Sends those who must have a second factor to set it up before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on, or redirect to the set-up page."""
        if request.path_info in ANONYMOUS_PATHS or not request.user.is_authenticated:
            return self.get_response(request)
        if is_missing(request.user) and not request.path.startswith(reverse("account")):
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)


def is_required(user: User) -> bool:
    """Return whether the site asks this person for a second factor."""
    roles = {Role(role) for role in settings.PORTAL_REQUIRE_MFA}
    # who may do everything holds no role by it
    return has_role(user, *roles) or (user.is_superuser and Role.ADMINISTRATOR in roles)


def is_missing(user: User) -> bool:
    """Return whether this person still has to set one up."""
    return is_required(user) and not get_adapter().is_mfa_enabled(user, _FACTORS)
