"""What happens to every request: its id, its characters, its size, who acts in it, what caches may keep."""

from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.http import HttpResponse
from django.test import Client, RequestFactory

from portal import audit
from portal.middleware import ActorMiddleware, ControlCharacterMiddleware
from portal.models import Organisation, User
from portal.peer import client_address
from portal.roles import Role
from tests.people import PASSWORD, AsUser, make_user
from tests.portal.trail import Trail

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.portal.failing_urls")]


# --- request id ----------


def test_a_sound_request_id_comes_back_and_reaches_the_trail(client: Client) -> None:
    response = client.get("/who/", headers={"X-Request-ID": "abc-1.2_3:Z"})

    assert response["X-Request-ID"] == response.json()["request_id"] == "abc-1.2_3:Z"


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b", "a\tb", "é", "<script>", "a;b", "a\x7f"])
def test_an_unsound_request_id_is_replaced(client: Client, sent: str) -> None:
    response = client.get("/who/", headers={"X-Request-ID": sent})

    assert response["X-Request-ID"] != sent
    assert len(response["X-Request-ID"]) == 32


# --- characters and size ----------


@pytest.mark.parametrize("where", ["/plain/?q=", "/named/"])
@pytest.mark.parametrize(
    "hostile",
    [
        "%00",
        "a%00b",
        "%0a",
        "%0D%0A",
        "%09",
        "%1b",
        "%7f",
        "%C2%85",
        "%ff",
        "%C0%80",
        "%ED%A0%80",
        "%F5%80%80%80",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_an_address_with_control_characters_or_broken_text_is_refused(
    client: Client, where: str, hostile: str, prefix: str
) -> None:
    response = client.get(f"{prefix}{where}{hostile}/")

    assert response.status_code == 400
    assert response["Content-Type"].startswith("application/problem+json" if prefix else "text/html")
    assert response["X-Request-ID"]


@pytest.mark.parametrize(
    "query", ["q=a+b%20c", "q=%C3%A9%F0%9F%98%80", "q=%25zz", "q=100%", "q", "=", "", "%E2%80%AE"]
)
def test_other_addresses_go_through(client: Client, query: str) -> None:
    assert client.get(f"/plain/?{query}").status_code == 200


@pytest.mark.parametrize("name", ["%C3%A9", "%F0%9F%98%80", "a%20b", "%25zz", "%E2%80%AE"])
def test_other_paths_go_through(client: Client, name: str) -> None:
    assert client.get(f"/named/{name}/").status_code == 404


def test_a_raw_byte_in_an_address_is_refused() -> None:
    request = RequestFactory().get("/")
    request.META["QUERY_STRING"] = "q=\x01"
    middleware = ControlCharacterMiddleware(lambda request: pytest.fail("must not go on"))

    assert middleware(request).status_code == 400


@pytest.mark.parametrize(("size", "status"), [(1024 * 1024, 200), (1024 * 1024 + 1, 413)])
@pytest.mark.parametrize("prefix", ["/", "/api/"])
def test_a_body_over_a_mebibyte_is_refused(client: Client, size: int, status: int, prefix: str) -> None:
    response = client.post(f"{prefix}plain/", b"x" * size, content_type="application/octet-stream")

    assert response.status_code == status
    if status == 413 and prefix == "/api/":
        assert response.json()["code"] == "too-large"


# --- the address of the caller ----------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "not-an-address", "192.0.2.1"),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings: Any, proxies: int, forwarded: str, expected: str
) -> None:
    settings.PORTAL_PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})

    assert client_address(request) == expected


def test_a_peer_without_an_address_has_none() -> None:
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) == ""


# --- the actor ----------


def test_a_signed_in_person_acts_with_role_address_and_request(clinician: User, as_user: AsUser) -> None:
    seen = as_user(clinician).get("/who/", REMOTE_ADDR="192.0.2.7", headers={"X-Request-ID": "r-9"}).json()

    assert seen == {
        "actor": f"user:{clinician.pk}:clinician",
        "role": "clinician",
        "via": "portal",
        "request_id": "r-9",
        "ip": "192.0.2.7",
    }


