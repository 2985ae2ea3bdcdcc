"""Signing in and out: who gets in, who has to wait, and which pages there are."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.postgres.functions import TransactionNow
from django.core.cache import cache
from django.db import connections
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from portal.audit import acting, system
from portal.models import AuditEvent, User
from portal.sign_in.urls import urlpatterns
from portal.tokens import create_token, find_token
from tests.people import PASSWORD, AsUser

SIGN_IN = "/accounts/login/"
HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"
NEW_PASSWORD = "four plain words together"


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


def sign_in(client: Client, username: str, password: str = PASSWORD, *, ip: str = HERE, **more: str) -> Any:
    return client.post(SIGN_IN, {"login": username, "password": password, **more}, REMOTE_ADDR=ip)


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/").status_code == 200


def events(kind: str) -> list[AuditEvent]:
    # the trail is never emptied: what other tests committed was recorded before this one began
    mine = AuditEvent.objects.filter(recorded_at__gte=TransactionNow())
    return list(mine.filter(event_type=kind).order_by("id"))


def test_the_right_password_signs_in_and_is_recorded(client: Client, clinician: User) -> None:
    response = sign_in(client, "clinician")

    assert (response.status_code, response["Location"]) == (302, "/")
    assert is_signed_in(client)
    [event] = events("auth.signed-in")
    assert (event.actor, event.client_ip) == (f"user:{clinician.pk}:clinician", HERE)


@pytest.mark.parametrize("tried", [("clinician", "not this one at all"), ("nobody", PASSWORD)])
def test_a_wrong_password_and_an_unknown_name_read_the_same(
    client: Client, clinician: User, tried: tuple[str, str]
) -> None:
    html = sign_in(client, *tried).content.decode()

    assert "The user name or the password is not right" in html
    assert f'value="{tried[0]}"' in html
    assert tried[1] not in html
    assert not is_signed_in(client)
    assert [event.after for event in events("auth.sign-in-failed")] == [{"username": tried[0]}]


def test_password_managers_and_pasting_are_helped(client: Client, db: None) -> None:
    html = client.get(SIGN_IN).content.decode()

    assert 'autocomplete="username"' in html
    assert 'autocomplete="current-password"' in html
    assert "onpaste" not in html


def test_five_wrong_passwords_lock_one_place_and_leave_others_open(client: Client, clinician: User) -> None:
    answers = [sign_in(client, "clinician", "wrong").status_code for _ in range(5)]
    right_here, right_elsewhere = sign_in(client, "clinician"), sign_in(Client(), "clinician", ip=ELSEWHERE)

    assert answers == [200, 200, 200, 200, 429]
    assert right_here.status_code == 429
    assert 880 <= int(right_here["Retry-After"]) <= 900
    assert "Wait 15 minutes" in right_here.content.decode()
    assert right_elsewhere.status_code == 302
    assert [event.after["failures"] for event in events("auth.locked-out")] == [5]


def test_other_spellings_of_a_name_count_as_the_same_person(client: Client, clinician: User) -> None:
    for name in ["clinician", "CLINICIAN", " Clinician ", "clInIcIan", "cliniciAn"]:
        sign_in(client, name, "wrong")

    assert sign_in(client, "clinician").status_code == 429


def test_another_browser_at_the_same_address_is_locked_too(clinician: User) -> None:
    for number in range(5):
        Client(headers={"user-agent": f"browser {number}"}).post(
            SIGN_IN, {"login": "clinician", "password": "wrong"}, REMOTE_ADDR=HERE
        )

    assert sign_in(Client(), "clinician").status_code == 429


def test_a_made_up_forwarding_header_is_no_way_around_the_lockout(client: Client, clinician: User) -> None:
    for number in range(5):
        client.post(
            SIGN_IN, {"login": "clinician", "password": "wrong"}, REMOTE_ADDR=HERE,
            headers={"x-forwarded-for": f"203.0.113.{number}"},
        )  # fmt: skip

    assert sign_in(client, "clinician").status_code == 429


def test_guessing_from_many_addresses_is_slowed_down_as_well(client: Client, clinician: User) -> None:
    with override_settings(ACCOUNT_RATE_LIMITS={"password_failed": "8/h/key"}):
        for number in range(8):
            assert sign_in(client, "clinician", "wrong", ip=f"203.0.113.{number}").status_code == 200

        assert sign_in(client, "clinician", ip=ELSEWHERE).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_guesses_sent_at_the_same_moment_are_counted_one_by_one(clinician: User) -> None:
    def guess(number: int) -> int:
        try:
            return int(sign_in(Client(), "clinician", f"wrong {number}").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(guess, range(16)))

    # some may have been sent away unchecked; none was checked beyond the limit
    assert set(answers) <= {200, 429}
    assert answers.count(200) <= 4
    assert [event.after["failures"] for event in events("auth.locked-out")] in ([], [5])


def test_a_lockout_ends_at_the_time_it_said(client: Client, clinician: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            sign_in(client, "clinician", "wrong")
        clock.shift(timedelta(minutes=10))
        during = sign_in(client, "clinician")
        clock.shift(timedelta(seconds=int(during["Retry-After"]) + 1))

        assert during.status_code == 429
        assert sign_in(client, "clinician").status_code == 302


def test_the_admin_signs_in_through_the_same_page(client: Client, administrator: User) -> None:
    response = client.get("/admin/login/", {"next": "/admin/portal/"})
    posted = client.post("/admin/login/", {"username": "administrator", "password": PASSWORD})

    assert response["Location"] == f"{SIGN_IN}?next=%2Fadmin%2Fportal%2F"
    assert posted["Location"].startswith(SIGN_IN)
    assert not is_signed_in(client)


def test_someone_without_work_in_the_admin_is_refused_there(clinician: User, as_user: AsUser) -> None:
    assert as_user(clinician).get("/admin/login/").status_code == 403


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/orders/", "/orders/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("https://localhost/", "/"),  # allowed as a host, and still another one than this
    ],
)
def test_after_signing_in_one_stays_on_this_host(
    client: Client, clinician: User, wanted: str, reached: str
) -> None:
    assert sign_in(client, "clinician", next=wanted)["Location"] == reached


def test_signing_out_ends_the_session(clinician: User) -> None:
    client = Client()
    sign_in(client, "clinician")
    stolen = client.cookies["sessionid"].value

    by_link = client.get("/accounts/logout/")
    assert by_link.status_code == 200
    assert is_signed_in(client)
    client.post("/accounts/logout/")

    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert not is_signed_in(client)
    assert not is_signed_in(thief)
    assert len(events("auth.signed-out")) == 1


def test_signing_in_changes_the_session_key(client: Client, clinician: User) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key

    sign_in(client, "clinician")

    assert client.cookies["sessionid"].value != before
    fixed = Client()
    fixed.cookies["sessionid"] = before
    assert not is_signed_in(fixed)


def test_a_new_password_ends_all_other_sessions_and_is_recorded(clinician: User) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        sign_in(client, "clinician")

    response = change_password(here, PASSWORD, NEW_PASSWORD)

    assert response["Location"] == "/accounts/"
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)
    assert sign_in(Client(), "clinician", NEW_PASSWORD).status_code == 302
    [event] = events("auth.password-changed")
    assert (event.actor, event.entity_id) == (f"user:{clinician.pk}:clinician", str(clinician.pk))


def change_password(client: Client, old: str, new: str) -> HttpResponse:
    fields = {"oldpassword": old, "password1": new, "password2": new}
    return client.post("/accounts/password/change/", fields, REMOTE_ADDR=HERE)


@pytest.mark.parametrize(
    ("password", "accepted"),
    [
        ("fourteen chars", False),
        ("fifteen letters", True),
        ("onlysmallletters", True),  # no rules of composition
        ("friend of emily", False),  # on the list of common ones
        ("password password", False),
        ("123456789012345", False),
        ("aaaaaaaaaaaaaaaa", False),
        ("clinician clinician", False),  # the user name
        (" ".join(f"word{number}" for number in range(40)), True),
        ("пароль із кількох слів", True),
    ],
)
def test_passwords_are_long_and_not_common_and_otherwise_free(
    clinician: User, as_user: AsUser, password: str, accepted: bool
) -> None:
    response = change_password(as_user(clinician), PASSWORD, password)

    assert (response.status_code == 302) is accepted
    clinician.refresh_from_db()
    assert clinician.check_password(password) is accepted


def test_guessing_the_current_password_on_the_change_page_counts_too(
    clinician: User, as_user: AsUser
) -> None:
    client = as_user(clinician)

    answers = [change_password(client, "a guess", NEW_PASSWORD).status_code for _ in range(5)]

    assert answers == [200, 200, 200, 200, 429]
    assert sign_in(Client(), "clinician").status_code == 429


def test_switching_an_account_off_ends_its_sessions_and_tokens_at_once(clinician: User) -> None:
    client = Client()
    sign_in(client, "clinician")
    with acting(system("tests")):
        _, secret = create_token(user=clinician, name="a system", scopes=["suggest"])
        User.objects.filter(pk=clinician.pk).update(is_active=False)

    assert not is_signed_in(client)
    assert find_token(secret) is None
    with pytest.raises(AuthenticationFailed):
        TokenAuthentication().authenticate_credentials(secret.encode())
    assert sign_in(Client(), "clinician")["Location"] == "/accounts/inactive/"

    with acting(system("tests")):
        User.objects.filter(pk=clinician.pk).update(is_active=True)
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "path",
    [
        "signup/", "email/", "confirm-email/", "confirm-email/abc/", "password/set/", "password/reset/",
        "password/reset/done/", "password/reset/key/1-abc/", "login/code/", "login/code/confirm/",
        "2fa/trust/", "2fa/webauthn/login/", "2fa/webauthn/signup/",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post"])
def test_pages_that_cannot_work_here_do_not_exist(
    clinician: User, as_user: AsUser, path: str, method: str
) -> None:
    people = User.objects.count()
    fields = {"username": "intruder", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}

    for client in (Client(), as_user(clinician)):
        ask: Callable[..., Any] = getattr(client, method)
        assert ask(f"/accounts/{path}", fields).status_code == 404
    assert User.objects.count() == people


def test_every_page_of_the_account_answers(clinician: User, as_user: AsUser) -> None:
    client = as_user(clinician)
    own = [page.name for page in urlpatterns if page.name and not page.name.endswith("_webauthn")]

    answers = {name: client.get(reverse(name)).status_code for name in own}

    assert len(answers) >= 15
    assert set(answers.values()) <= {200, 302, 404, 405}
    # codes that were never made; a page that only takes what a script sends
    assert sorted(name for name, status in answers.items() if status in {404, 405}) == [
        "account_stay",
        "mfa_deactivate_totp",
        "mfa_download_recovery_codes",
        "mfa_view_recovery_codes",
    ]


def test_the_account_page_says_who_one_is(clinician: User, as_user: AsUser) -> None:
    html = as_user(clinician).get("/accounts/").content.decode()

    for words in ("Dr Clinician Example", "North Clinic", "Clinician", "Change your password", "Set up"):
        assert words in html


def test_hashes_are_argon2(clinician: User) -> None:
    assert clinician.password.startswith("argon2$argon2id$")
