"""Sessions end in time, and what was typed outlives them."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.postgres.functions import TransactionNow
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from portal.models import AuditEvent, User
from portal.sign_in.typed import MAX_LENGTH
from portal.urls import urlpatterns as portal_urls
from tests.people import PASSWORD

CONTINUE = "/accounts/continue/"
FROM_HERE = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate"}


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(repr(sorted(request.POST.lists())))


urlpatterns = [path("echo/", echo), *portal_urls]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(timezone.now(), tick=False) as travelling:
        yield travelling


def sign_in(client: Client, username: str = "clinician") -> Any:
    return client.post("/accounts/login/", {"login": username, "password": PASSWORD})


def signed_in(username: str = "clinician", **options: Any) -> Client:
    client = Client(**options)
    sign_in(client, username)
    assert is_signed_in(client)
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/").status_code == 200


def end_session(client: Client) -> None:
    Session.objects.filter(session_key=client.cookies["sessionid"].value).delete()


def test_a_session_without_a_request_ends(clock: Any, clinician: User) -> None:
    client = signed_in()
    clock.shift(timedelta(minutes=15, seconds=1))

    assert not is_signed_in(client)


def test_each_request_begins_the_time_again(clock: Any, clinician: User) -> None:
    client = signed_in()
    for _ in range(6):
        clock.shift(timedelta(minutes=14))
        assert is_signed_in(client)


def test_a_long_day_ends_with_signing_in_again(clock: Any, clinician: User) -> None:
    client = signed_in()
    for _ in range(12 * 6 - 1):
        clock.shift(timedelta(minutes=10))
        assert is_signed_in(client)
    clock.shift(timedelta(minutes=10))

    assert client.get("/accounts/")["Location"].startswith("/accounts/login/")
    assert (
        AuditEvent.objects.filter(event_type="auth.signed-out", recorded_at__gte=TransactionNow()).count()
        == 1
    )


def test_a_page_can_keep_its_session_alive_and_learns_when_it_has_ended(clock: Any, clinician: User) -> None:
    client = signed_in()
    clock.shift(timedelta(minutes=14))
    during = client.post("/accounts/stay/").status_code
    clock.shift(timedelta(minutes=14))

    assert (during, is_signed_in(client)) == (204, True)
    clock.shift(timedelta(minutes=16))
    assert client.post("/accounts/stay/").status_code == 401


def test_a_busy_page_does_not_write_its_session_each_time(
    clock: Any, clinician: User, django_assert_num_queries: Any
) -> None:
    client = signed_in()
    client.get("/echo/")

    with django_assert_num_queries(3):  # the session, the person, the roles for the trail
        client.get("/echo/")


def test_pages_say_how_long_they_may_count_on_their_session(clinician: User) -> None:
    html = signed_in().get("/accounts/").content.decode()

    assert 'data-idle-seconds="885"' in html
    assert "Stay signed in" in html
    assert 'id="session-warning"' in html
    assert "data-idle-seconds" not in Client().get("/accounts/login/").content.decode()


def test_expired_sessions_are_removed_when_somebody_signs_in(clock: Any, clinician: User) -> None:
    left = signed_in().cookies["sessionid"].value
    clock.shift(timedelta(minutes=20))
    sign_in(Client())

    assert not Session.objects.filter(session_key=left).exists()


@pytest.mark.parametrize("secure", [True, False])
def test_cookies_are_closed_to_scripts_and_other_sites(clinician: User, secure: bool) -> None:
    with override_settings(SESSION_COOKIE_SECURE=secure, CSRF_COOKIE_SECURE=secure):
        client = Client()
        sign_in(client)
        client.get("/accounts/", secure=secure)

    for name in ("sessionid", "portal_person"):
        assert client.cookies[name]["httponly"]
        assert client.cookies[name]["samesite"] == "Lax"
        assert bool(client.cookies[name]["secure"]) is secure


def test_what_was_sent_too_late_comes_back_after_signing_in(clinician: User) -> None:
    client = signed_in()
    end_session(client)
    typed = {"fit": ["yes", "no"], "note": ['Two lines\r\nand a "quote" <b>'], "save": ["Continue"]}

    sent = client.post("/echo/?step=2", typed | {"old_password": "secret", "csrfmiddlewaretoken": "x"})
    asked = client.get(sent["Location"])
    shown = client.get(asked["Location"]).content.decode()
    back = client.post(asked["Location"], {"login": "clinician", "password": PASSWORD, "next": CONTINUE})
    page = client.get(back["Location"])

    assert sent["Location"] == back["Location"] == CONTINUE
    assert "What you typed has been kept" in shown
    assert page.context["typed"]["path"] == "/echo/?step=2"
    assert page.context["typed"]["fields"] == [
        [name, value] for name, values in typed.items() for value in values
    ]
    html = page.content.decode()
    assert 'action="/echo/?step=2"' in html
    assert 'value="Two lines\r\nand a &quot;quote&quot; &lt;b&gt;"' in html
    assert "secret" not in html
    assert page["Cache-Control"] == "no-store" or "no-store" in page["Cache-Control"]


def test_typed_work_that_has_arrived_is_not_kept_any_longer(clinician: User) -> None:
    client = signed_in()
    end_session(client)
    client.post("/echo/", {"note": "typed"})
    sign_in(client)

    assert client.get(CONTINUE).status_code == 200
    assert client.post("/echo/", {"note": "typed"}).status_code == 200
    assert client.get(CONTINUE).status_code == 302


def test_typed_work_can_be_dropped(clinician: User) -> None:
    client = signed_in()
    end_session(client)
    client.post("/echo/", {"note": "typed"})
    sign_in(client)

    client.post(CONTINUE)

    assert "typed" not in client.session


def test_nobody_else_gets_what_somebody_typed(clinician: User, colleague: User) -> None:
    client = signed_in()
    end_session(client)
    client.post("/echo/", {"note": "about a patient"})
    sign_in(client, "colleague")

    page = client.get(CONTINUE)

    assert page.status_code == 302
    assert "typed" not in client.session


@pytest.mark.parametrize(
    ("where", "fields", "headers"),
    [
        ("/echo/", {"note": "x" * (MAX_LENGTH + 1)}, {}),
        ("/accounts/password/change/", {"oldpassword": "secret", "note": "typed"}, {}),
        ("/echo/", {"password": "secret"}, {}),
        ("/echo/", {"note": "typed"}, {"sec-fetch-mode": "cors"}),
    ],
    ids=["too long", "a page about passwords", "a password", "sent by a script"],
)
def test_some_things_are_not_kept(
    clinician: User, where: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    client = signed_in()
    end_session(client)

    response = client.post(where, fields, headers=headers)

    assert response["Location"].startswith("/accounts/login/?next=")
    assert "typed" not in client.session


def test_nothing_is_kept_for_a_browser_where_nobody_was_signed_in(db: None) -> None:
    client = Client()
    client.cookies["portal_person"] = "1:forged"

    client.post("/echo/", {"note": "x" * 1000})

    assert "sessionid" not in client.cookies
    assert not Session.objects.exists()


def test_a_form_of_before_the_last_sign_in_comes_back_with_a_fresh_token(clinician: User) -> None:
    client = signed_in(enforce_csrf_checks=False)
    client.handler.enforce_csrf_checks = True
    client.cookies["csrftoken"] = "a" * 32
    stale = {"note": "typed", "csrfmiddlewaretoken": "b" * 32}

    response = client.post("/echo/", stale, headers=FROM_HERE)

    assert response["Location"] == CONTINUE
    assert client.get(CONTINUE).context["typed"]["fields"] == [["note", "typed"]]


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ({}, FROM_HERE),
        ({"csrfmiddlewaretoken": "b" * 32}, {}),
        ({"csrfmiddlewaretoken": "b" * 32}, {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
        ({"csrfmiddlewaretoken": "a" * 32}, {"origin": "https://evil.example"}),
    ],
    ids=["no token", "not said to be from here", "from another site", "another origin"],
)
def test_other_forms_without_the_right_token_are_refused(
    clinician: User, token: dict[str, str], headers: dict[str, str]
) -> None:
    client = signed_in()
    client.handler.enforce_csrf_checks = True
    client.cookies["csrftoken"] = "a" * 32

    assert client.post("/echo/", {"note": "typed"} | token, headers=headers).status_code == 403
    assert "typed" not in client.session
