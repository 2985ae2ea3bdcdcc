"""Second factors: who must have one, how it is set up, and what a wrong code does."""

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.postgres.functions import TransactionNow
from django.core.cache import cache
from django.test import Client, override_settings

from portal.audit import acting, system
from portal.models import AuditEvent, User
from portal.roles import Role
from tests.people import PASSWORD, make_user

SET_UP = "/accounts/2fa/totp/activate/"
STEP = "/accounts/2fa/authenticate/"
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"
REQUIRED = override_settings(PORTAL_REQUIRE_MFA=["editor", "approver", "administrator"])


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def password(client: Client, user: User, *, ip: str = HERE) -> Any:
    return client.post("/accounts/login/", {"login": user.username, "password": PASSWORD}, REMOTE_ADDR=ip)


def enter(client: Client, value: str, *, ip: str = HERE) -> Any:
    return client.post(STEP, {"code": value}, REMOTE_ADDR=ip)


def set_up(client: Client) -> str:
    """Set up an authenticator app as a person does, and return its secret."""
    secret = str(client.get(SET_UP).context["form"].secret)
    response = client.post(SET_UP, {"code": code(secret)})
    assert response["Location"] == "/accounts/2fa/recovery-codes/"
    cache.clear()  # the same code is not taken twice, and a test does not wait for the next
    return secret


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/").status_code == 200


def events(kind: str) -> list[AuditEvent]:
    # the trail is never emptied: what other tests committed was recorded before this one began
    mine = AuditEvent.objects.filter(recorded_at__gte=TransactionNow())
    return list(mine.filter(event_type=kind).order_by("id"))


@pytest.fixture
def protected(clinician: User, django_capture_on_commit_callbacks: Any) -> tuple[User, str, list[str]]:
    """Return a clinician with an authenticator app, its secret and the recovery codes."""
    client = Client()
    password(client, clinician)
    with django_capture_on_commit_callbacks(execute=True):
        secret = set_up(client)
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    return clinician, secret, codes


def test_the_password_alone_no_longer_signs_in(protected: tuple[User, str, list[str]]) -> None:
    user, secret, _ = protected
    client = Client()

    first = password(client, user)
    between = is_signed_in(client)
    second = enter(client, code(secret))

    assert first["Location"] == STEP
    assert between is False
    assert second.status_code == 302
    assert is_signed_in(client)
    assert len(events("auth.signed-in")) == 2


def test_a_code_is_taken_once(protected: tuple[User, str, list[str]]) -> None:
    user, secret, _ = protected
    first, second = Client(), Client()
    for client in (first, second):
        password(client, user)

    assert enter(first, code(secret)).status_code == 302
    assert enter(second, code(secret)).status_code == 200


def test_a_recovery_code_signs_in_once(protected: tuple[User, str, list[str]]) -> None:
    user, _, codes = protected
    first, second = Client(), Client()
    for client in (first, second):
        password(client, user)

    assert enter(first, codes[0]).status_code == 302
    assert enter(second, codes[0]).status_code == 200
    assert is_signed_in(first)


def test_wrong_codes_lock_as_wrong_passwords_do(protected: tuple[User, str, list[str]]) -> None:
    user, secret, _ = protected
    client = Client()
    password(client, user)

    answers = [enter(client, "000000").status_code for _ in range(5)]

    assert answers == [200, 200, 200, 200, 429]
    assert enter(client, code(secret)).status_code == 429
    assert password(Client(), user).status_code == 429
    assert not is_signed_in(client)
    assert [event.after.get("factor") for event in events("auth.sign-in-failed")][:5] == ["second"] * 5
    assert len(events("auth.locked-out")) == 1


def test_the_eleventh_code_is_refused_wherever_it_comes_from(protected: tuple[User, str, list[str]]) -> None:
    user, secret, _ = protected
    for number in range(10):
        client, ip = Client(), f"203.0.113.{number}"
        password(client, user, ip=ip)
        assert enter(client, "000000", ip=ip).status_code == 200
    client = Client()
    password(client, user, ip=ELSEWHERE)

    assert enter(client, code(secret), ip=ELSEWHERE).status_code == 429


def test_the_secret_is_not_readable_in_the_database(protected: tuple[User, str, list[str]]) -> None:
    _, secret, _ = protected
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]

    assert secret not in stored
    assert stored.startswith("gAAAA")


def test_adding_and_removing_are_recorded(
    protected: tuple[User, str, list[str]], django_capture_on_commit_callbacks: Any
) -> None:
    user, secret, _ = protected
    client = Client()
    password(client, user)
    enter(client, code(secret))
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/2fa/totp/deactivate/")

    assert sorted(event.after["type"] for event in events("auth.second-factor-added")) == [
        "recovery_codes",
        "totp",
    ]
    assert "totp" in [event.after["type"] for event in events("auth.second-factor-removed")]
    assert not Authenticator.objects.exists()
    assert password(Client(), user)["Location"] == "/"


@pytest.mark.parametrize(
    ("role", "asked"),
    [
        (Role.EDITOR, True),
        (Role.APPROVER, True),
        (Role.ADMINISTRATOR, True),
        (Role.CLINICIAN, False),
        (Role.AUDITOR, False),
    ],
)
@REQUIRED
def test_roles_that_need_a_second_factor_set_it_up_before_anything_else(
    organisation: Any, role: Role, asked: bool
) -> None:
    client = Client()
    password(client, make_user("someone", role, organisation=organisation))

    answers = [client.get(path) for path in ("/", "/admin/", "/help/")]

    assert all((answer.headers.get("Location") == SET_UP) is asked for answer in answers)
    assert client.get("/accounts/").status_code == 200


@REQUIRED
def test_who_may_do_everything_needs_one_as_well(db: None) -> None:
    user = make_user("root")
    with acting(system("tests")):
        User.objects.filter(pk=user.pk).update(is_superuser=True, is_staff=True)
    client = Client()
    password(client, user)

    assert client.get("/admin/")["Location"] == SET_UP


@REQUIRED
def test_once_set_up_the_work_goes_on(editor: User, django_capture_on_commit_callbacks: Any) -> None:
    client = Client()
    password(client, editor)
    with django_capture_on_commit_callbacks(execute=True):
        set_up(client)

    assert client.get("/admin/").status_code == 200


@REQUIRED
def test_taking_the_second_factor_away_asks_for_a_new_one(
    editor: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    password(client, editor)
    with django_capture_on_commit_callbacks(execute=True):
        set_up(client)
    with acting(system("tests")):
        Authenticator.objects.all().delete()

    assert client.get("/admin/")["Location"] == SET_UP


def test_the_password_is_asked_again_when_signing_in_was_long_ago(clinician: User) -> None:
    client = Client()
    password(client, clinician)
    session = client.session
    session["signed_in_at"] = int(time.time()) - 301
    session.save()

    asked = client.get(SET_UP)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": SET_UP})

    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert client.get(SET_UP).status_code == 200


def test_nobody_removes_or_renames_somebody_elses_passkey(clinician: User, colleague: User) -> None:
    with acting(system("tests")):
        theirs = Authenticator.objects.create(user=colleague, type=Authenticator.Type.WEBAUTHN, data={})
    client = Client()
    password(client, clinician)

    for action in ("remove", "edit"):
        assert client.post(f"/accounts/2fa/webauthn/keys/{theirs.pk}/{action}/").status_code == 404
