"""The administrators' desk: who may do what to whom, and what is shown once only."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from portal import audit
from portal.models import ApiToken, AuditEvent, Organisation, User
from portal.roles import Role, roles_of
from portal.tokens import create_token, find_token
from tests.people import AsUser, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long password for tests"


@pytest.fixture
def desk(administrator: User, as_user: AsUser) -> Client:
    """Return a client signed in as the organisation's administrator."""
    return as_user(administrator)


@pytest.fixture
def superuser(db: None) -> User:
    """Return a superuser without any role."""
    with audit.acting(audit.system("tests")):
        return User.objects.create_superuser("root", password=PASSWORD)


def url(name: str, *args: Any) -> str:
    """Return the address of a page of the portal's admin."""
    return reverse(f"admin:portal_{name}", args=args)


def person(**values: Any) -> dict[str, Any]:
    """Return the fields of an account's page."""
    return {
        "username": "new.person",
        "title": "Dr",
        "first_name": "New",
        "last_name": "Person",
        "is_active": "on",
        "roles": ["clinician"],
    } | values


def a_token(user: User) -> tuple[ApiToken, str]:
    """Return a token and its secret."""
    with audit.acting(audit.system("tests")):
        return create_token(user=user, name="Clinic system", scopes=["suggest"])


# --- every role, every list --------------------------------------------------------------------------------

GUIDELINES = {
    model._meta.label for model in admin.site._registry if model._meta.app_label == "guidelines"
}  # the rows lead to the list of versions
PEOPLE = {"portal.Organisation", "portal.User", "portal.ApiToken", "mfa.Authenticator", "ordering.CdsClient"}
ALLOWED = {
    "clinician": set(),
    "editor": GUIDELINES,
    "approver": GUIDELINES,
    "auditor": {"portal.AuditEvent"},
    "administrator": PEOPLE,
}


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_sees_its_own_lists_of_the_admin_and_no_other(
    role: str, request: pytest.FixtureRequest, as_user: AsUser
) -> None:
    client = as_user(request.getfixturevalue(role))

    seen = set()
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        answer = client.get(reverse(name), follow=role in ("editor", "approver"))
        assert answer.status_code in (200, 302, 403)
        if answer.status_code == 200:
            seen.add(model._meta.label)

    assert seen == ALLOWED[role]


def test_the_admin_holds_no_patient_and_no_page_that_another_package_brought() -> None:
    registered = {model._meta.label for model in admin.site._registry}

    assert registered == GUIDELINES | PEOPLE | {"portal.AuditEvent"}


@pytest.mark.parametrize("role", ["editor", "approver", "auditor", "administrator"])
def test_the_start_page_of_each_role_opens(
    role: str, request: pytest.FixtureRequest, as_user: AsUser
) -> None:
    assert as_user(request.getfixturevalue(role)).get(reverse("admin:index")).status_code == 200


# --- people ------------------------------------------------------------------------------------------------


def test_administrators_see_people_of_their_organisation_only(
    desk: Client, clinician: User, other_clinic: User, superuser: User
) -> None:
    page = desk.get(url("user_changelist"))

    assert {row.username for row in page.context["cl"].result_list} == {"administrator", "clinician"}
    for stranger in (other_clinic, superuser):
        assert desk.get(url("user_change", stranger.pk)).status_code == 302  # "perhaps it was deleted"
        assert desk.post(url("user_change", stranger.pk), person()).status_code == 302
        assert desk.post(url("user_password", stranger.pk)).status_code == 404
        stranger.refresh_from_db()
        assert stranger.first_name != "New"


def test_a_new_person_works_in_the_administrators_organisation_and_can_sign_in(
    desk: Client, organisation: Organisation, other_organisation: Organisation
) -> None:
    page = desk.post(url("user_add"), person(organisation=other_organisation.pk))

    made = User.objects.get(username="new.person")
    password = page.context["secret"]
    assert made.organisation == organisation
    assert roles_of(made) == {Role.CLINICIAN}
    assert not made.is_staff
    assert made.check_password(password)
    assert len(password) >= 15
    assert "no-store" in page["Cache-Control"]


