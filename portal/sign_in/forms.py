"""The forms of signing in, in the portal's words and counted by its lockout."""

from typing import Any

from allauth.account import forms as account
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.base import forms as codes
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as passkeys
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.models import User
from portal.sign_in import lockout


class _PlainForm(forms.Form):
    """Labels that stay, instead of placeholders that vanish while somebody types."""

    labels: dict[str, Any] = {}
    hints: dict[str, Any] = {}
    missing: dict[str, Any] = {}  # what to say to an empty field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")
            if name in self.missing:
                field.error_messages["required"] = self.missing[name]


class SignInForm(_PlainForm, account.LoginForm):
    """User name and password."""

    labels = {"login": _("User name"), "password": _("Password")}
    missing = {"login": _("Enter your user name"), "password": _("Enter your password")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}


class ChangePasswordForm(_PlainForm, account.ChangePasswordForm):
    """The present password once, the new one twice."""

    labels = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password again"),
    }
    missing = {
        "oldpassword": _("Enter your current password"),
        "password1": _("Enter a new password"),
        "password2": _("Enter the new password a second time"),
    }
    hints = {
        "password1": _(
            "At least 15 characters. Several words in a row are easy to remember; spaces are allowed."
        )
    }

    def clean_oldpassword(self) -> str:
        """Check the current password as a sign-in does, so that guesses here are counted too."""
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class ReauthenticateForm(_PlainForm, account.ReauthenticateForm):
    """The password once more, before something sensitive."""

    labels = {"password": _("Your password")}
    missing = {"password": _("Enter your password")}


class _CodeForm(_PlainForm):
    """A code of an authenticator app; wrong ones count towards the lockout."""

    user: User
    labels = {"code": _("Code")}
    hints = {"code": _("6 digits from your authenticator app, or one of your recovery codes")}
    missing = {"code": _("Enter the code")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "spellcheck": "false", "class": "in-12"}

    def clean_code(self) -> str:
        """Return the code, unless it is wrong or there were too many wrong ones."""
        username = self.user.get_username()
        if lockout.is_locked(context.request, username):
            lockout.refuse(context.request, username)
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            return str(super().clean_code())  # type: ignore[misc]
        except ValidationError as error:
            if error.code == "too_many_login_attempts":
                lockout.refuse(context.request, username)
            raise


class AuthenticateForm(_CodeForm, codes.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateCodeForm(_CodeForm, codes.ReauthenticateForm):
    """A code before something sensitive."""


class ActivateTOTPForm(_PlainForm, totp.ActivateTOTPForm):
    """The first code of a new authenticator app."""

    labels = {"code": _("Code that the app shows")}
    hints = {"code": _("6 digits")}
    missing = {"code": _("Enter the code that the app shows")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "class": "in-12"}


class AddPasskeyForm(_PlainForm, passkeys.AddWebAuthnForm):
    """A name for a new passkey; the browser adds the key itself."""

    labels = {"name": _("Name of this passkey")}
    hints = {"name": _("Such as the device that holds it")}


class RenamePasskeyForm(_PlainForm, passkeys.EditWebAuthnForm):
    """Another name for a passkey."""

    missing = {"name": _("Enter a name")}
    labels = {"name": _("Name of this passkey")}
