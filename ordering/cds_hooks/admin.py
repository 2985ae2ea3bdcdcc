"""Registering EHRs in the admin. Nothing here shows a patient: no consultation, card or feedback."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from ordering import policies
from ordering.cds_hooks.models import DEVELOPMENT, CdsClient
from portal.desk import DeskAdmin
from portal.models import Organisation, User
from portal.roles import Role, has_role


class CdsClientForm(forms.ModelForm):
    """What a client needs as a whole: a clinician of its organisation, and keys unless calls are unsigned."""

    class Meta:
        model = CdsClient
        fields = (
            "name",
            "organisation",
            "user",
            "issuer",
            "jku",
            "jwks",
            "origins",
            "replacement",
            "may_be_rating",
            "qcdsm",
            "mrn_system",
            "is_active",
        )

    def clean(self) -> dict[str, Any]:
        """Refuse combinations under which no call could ever be answered."""
        given = super().clean() or {}
        user, organisation = given.get("user"), given.get("organisation")
        if user and (user.organisation != organisation or not policies.may_order(user)):
            self.add_error("user", ValidationError("Choose a clinician of the client's organisation."))
        signs = given.get("is_active") and given.get("issuer") not in (None, DEVELOPMENT)
        if signs and not given.get("jwks") and "jwks" not in self.errors:
            self.add_error("jwks", ValidationError("Enter the public keys, or set the client inactive."))
        return given


@admin.register(CdsClient)
class CdsClientAdmin(DeskAdmin):
    """The EHRs of an administrator's own organisation."""

    form = CdsClientForm
    list_display = ("name", "organisation", "issuer", "is_active")
    list_filter = ("is_active",)
    fieldsets = (
        (None, {"fields": ("name", "organisation", "user", "is_active")}),
        ("How it proves who it is", {"fields": ("issuer", "jku", "jwks", "origins")}),
        ("How it is answered", {"fields": ("replacement", "may_be_rating", "qcdsm", "mrn_system")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[CdsClient]:
        """Return the clients of the person's organisation; a superuser without one sees all."""
        clients = super().get_queryset(request).select_related("organisation")
        organisation = _organisation(request)
        return clients.filter(organisation=organisation) if organisation else clients

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the own organisation and its people only."""
        organisation = _organisation(request)
        if organisation and db_field.name == "organisation":
            kwargs["queryset"] = Organisation.objects.filter(pk=organisation)
        elif organisation and db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(organisation=organisation, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show clients to administrators: the permissions of the groups serve the pages as well."""
        return _is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators read."""
        return _is_administrator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let administrators register an EHR."""
        return _is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators change what an EHR may do."""
        return _is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A client stays, because its consultations name it; set it inactive instead."""
        return False


def _is_administrator(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and (
        request.user.is_superuser or has_role(request.user, Role.ADMINISTRATOR)
    )


def _organisation(request: HttpRequest) -> int | None:
    if isinstance(request.user, User) and not request.user.is_superuser:
        # somebody without an organisation manages none
        return request.user.organisation_id or -1
    return None
