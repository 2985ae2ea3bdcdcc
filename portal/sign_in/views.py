"""Pages about oneself: the account, staying signed in, and typed work that came back."""

from allauth.mfa.models import Authenticator
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal.roles import roles_of
from portal.sign_in import second_factor, typed


@require_GET
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """Show who one is here, and how one signs in."""
    user = request.user
    assert user.is_authenticated
    factors: dict[str, list[Authenticator]] = {}
    for factor in Authenticator.objects.filter(user_id=user.pk).order_by("created_at"):
        factors.setdefault(factor.type, []).append(factor)
    codes = factors.get(Authenticator.Type.RECOVERY_CODES, [])
    passkeys = factors.get(Authenticator.Type.WEBAUTHN, [])
    has_app = Authenticator.Type.TOTP in factors
    rows = [
        {"label": _("Name"), "value": user.display_name},
        {"label": _("User name"), "value": user.get_username()},
        {"label": _("Works at"), "value": user.organisation or _("No organisation")},
        {"label": _("Roles"), "value": ", ".join(sorted(roles_of(user))).capitalize() or _("None")},
    ]
    context = {
        "rows": rows,
        "has_app": has_app,
        "passkeys": [passkey.wrap() for passkey in passkeys],
        "has_factor": has_app or bool(passkeys),
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else None,
        "is_required": second_factor.is_required(user),
    }
    return render(request, "account/account.html", context)


@require_POST
@login_not_required
@never_cache
def stay(request: HttpRequest) -> HttpResponse:
    """Keep the session alive for a page that is still being worked on: 204, or 401 when it has ended."""
    return HttpResponse(status=204 if request.user.is_authenticated else 401)


@never_cache
def carry_on(request: HttpRequest) -> HttpResponse:
    """Give back what was typed before the session ended, to be sent again or dropped."""
    if request.method == "POST":
        typed.forget(request)
        return redirect("account")
    kept = typed.kept_for(request)
    if kept is None:
        return HttpResponseRedirect("/")
    return render(request, "account/continue.html", {"typed": kept})
