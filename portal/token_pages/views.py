"""Tokens: the list, a new one, rotating, revoking. A secret lives only in the answer that shows it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portal.models import ApiToken, User
from portal.token_pages.access import managed_token, managed_tokens, manager_required
from portal.token_pages.forms import ConfirmNameForm, NewTokenForm, RotateForm
from portal.token_pages.presenters import token_page, token_row
from portal.tokens import TokenRefused, create_token, has_expired, revoke_token, rotate_token


@require_safe
@manager_required
def token_list(request: HttpRequest) -> HttpResponse:
    """Show the tokens of the organisation: those that open something, then those that no longer do."""
    page = token_page(managed_tokens(_manager(request)))
    return render(request, "portal/token_list.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def token_new(request: HttpRequest) -> HttpResponse:
    """Ask what a token is for; make it and show its secret."""
    manager = _manager(request)
    form = NewTokenForm(_sent(request), manager=manager)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            token, secret = create_token(
                user=given["user"],
                name=given["name"],
                scopes=given["scopes"],
                lifetime=timedelta(days=given["days"]),
                by=manager,
            )
        except TokenRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _shown_once(request, token, secret)
    return render(request, "portal/token_new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def token_rotate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask how long both secrets are to work; make the new one and show it."""
    manager = _manager(request)
    token = managed_token(request, manager, pk)
    row = token_row(token)
    if request.method != "POST" and not row.can_rotate:
        messages.info(request, _not_rotated(token))
        return redirect("token_list")
    form = RotateForm(_sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            successor, secret = rotate_token(
                token=token,
                overlap=timedelta(hours=form.cleaned_data["overlap_hours"]),
                lifetime=timedelta(days=form.cleaned_data["days"]),
                by=manager,
            )
        except TokenRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            token.refresh_from_db()
            return _shown_once(request, successor, secret, former=token)
    return render(request, "portal/token_rotate.html", {"form": form, "row": row})


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def token_revoke(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask for the name, then end the token at once."""
    token = managed_token(request, _manager(request), pk)
    if has_expired(token):
        messages.info(request, f"{token.name} ({token.beginning}...) opens nothing any more.")
        return redirect("token_list")
    form = ConfirmNameForm(_sent(request), name=token.name)
    if request.method == "POST" and form.is_valid():
        revoke_token(token=token)
        messages.success(
            request, f"{token.name} ({token.beginning}...) is revoked. It opens nothing any more."
        )
        return redirect("token_list")
    return render(request, "portal/token_revoke.html", {"form": form, "row": token_row(token)})


def _shown_once(
    request: HttpRequest, token: ApiToken, secret: str, *, former: ApiToken | None = None
) -> HttpResponse:
    """Show the secret: this answer to the form is the only place that ever holds it."""
    context = {
        "row": token_row(token),
        "secret": secret,
        "former": former,
        "done_url": reverse("token_list"),
    }
    return render(request, "portal/token_secret.html", context)


def _not_rotated(token: ApiToken) -> str:
    if token.successor_id is not None:
        return f"{token.name} ({token.beginning}...) was rotated already. Rotate the one that took its place."
    return f"{token.name} ({token.beginning}...) opens nothing any more. Make a new token."


def _sent(request: HttpRequest) -> QueryDict | None:
    """Return what was sent, be it nothing; None where nobody sent anything."""
    return request.POST if request.method == "POST" else None


def _manager(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `manager_required` has seen to it
    return request.user
