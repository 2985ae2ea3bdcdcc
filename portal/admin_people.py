"""The administrators' desk: the people of their organisation and what those may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from portal.desk import DeskAdmin
from portal.models import Organisation, User
from portal.people import end_access, give_new_password
from portal.roles import Role, give_roles, has_role, roles_of

DETAILS = ["username", "title", "first_name", "last_name", "email", "npi"]
ROLE_LABELS = [
    (Role.CLINICIAN.value, "Clinician: orders imaging and records findings"),
    (Role.EDITOR.value, "Editor: writes guidelines, for all organisations; sees no patient"),
    (Role.APPROVER.value, "Approver: publishes guidelines, for all organisations; sees no patient"),
    (Role.AUDITOR.value, "Auditor: reads orders and the audit trail of the organisation"),
    (Role.ADMINISTRATOR.value, "Administrator: manages people and tokens; sees no patient"),
]


def may_manage(user: Any) -> bool:
    """Return whether the person manages accounts."""
    return bool(user.is_active) and (user.is_superuser or has_role(user, Role.ADMINISTRATOR))


def manages(request: HttpRequest, person: User) -> bool:
    """Return whether the account is this administrator's to change: never a superuser's, unless by one."""
    asking: Any = request.user
    if not may_manage(asking):
        return False
    own = asking.organisation_id is not None and person.organisation_id == asking.organisation_id
    return asking.is_superuser or (own and not person.is_superuser)


class PeopleAdmin(DeskAdmin):
    """A model admin for those who manage accounts, each for the own organisation."""

    organisation_path = "organisation"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return what belongs to the administrator's organisation; a superuser sees all."""
        rows, asking = super().get_queryset(request), request.user
        if getattr(asking, "is_superuser", False):
            return rows
        organisation_id = getattr(asking, "organisation_id", None)
        if organisation_id is None:
            return rows.none()
        return rows.filter(**{self.organisation_path: organisation_id})

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show accounts to those who manage them."""
        return may_manage(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who manage accounts see them."""
        return may_manage(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those who manage accounts add one."""
        return may_manage(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who manage accounts change them."""
        return may_manage(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is deleted: the trail still names it."""
        return False


class PersonForm(forms.ModelForm):
    """An account and its roles."""

    roles = forms.MultipleChoiceField(
        choices=ROLE_LABELS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What the person may do. Without any, they can sign in and read guidelines.",
    )

    class Meta:
        model = User
        fields = [*DETAILS, "is_active", "organisation"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "roles" in self.fields and self.instance.pk:
            self.fields["roles"].initial = [role.value for role in roles_of(self.instance)]


class OwnAccountForm(PersonForm):
    """One's own account: what one may do is for another administrator to say."""

    roles = None  # type: ignore[assignment]  # how a form leaves out an inherited field


@admin.register(User)
class UserAdmin(PeopleAdmin):
    """People. Roles are all that can be given here: no single permission, no superuser."""

    form = PersonForm
    list_display = ("username", "display_name", "role_names", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "first_name", "last_name", "npi")
    search_help_text = "User name, name or NPI."
    ordering = ("username",)
    change_form_template = "admin/portal/user/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch the roles with the people."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_urls(self) -> list[URLPattern]:
        """Add the page that gives a new password."""
        page = self.admin_site.admin_view(self.password_page)
        return [path("<int:pk>/password/", page, name="portal_user_password"), *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let administrators change people of their organisation, superusers excepted."""
        return may_manage(request.user) if obj is None else manages(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Any | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Leave the roles out of one's own account."""
        if not self._may_give_roles(request, obj):
            kwargs["form"] = OwnAccountForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show where the person works, and to a superuser as a field."""
        access = ["roles", "is_active"] if self._may_give_roles(request, obj) else ["role_names", "is_active"]
        place = "organisation" if request.user.is_superuser else "works_at"
        when = [] if obj is None else [("Times", {"fields": ["last_login", "date_joined"]})]
        return [(None, {"fields": [*DETAILS, place]}), ("What they may do", {"fields": access}), *when]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return what is never typed here; of one's own account also the roles."""
        fixed = ["role_names", "works_at", "last_login", "date_joined"]
        return fixed if self._may_give_roles(request, obj) else [*fixed, "is_active"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the account in the administrator's organisation, with its roles."""
        if not change and not request.user.is_superuser:
            obj.organisation = getattr(request.user, "organisation", None)
        super().save_model(request, obj, form, change)
        if "roles" in form.cleaned_data and self._may_give_roles(request, obj if change else None):
            give_roles(user=obj, roles=[Role(name) for name in form.cleaned_data["roles"]])
        if change and "is_active" in form.changed_data and not obj.is_active:
            end_access(user=obj)
        if not change:
            obj.first_password = give_new_password(user=obj)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the first password, once: this page is the answer to the form and nothing keeps it."""
        return self._show_password(request, obj, obj.first_password)

    def password_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then give the person a new password and show it once."""
        person = get_object_or_404(self.get_queryset(request), pk=pk)
        if not manages(request, person) or person == request.user:
            raise PermissionDenied
        if request.method == "POST":
            return self._show_password(request, person, give_new_password(user=person))
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "person": person,
            "title": f"New password for {person.display_name}",
        }
        return TemplateResponse(request, "admin/portal/user/new_password.html", context)

    @admin.display(description="Name", ordering="last_name")
    def display_name(self, person: User) -> str:
        """Return title and full name."""
        return person.display_name

    @admin.display(description="Roles")
    def role_names(self, person: User) -> str:
        """Return the roles in words; they are prefetched."""
        return ", ".join(sorted(group.name for group in person.groups.all())) or "none"

    @admin.display(description="Organisation")
    def works_at(self, person: User) -> str:
        """Return where the person works."""
        return str(person.organisation) if person.organisation else "that of the administrator who adds them"

    def _may_give_roles(self, request: HttpRequest, person: User | None) -> bool:
        return person is None or person.pk != request.user.pk  # nobody changes what they may do themselves

    def _show_password(self, request: HttpRequest, person: User, password: str) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": f"Password of {person.display_name}",
            "secret": password,
            "hint": "Hand it over in person or by a safe way; it is shown only now. "
            "They can choose their own under Account.",
            "back": reverse("admin:portal_user_changelist"),
        }
        return TemplateResponse(request, "admin/portal/secret.html", context)


@admin.register(Organisation)
class OrganisationAdmin(PeopleAdmin):
    """Hospitals and clinics. Administrators read their own; a superuser adds and changes them."""

    list_display = ("name", "slug", "created_at")
    fields = ("name", "slug")
    organisation_path = "pk"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let a superuser add an organisation."""
        return bool(request.user.is_active and request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let a superuser change an organisation."""
        return bool(request.user.is_active and request.user.is_superuser)