@pytest.mark.parametrize(
    "extra",
    [
        {"is_superuser": "on"},
        {"is_staff": "on"},
        {"user_permissions": ["1", "2"]},
        {"groups": ["1"]},
        {"password": "chosen-by-somebody-else"},
    ],
)
def test_an_administrator_gives_roles_and_nothing_beyond_them(
    desk: Client, clinician: User, extra: dict[str, Any]
) -> None:
    desk.post(url("user_change", clinician.pk), person(username="clinician") | extra)

    clinician.refresh_from_db()
    assert clinician.first_name == "New"
    assert not clinician.is_superuser
    assert not clinician.is_staff
    assert not clinician.user_permissions.exists()
    assert clinician.check_password(PASSWORD)
    assert [group.name for group in clinician.groups.all()] == ["clinician"]


def test_a_role_that_does_not_exist_is_refused(desk: Client, clinician: User) -> None:
    page = desk.post(url("user_change", clinician.pk), person(roles=["clinician", "root"]))

    assert "roles" in page.context["adminform"].form.errors


def test_roles_open_and_close_the_admin(desk: Client, clinician: User) -> None:
    desk.post(url("user_change", clinician.pk), person(username="clinician", roles=["clinician", "auditor"]))
    clinician.refresh_from_db()
    assert clinician.is_staff

    desk.post(url("user_change", clinician.pk), person(username="clinician", roles=["clinician"]))
    clinician.refresh_from_db()
    assert not clinician.is_staff


def test_nobody_changes_their_own_roles_or_switches_themselves_off(desk: Client, administrator: User) -> None:
    everything = [role.value for role in Role]

    page = desk.get(url("user_change", administrator.pk))
    desk.post(
        url("user_change", administrator.pk),
        {"username": "administrator", "first_name": "Still", "roles": everything},
    )

    administrator = User.objects.get(pk=administrator.pk)
    assert "roles" not in page.context["adminform"].form.fields
    assert administrator.first_name == "Still"
    assert roles_of(administrator) == {Role.ADMINISTRATOR}
    assert administrator.is_active
    assert desk.post(url("user_password", administrator.pk)).status_code == 403


def test_a_superuser_of_the_same_organisation_is_not_for_administrators_to_change(
    desk: Client, superuser: User, organisation: Organisation
) -> None:
    with audit.acting(audit.system("tests")):
        User.objects.filter(pk=superuser.pk).update(organisation=organisation)

    assert desk.get(url("user_change", superuser.pk)).status_code == 200
    assert desk.post(url("user_change", superuser.pk), person()).status_code == 403
    assert desk.post(url("user_password", superuser.pk)).status_code == 403


def test_a_superuser_manages_every_organisation(
    superuser: User, as_user: AsUser, other_clinic: User, organisation: Organisation
) -> None:
    client = as_user(superuser)

    client.post(
        url("user_change", other_clinic.pk), person(username="other_clinic", organisation=organisation.pk)
    )

    other_clinic.refresh_from_db()
    assert other_clinic.organisation == organisation


def test_no_password_is_shown_and_none_can_be_typed(desk: Client, clinician: User) -> None:
    for page in (desk.get(url("user_change", clinician.pk)), desk.get(url("user_add"))):
        text = page.content.decode()
        assert 'type="password"' not in text
        assert "argon2" not in text
        assert "password" not in page.context["adminform"].form.fields


def test_nobody_is_deleted(desk: Client, clinician: User, superuser: User, as_user: AsUser) -> None:
    for client in (desk, as_user(superuser)):
        answer = client.post(url("user_delete", clinician.pk), {"post": "yes"})
        assert answer.status_code == 403
    assert User.objects.filter(pk=clinician.pk).exists()


