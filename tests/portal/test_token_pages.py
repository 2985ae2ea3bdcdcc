"""The token pages: who may, what is shown once, what an end asks for, and what the trail keeps of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from portal import audit, tokens
from portal.models import ApiToken, AuditEvent, Organisation, User
from portal.roles import Role
from tests.people import make_user

pytestmark = pytest.mark.django_db

FORM = {"name": "Ward EHR", "scopes": ["suggest", "orders:read"], "days": "90"}


@pytest.fixture
def desk(as_user: Any, administrator: User) -> Client:
    """The administrator's browser."""
    return as_user(administrator)


def made(user: User, **given: Any) -> tuple[ApiToken, str]:
    with audit.acting(audit.system("tests")):
        return tokens.create_token(**{"user": user, "name": "Ward EHR", "scopes": ["suggest"]} | given)


def text(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def secret_in(response: Any) -> str:
    return re.search(r'id="secret" value="(\w+)"', response.content.decode())[1]


def events(kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(event_type=kind, entity="api-token").order_by("id"))


def pages(token: object) -> list[str]:
    return ["/tokens/", "/tokens/new/", f"/tokens/{token}/rotate/", f"/tokens/{token}/revoke/"]


def test_only_administrators_open_the_pages(
    as_user: Any, clinician: User, administrator: User, client: Client
):
    token, _ = made(clinician)
    others = [make_user(f"a-{role.value}", role, organisation=clinician.organisation) for role in Role]
    for user in others:
        allowed = Role.ADMINISTRATOR in user.groups.values_list("name", flat=True)
        browser = as_user(user)
        for address in pages(token.pk):
            for method in ("get", "post"):
                if method == "post" and (allowed or address == "/tokens/"):
                    continue
                answer = getattr(browser, method)(address)
                assert answer.status_code == (200 if allowed else 403), (user, address)
                assert allowed or b"Ward EHR" not in answer.content
    for address in pages(token.pk):
        assert client.get(address).url.startswith("/accounts/login/")
    assert AuditEvent.objects.filter(event_type="access.denied", reason="role").count() == 4 * (4 + 3)
    token.refresh_from_db()
    assert (token.revoked_at, token.successor) == (None, None)


def test_another_organisations_token_looks_like_a_missing_one(
    desk: Client, administrator: User, other_clinic: User
):
    theirs, _ = made(other_clinic, name="Their system")

    assert "Their system" not in text(desk.get("/tokens/"))
    for address in pages(theirs.pk)[2:]:
        for method in ("get", "post"):
            answer = getattr(desk, method)(
                address, {"typed_name": "Their system", "overlap_hours": 1, "days": 9}
            )
            missing = getattr(desk, method)(address.replace(str(theirs.pk), str(uuid4())))
            assert (answer.status_code, missing.status_code) == (404, 404)
            assert text(answer).replace(answer["X-Request-ID"], "") == text(missing).replace(
                missing["X-Request-ID"], ""
            )
    denied = AuditEvent.objects.filter(event_type="access.denied", entity_id=str(theirs.pk))
    assert {event.actor for event in denied} == {f"user:{administrator.pk}:administrator"}
    theirs.refresh_from_db()
    assert not tokens.has_expired(theirs)


def test_a_new_token_is_shown_once_and_works(desk: Client, administrator: User, clinician: User):
    answer = desk.post("/tokens/new/", FORM | {"user": clinician.pk})

    secret = secret_in(answer)
    token = tokens.find_token(secret)
    assert token is not None
    assert (token.user, token.scopes, token.created_by) == (
        clinician,
        ["suggest", "orders:read"],
        administrator,
    )
    assert timedelta(days=89) < token.expiry - timezone.now() <= timedelta(days=90)
    assert answer["Cache-Control"] == "no-store"
    assert "I have saved it" in text(answer)
    listed = desk.get("/tokens/").content.decode()
    assert secret not in listed
    assert "Ward EHR" in listed
    assert token.beginning in listed
    assert secret not in str(list(AuditEvent.objects.values()))
    (event,) = events("token.created")
    assert (event.actor, event.entity_id) == (f"user:{administrator.pk}:administrator", str(token.pk))


@pytest.mark.parametrize("training", [True, False])
def test_a_secret_says_what_it_is_for(settings: Any, clinician: User, training: bool):
    settings.PORTAL_TRAINING = training

    _, secret = made(clinician)

    assert secret.startswith("test_" if training else "live_")
    assert tokens.find_token(secret) is not None


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"name": " "}, "Name the system"),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"name": "nul\x00"}, "Null characters"),
        ({"user": ""}, "Choose the person"),
        ({"user": "999999999999999999999"}, "Choose an active person of your organisation"),
        ({"user": "other"}, "Choose an active person of your organisation"),
        ({"user": "left"}, "Choose an active person of your organisation"),
        ({"user": "root"}, "Choose an active person of your organisation"),
        ({"scopes": []}, "Choose at least one thing"),
        ({"scopes": ["suggest", "everything"]}, "everything is not one of the available choices"),
        ({"days": "0"}, "whole number of days, 1 to 366"),
        ({"days": "367"}, "whole number of days, 1 to 366"),
        ({"days": "ninety"}, "whole number of days, 1 to 366"),
        ({"days": "9" * 500}, "whole number of days, 1 to 366"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(
    desk: Client, clinician: User, other_clinic: User, organisation: Organisation, wrong: dict, says: str
):
    left = make_user("left", Role.CLINICIAN, organisation=organisation)
    root = make_user("root", Role.CLINICIAN, organisation=organisation)
    with audit.acting(audit.system("tests")):
        User.objects.filter(pk=left.pk).update(is_active=False)
        User.objects.filter(pk=root.pk).update(is_superuser=True)
    people = {"other": other_clinic.pk, "left": left.pk, "root": root.pk}
    sent = FORM | {"user": clinician.pk} | wrong
    sent["user"] = people.get(sent["user"], sent["user"])

    answer = desk.post("/tokens/new/", sent)

    assert answer.status_code == 200
    assert says in text(answer).replace("&#x27;", "'")
    assert "<title>Error:" in answer.content.decode()
    if "name" not in wrong:
        assert 'value="Ward EHR"' in answer.content.decode()
    if "scopes" not in wrong:
        assert answer.content.decode().count(" checked") == 2
    assert not ApiToken.objects.exists()


def test_every_fault_is_said_at_once(desk: Client):
    answer = desk.post("/tokens/new/", {"days": "x"})

    assert len(re.findall(r'<li><a href="#', answer.content.decode())) == 4


def test_a_rotation_overlaps_and_happens_once(desk: Client, administrator: User, clinician: User):
    old, old_secret = made(clinician)
    address = f"/tokens/{old.pk}/rotate/"

    answer = desk.post(address, {"overlap_hours": "2", "days": "30"})

    successor = tokens.find_token(secret_in(answer))
    assert successor.pk != old.pk
    assert (successor.user, successor.scopes, successor.created_by) == (clinician, ["suggest"], administrator)
    assert tokens.find_token(old_secret) is not None
    old.refresh_from_db()
    assert old.successor_id == successor.pk
    assert timedelta(hours=1) < old.expiry - timezone.now() <= timedelta(hours=2)
    assert "Replaced, still works" in text(desk.get("/tokens/"))
    again = desk.post(address, {"overlap_hours": "2", "days": "30"})
    assert "was rotated already" in text(again)
    assert "was rotated already" in text(desk.get(address, follow=True))
    assert ApiToken.objects.count() == 2
    (event,) = events("token.rotated")
    assert event.after["successor"] == str(successor.pk)


@pytest.mark.parametrize("hours", ["-1", "169", "", "x"])
def test_an_overlap_has_limits(desk: Client, clinician: User, hours: str):
    old, _ = made(clinician)

    answer = desk.post(f"/tokens/{old.pk}/rotate/", {"overlap_hours": hours, "days": "30"})

    assert "whole number of hours, 0 to 168" in text(answer)
    assert f'value="{hours}"' in answer.content.decode() or not hours
    assert ApiToken.objects.count() == 1


def test_a_revocation_asks_for_the_name(desk: Client, clinician: User):
    token, secret = made(clinician, name="Ward  EHR & co")
    address = f"/tokens/{token.pk}/revoke/"

    wrong = desk.post(address, {"typed_name": "ward"})
    empty = desk.post(address, {})

    assert "This is another name" in text(wrong)
    assert 'value="ward"' in wrong.content.decode()
    assert "Type the name to confirm." in text(empty)
    assert tokens.find_token(secret) is not None
    done = desk.post(address, {"typed_name": " Ward EHR & co "}, follow=True)
    assert "is revoked. It opens nothing any more." in text(done)
    assert tokens.find_token(secret) is None
    assert "Expired and revoked tokens" in text(done)
    assert "opens nothing any more" in text(desk.post(address, {"typed_name": "Ward EHR & co"}, follow=True))
    assert len(events("token.revoked")) == 1


def test_the_list_says_where_each_token_stands(desk: Client, clinician: User, colleague: User):
    assert "No tokens yet" in text(desk.get("/tokens/"))
    made(clinician, name="Fresh")
    made(clinician, name="Soon over", lifetime=timedelta(days=3))
    used, _ = made(clinician, name="Used")
    with audit.acting(audit.actor_of(clinician, ip="192.0.2.7")):
        tokens.note_use(used)
    gone, _ = made(clinician, name="Gone")
    revoked, _ = made(clinician, name="Revoked one")
    made(colleague, name="Of somebody who left")
    with audit.acting(audit.system("tests")):
        ApiToken.objects.filter(pk=gone.pk).update(expiry=timezone.now() - timedelta(days=1))
        tokens.revoke_token(token=revoked)
        User.objects.filter(pk=colleague.pk).update(is_active=False)

    answer = desk.get("/tokens/")

    page = answer.context["page"]
    assert {row.name: row.state for row in page.valid} == {
        "Fresh": "Valid",
        "Soon over": "Expires soon",
        "Used": "Valid",
        "Of somebody who left": "Opens nothing: account disabled",
    }
    assert {row.name: row.state for row in page.ended} == {"Gone": "Expired", "Revoked one": "Revoked"}
    assert "from 192.0.2.7" in text(answer)
    assert text(answer).count("Never") == 5
    assert "Command line" in text(answer)


def test_the_list_takes_the_same_queries_however_many_there_are(
    desk: Client, clinician: User, django_assert_num_queries: Any
):
    for number in range(5):
        made(clinician, name=f"System {number}")

    with django_assert_num_queries(3 + 2):  # session, person, roles; then the two lists
        desk.get("/tokens/")


def test_administrators_find_the_page_in_the_header_and_nobody_else_does(
    as_user: Any, desk: Client, clinician: User, auditor: User
):
    assert 'href="/tokens/" aria-current="page"' in desk.get("/tokens/").content.decode()
    admin = desk.get("/admin/").content.decode()
    assert '<a href="/tokens/">Tokens</a>' in admin
    assert '<a href="/webhooks/">Webhooks</a>' in admin
    for user in (clinician, auditor):
        assert 'href="/tokens/"' not in as_user(user).get("/help/").content.decode()
