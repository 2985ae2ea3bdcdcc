"""What the portal decides about sign-in where django-allauth asks: its two adapters."""

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.sign_in import lockout
from portal.sign_in.sessions import SIGNED_IN_AT

JUST_NOW = 300  # seconds after signing in during which the password is not asked for again


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators, and `next=` stays on this host."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _("The user name or the password is not right"),
        "enter_current_password": _("This is not your current password"),
        "incorrect_password": _("This is not your password"),
        "too_many_login_attempts": _("Too many wrong tries. Wait, then try again"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account of their own."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Return whether a redirect to this address stays where the person is."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    def is_ajax(self, request: HttpRequest) -> bool:
        """Answer with pages only, whatever a request says it would like."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Slow down guessing of one person's password from many addresses; axes counts each address."""
        username = str(credentials.get("username", ""))
        # rolled back by the caller when the password was right
        self._login_failed_rl_usage = ratelimit.consume(
            request,
            app="allauth.account",
            action="password_failed",
            key=lockout.username_of(request, {"username": username}),
        )
        if not self._login_failed_rl_usage:
            lockout.refuse(request, username)
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the person these credentials belong to."""
        with transaction.atomic():
            lockout.try_one_at_a_time(request, str(credentials.get("username", "")))
            return super().authenticate(request, **credentials)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return to the account page, which says that it worked."""
        return reverse("account")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether the password is asked for before something sensitive."""
        signed_in_at = context.request.session.get(SIGNED_IN_AT, 0)
        if time.time() - signed_in_at <= JUST_NOW:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps the secrets of second factors encrypted in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("This code is not right. Enter the newest one that your app shows"),
    }

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's
        """Return the name that a new passkey has until its owner gives it another."""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return gettext("Passkey {number}").format(number=count + 1)

    def encrypt(self, text: str) -> str:
        """Return the secret as it is stored."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret that was stored, also under a former SECRET_KEY."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"portal second factor " + force_bytes(key)).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