def test_switching_somebody_off_ends_their_sessions_and_tokens_for_good(
    desk: Client, clinician: User, as_user: AsUser
) -> None:
    theirs = as_user(clinician)
    _, secret = a_token(clinician)
    data = person(username="clinician")

    desk.post(url("user_change", clinician.pk), {name: data[name] for name in data if name != "is_active"})
    assert find_token(secret) is None
    desk.post(url("user_change", clinician.pk), data)

    assert find_token(secret) is None
    assert theirs.get(reverse("admin:index")).status_code == 302
    assert "_auth_user_id" not in theirs.session
    assert desk.get(reverse("admin:index")).status_code == 200  # the administrator's own goes on


def test_a_new_password_is_shown_once_and_signs_the_person_out(
    desk: Client, clinician: User, as_user: AsUser
) -> None:
    theirs = as_user(clinician)

    asked = desk.get(url("user_password", clinician.pk))
    shown = desk.post(url("user_password", clinician.pk))

    clinician.refresh_from_db()
    secret = shown.context["secret"]
    assert asked.status_code == 200
    assert clinician.check_password(secret)
    assert "_auth_user_id" not in theirs.session
    assert secret not in desk.get(url("user_change", clinician.pk)).content.decode()
    assert AuditEvent.objects.filter(event_type="user.password-given", entity_id=str(clinician.pk)).exists()


# --- organisations -----------------------------------------------------------------------------------------


def test_administrators_read_their_organisation_and_change_none(
    desk: Client, organisation: Organisation, other_organisation: Organisation
) -> None:
    page = desk.get(url("organisation_changelist"))

    assert list(page.context["cl"].result_list) == [organisation]
    assert desk.get(url("organisation_change", organisation.pk)).status_code == 200
    assert desk.get(url("organisation_change", other_organisation.pk)).status_code == 302
    assert desk.post(url("organisation_change", organisation.pk), {"name": "X"}).status_code == 403
    assert desk.get(url("organisation_add")).status_code == 403


def test_a_superuser_adds_an_organisation(superuser: User, as_user: AsUser) -> None:
    as_user(superuser).post(url("organisation_add"), {"name": "East Clinic", "slug": "east-clinic"})

    assert Organisation.objects.filter(slug="east-clinic").exists()


# --- tokens ------------------------------------------------------------------------------------------------


def test_a_token_is_made_with_scopes_and_expiry_and_shown_once(desk: Client, clinician: User) -> None:
    page = desk.post(
        url("apitoken_add"),
        {"user": clinician.pk, "name": "Clinic system", "scopes": ["suggest", "orders:read"], "days": "30"},
    )

    token = ApiToken.objects.get()
    secret = page.context["secret"]
    found = find_token(secret)
    assert found == token
    assert token.scopes == ["suggest", "orders:read"]
    assert token.user == clinician
    assert token.expiry is not None
    assert (token.expiry - token.created).days in (29, 30)
    assert "no-store" in page["Cache-Control"]
    for later in (url("apitoken_changelist"), url("apitoken_change", token.pk)):
        text = desk.get(later).content.decode()
        assert secret not in text
        assert token.digest not in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scopes", []),
        ("scopes", ["everything"]),
        ("name", ""),
        ("name", "x" * 101),
        ("name", "nul\0"),
        ("days", "0"),
        ("days", "-1"),
        ("days", "100000"),
        ("days", "1e9"),
        ("days", ""),
        ("user", ""),
        ("user", "999999999999999999999999"),
        ("user", "1.5"),
    ],
)
def test_a_token_that_is_asked_for_wrongly_is_not_made(
    desk: Client, clinician: User, field: str, value: Any
) -> None:
    data = {"user": clinician.pk, "name": "System", "scopes": ["suggest"], "days": "30"} | {field: value}

    page = desk.post(url("apitoken_add"), data)

    assert page.status_code == 200
    assert field in page.context["adminform"].form.errors
    assert not ApiToken.objects.exists()


