"""The administrators' desk: API tokens of their organisation, and second factors that were lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from portal import audit
from portal.admin_people import PeopleAdmin, manages, may_manage
from portal.models import ApiToken, User
from portal.tokens import LIFETIME, create_token, has_expired, revoke_token

MOST_DAYS = 366  # a token that nobody looks at for a year should stop


class TokenForm(forms.ModelForm):
    """What a token is for."""

    name = forms.CharField(
        max_length=100, help_text="The system that will use the token.", widget=AdminTextInputWidget
    )
    scopes = forms.MultipleChoiceField(
        choices=[(value, f"{value}: {label}") for value, label in ApiToken.Scope.choices],
        widget=forms.CheckboxSelectMultiple,
        help_text="Give what the system needs, no more. The person must be allowed to do it as well.",
    )
    days = forms.IntegerField(
        label="Expires after",
        min_value=1,
        max_value=MOST_DAYS,
        initial=LIFETIME.days,
        help_text=f"Days, 1 to {MOST_DAYS}.",
    )

    class Meta:
        model = ApiToken
        fields = ("user", "name", "scopes")


class TokenState(admin.SimpleListFilter):
    """Whether a token still opens anything."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer both states."""
        return [("valid", "Valid"), ("expired", "Expired or revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the tokens of the chosen state."""
        over = Q(expiry__lte=timezone.now())
        if self.value() == "valid":
            return queryset.exclude(over)
        return queryset.filter(over) if self.value() == "expired" else queryset


@admin.register(ApiToken)
class ApiTokenAdmin(PeopleAdmin):
    """Tokens: made with their scopes and expiry, shown once, revoked. The row stays for the trail."""

    list_display = ("name", "user", "scope_list", "created", "expiry", "last_used_at", "state")
    list_filter = (TokenState,)
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    search_help_text = "Name of the system, or user name."
    organisation_path = "user__organisation"
    delete_confirmation_template = "admin/portal/apitoken/revoke.html"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A token stays what it is; another one is made instead."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators revoke tokens that still work."""
        if obj is None:
            return may_manage(request.user)
        return manages(request, obj.user) and not has_expired(obj)

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Ask for what a new token is for."""
        if obj is None:
            kwargs["form"] = TokenForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields of a new token, or the facts of an old one."""
        known = ["name", "user", "scope_list", "created", "expiry", "last_used_at", "state"]
        return [(None, {"fields": ["user", "name", "scopes", "days"] if obj is None else known})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is only shown."""
        return () if obj is None else ("scope_list", "created", "expiry", "last_used_at", "state")

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        """Offer the people whom this administrator manages."""
        people = User.objects.filter(is_active=True).order_by("username")
        asking: Any = request.user
        if not asking.is_superuser:
            people = people.filter(organisation_id=asking.organisation_id or 0, is_superuser=False)
        kwargs["queryset"] = people
        kwargs["help_text"] = "The person in whose name the system acts."
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Leave out the links beside the list of people: they lead away from a half-filled form."""
        made = super().formfield_for_dbfield(db_field, request, **kwargs)
        inner = getattr(made, "widget", None)
        if made is not None and hasattr(inner, "can_add_related"):
            made.widget = inner.widget  # type: ignore[union-attr]
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the token; its secret lives only in this answer."""
        values = form.cleaned_data
        token, secret = create_token(
            user=values["user"],
            name=values["name"],
            scopes=values["scopes"],
            lifetime=timedelta(days=values["days"]),
            by=request.user,  # type: ignore[arg-type]  # the admin asks for a sign-in
        )
        obj.pk, obj.token_key, obj.secret = token.pk, token.token_key, secret

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, once: this page is the answer to the form and nothing keeps it."""
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": f"Token for {obj.name}",
            "secret": obj.secret,
            "hint": "Copy it into that system now; it is shown only here, and the portal keeps no copy.",
            "back": reverse("admin:portal_apitoken_changelist"),
        }
        return TemplateResponse(request, "admin/portal/secret.html", context)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Revoke the token at once; its row stays."""
        revoke_token(token=obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Say what happened in the words of a token."""
        answer = super().response_delete(request, obj_display, obj_id)
        list(messages.get_messages(request))  # Django speaks of a deletion
        messages.success(request, f"{obj_display} is revoked. It opens nothing any more.")
        return answer

    @admin.display(description="Scopes")
    def scope_list(self, token: ApiToken) -> str:
        """Return the scopes as they are written in the API."""
        return ", ".join(token.scopes)

    @admin.display(description="State")
    def state(self, token: ApiToken) -> str:
        """Return whether the token still works."""
        return "expired or revoked" if has_expired(token) else "valid"


@admin.register(Authenticator)
class AuthenticatorAdmin(PeopleAdmin):
    """Second factors. An administrator removes one that was lost; its secret is shown to nobody."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username",)
    search_help_text = "User name."
    fields = ("user", "type", "created_at", "last_used_at")
    organisation_path = "user__organisation"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only the person sets up a second factor."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only the person changes a second factor."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators remove the lost second factor of somebody they manage."""
        if obj is None:
            return may_manage(request.user)
        return manages(request, obj.user) and obj.user != request.user

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Remove the second factor, and record whose it was."""
        if not self.has_delete_permission(request, obj):
            raise PermissionDenied
        audit.log(
            "user.second-factor-removed",
            action="D",
            entity="user",
            entity_id=obj.user_id,
            organisation_id=obj.user.organisation_id,
        )
        obj.delete()