@pytest.mark.parametrize(
    ("path", "via"), [("/who/", "portal"), ("/admin/who/", "admin"), ("/api/who/", "api")]
)
def test_somebody_not_signed_in_is_anonymous_and_the_door_is_named(
    client: Client, path: str, via: str
) -> None:
    seen = client.get(path).json()

    assert (seen["actor"], seen["via"]) == ("anonymous", via)


def test_the_actor_of_a_request_does_not_outlive_it(clinician: User, as_user: AsUser) -> None:
    as_user(clinician).get("/who/")

    assert audit.current_actor() is None


def test_a_view_that_learns_halfway_who_acts_writes_as_that_person(client: Client) -> None:
    trail = Trail()

    client.get("/api/late/")

    assert [(event.actor, event.via) for event in trail.events()] == [("user:7:token", "api")]
    assert audit.current_actor() is None


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_health_check_does_not_ask_who_is_there(path: str) -> None:
    class Nobody:
        is_authenticated = property(lambda self: pytest.fail("the person was asked for"))

    request = RequestFactory().get(path)
    request.user = Nobody()  # type: ignore[assignment]
    middleware = ActorMiddleware(lambda request: HttpResponse("ok"))

    assert middleware(request).status_code == 200


# --- denials ----------


@pytest.mark.django_db(transaction=True)
def test_a_denial_survives_the_rollback_of_its_request(clinician: User, as_user: AsUser) -> None:
    client = as_user(clinician)
    trail = Trail()

    response = client.get("/hidden/")

    (event,) = trail.events()
    assert response.status_code == 404
    assert not Organisation.objects.filter(slug="rolled-back").exists()
    assert (event.event_type, event.outcome, event.actor) == (
        "access.denied",
        4,
        f"user:{clinician.pk}:clinician",
    )
    assert (event.entity, event.entity_id, event.reason) == ("order", "o-1", "another organisation")
    assert event.after == {"view": "GET hidden"}


def test_being_refused_a_function_is_recorded_once(clinician: User, as_user: AsUser) -> None:
    client = as_user(clinician)
    trail = Trail()

    assert client.get("/api/forbidden/").status_code == 403

    (event,) = trail.events()
    assert (event.event_type, event.after) == ("access.denied", {"view": "GET api/forbidden"})


def test_strangers_cannot_fill_the_trail_with_refusals(client: Client) -> None:
    trail = Trail()

    assert client.get("/forbidden/").status_code == 403

    assert trail.events() == []


# --- caches ----------


def test_what_a_signed_in_person_sees_is_not_kept(clinician: User, as_user: AsUser) -> None:
    assert as_user(clinician).get("/plain/")["Cache-Control"] == "no-store"
    assert as_user(clinician).get("/missing/")["Cache-Control"] == "no-store"


def test_what_a_token_or_a_view_learned_is_not_kept(client: Client) -> None:
    assert client.get("/api/plain/", headers={"Authorization": "Bearer x"})["Cache-Control"] == "no-store"
    assert client.get("/api/late/")["Cache-Control"] == "no-store"
    assert "Cache-Control" not in client.get("/plain/").headers


# --- sign-in ----------


def test_signing_in_and_out_is_recorded_as_the_person(organisation: Organisation, as_user: AsUser) -> None:
    user = make_user("jdoe", Role.CLINICIAN, organisation=organisation)
    trail = Trail()

    as_user(user).logout()

    types = trail.types(entity="user")
    (sign_in, *_) = trail.events(event_type="auth.signed-in")
    (stamp,) = trail.events(entity="portal_user")
    assert types == ["auth.signed-in", "auth.signed-out"]
    assert (sign_in.actor, sign_in.entity_id) == (f"user:{user.pk}:jdoe", str(user.pk))
    assert sign_in.organisation == str(organisation.pk)
    assert (list(stamp.after), stamp.actor) == (["last_login"], f"user:{user.pk}:jdoe")


def test_a_failed_sign_in_is_recorded_without_the_password(client: Client) -> None:
    trail = Trail()

    authenticate(RequestFactory().post("/"), username="jd\x07oe" + "x" * 300, password=PASSWORD)

    (event,) = trail.events(event_type="auth.sign-in-failed")
    assert (event.outcome, event.actor) == (4, "anonymous")
    assert event.after == {"username": "jdoe" + "x" * 36}
    assert PASSWORD not in str(vars(event))