def test_no_token_acts_for_somebody_of_another_organisation_or_a_superuser(
    desk: Client, other_clinic: User, superuser: User
) -> None:
    for stranger in (other_clinic, superuser):
        page = desk.post(
            url("apitoken_add"),
            {"user": stranger.pk, "name": "System", "scopes": ["suggest"], "days": "30"},
        )
        assert "user" in page.context["adminform"].form.errors
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_after_asking_and_its_row_stays(desk: Client, clinician: User) -> None:
    token, secret = a_token(clinician)

    asked = desk.get(url("apitoken_delete", token.pk))
    assert find_token(secret) is not None
    done = desk.post(url("apitoken_delete", token.pk), {"post": "yes"}, follow=True)

    assert "cannot be undone" in asked.content.decode()
    assert "is revoked" in done.content.decode()
    assert "deleted" not in done.content.decode()
    assert find_token(secret) is None
    assert ApiToken.objects.filter(pk=token.pk).exists()
    assert desk.post(url("apitoken_delete", token.pk), {"post": "yes"}).status_code == 403


def test_tokens_of_another_organisation_are_not_there(desk: Client, other_clinic: User) -> None:
    token, secret = a_token(other_clinic)

    assert not desk.get(url("apitoken_changelist")).context["cl"].result_list
    assert desk.get(url("apitoken_change", token.pk)).status_code == 302
    assert desk.post(url("apitoken_delete", token.pk), {"post": "yes"}).status_code == 302
    assert find_token(secret) is not None


def test_a_token_is_never_changed(desk: Client, clinician: User) -> None:
    token, _ = a_token(clinician)

    assert desk.post(url("apitoken_change", token.pk), {"name": "Other"}).status_code == 403


# --- second factors ----------------------------------------------------------------------------------------


def test_a_lost_second_factor_is_removed_and_its_secret_never_shown(
    desk: Client, clinician: User, other_clinic: User
) -> None:
    with audit.acting(audit.system("tests")):
        ours, theirs = (
            Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
            for user in (clinician, other_clinic)
        )

    page = desk.get(reverse("admin:mfa_authenticator_change", args=[ours.pk]))
    desk.post(reverse("admin:mfa_authenticator_delete", args=[ours.pk]), {"post": "yes"})
    desk.post(reverse("admin:mfa_authenticator_delete", args=[theirs.pk]), {"post": "yes"})

    assert page.status_code == 200
    assert "JBSWY3DPEHPK3PXP" not in page.content.decode()
    assert list(Authenticator.objects.all()) == [theirs]
    assert AuditEvent.objects.filter(event_type="user.second-factor-removed").exists()


# --- what nobody may send ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "username__regex=(",
        "password__startswith=argon2",
        "username__exact=%00",
        "is_active__exact=%00",
        "is_active__exact=maybe",
        "groups__id__exact=x",
        "groups__id__exact=%00",
        "groups__id__exact=99999999999999999999999",
        "groups__permissions__codename__regex=(",
        "user__password__startswith=a",
        "digest__startswith=a",
        "data__regex=(",
        "type__exact=%00",
        "state=%00",
        "q=%00",
        "q=%22",
        "p=x",
        "o=-99",
        "e=1",
    ],
)
@pytest.mark.parametrize(
    "name", ["portal_user", "portal_apitoken", "portal_organisation", "mfa_authenticator"]
)
def test_no_filter_that_somebody_makes_up_is_a_fault_of_the_server(
    desk: Client, name: str, query: str
) -> None:
    answer = desk.get(f"{reverse(f'admin:{name}_changelist')}?{query}", follow=True)

    assert answer.status_code in (200, 400)


@pytest.mark.parametrize("key", ["x", "-1", "1.5", "99999999999999999999999", "_00", "%00"])
@pytest.mark.parametrize("name", ["portal/user", "portal/apitoken", "mfa/authenticator"])
def test_no_key_that_somebody_makes_up_is_a_fault_of_the_server(desk: Client, name: str, key: str) -> None:
    for page in ("change", "delete", "history"):
        answer = desk.get(f"/admin/{name}/{key}/{page}/", follow=True)
        assert answer.status_code in (200, 400, 403, 404)


def test_an_administrator_without_an_organisation_sees_nobody(as_user: AsUser, clinician: User) -> None:
    client = as_user(make_user("nowhere", Role.ADMINISTRATOR))

    for name in ("user", "apitoken", "organisation"):
        assert not client.get(url(f"{name}_changelist")).context["cl"].result_list
