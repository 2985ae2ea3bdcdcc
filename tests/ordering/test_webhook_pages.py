"""The webhook pages: who may, secrets shown once, deliveries, and no patient for whoever sees none."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from ordering.models import Order, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from ordering.webhooks import actions
from ordering.webhooks.lanes import attempt
from ordering.webhooks.queueing import fan_out
from ordering.webhooks.secrets import unsealed
from ordering.webhooks.sending import Answer
from portal import audit
from portal.models import AuditEvent, OutboxEvent, User
from portal.roles import Role, give_roles
from tests.ordering.placing import patient, place
from tests.people import make_user

__all__ = ["patient"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("leukaemia")]

URL = "https://receiver.example.org/hook?key=abc"
FORM = {"url": URL, "description": "Radiology", "events": ["order.signed"], "patient_data": "none"}
TODAY = timezone.localdate().isoformat()
ACTIONS = ["change", "rotate", "disable", "delete", "redeliver"]  # with a page of their own
BUTTONS = ["enable", "test"]


@pytest.fixture(autouse=True)
def _names_resolve(monkeypatch: pytest.MonkeyPatch):
    """Take any address for a public one: these tests ask nobody."""
    monkeypatch.setattr("ordering.webhooks.checking.check_destination", lambda url: None)


@pytest.fixture
def desk(as_user: Any, administrator: User) -> Client:
    return as_user(administrator)


@pytest.fixture
def endpoint(administrator: User) -> WebhookEndpoint:
    return made(administrator)


@pytest.fixture
def told(endpoint: WebhookEndpoint, patient: Any, clinician: User) -> WebhookDelivery:
    """The delivery that tells of a signed order, with everything of the patient."""
    with audit.acting(audit.system("tests")):
        actions.change_endpoint(endpoint=endpoint, by=clinician, patient_data="full", events=["order.signed"])
        order = place(patient, clinician)
        fan_out(OutboxEvent.objects.get(type="order.signed"))
    return WebhookDelivery.objects.select_related("order", "endpoint").get(order=order)


def made(by: User, **given: Any) -> WebhookEndpoint:
    with audit.acting(audit.actor_of(by)):
        return actions.create_endpoint(by=by, **({"url": URL, "description": "Radiology"} | given))[0]


def tried(delivery: WebhookDelivery, **answer: Any) -> None:
    """Let the worker try once, and get this answer."""
    given = {"outcome": WebhookAttempt.Outcome.DELIVERED, "status_code": 204} | answer
    with audit.acting(audit.system("worker")):
        attempt(delivery, send=lambda *request: Answer(**given))
    delivery.refresh_from_db()


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def all_pages(pk: object, delivery: object) -> list[tuple[str, str]]:
    one = f"/webhooks/{pk}/"
    return [
        ("get", "/webhooks/"),
        ("get", "/webhooks/new/"),
        ("post", "/webhooks/new/"),
        *of_one(pk),
        ("get", f"{one}deliveries/{delivery}/"),
        ("post", f"{one}deliveries/{delivery}/redeliver/"),
    ]


def of_one(pk: object) -> list[tuple[str, str]]:
    one = f"/webhooks/{pk}/"
    return [
        ("get", one),
        *[(method, f"{one}{name}/") for name in ACTIONS for method in ("get", "post")],
        *[("post", f"{one}{name}/") for name in BUTTONS],
    ]


def test_only_administrators_of_an_organisation_open_the_pages(
    as_user: Any, client: Client, told: WebhookDelivery
):
    pages = all_pages(told.endpoint_id, told.pk)
    users = [
        make_user(f"a-{role.value}", role, organisation=told.endpoint.organisation)
        for role in Role
        if role != Role.ADMINISTRATOR
    ]
    users.append(make_user("of-no-organisation", Role.ADMINISTRATOR))
    for user in users:
        browser = as_user(user)
        for method, address in pages:
            assert getattr(browser, method)(address).status_code == 403, (user, address)
    for method, address in pages:
        assert getattr(client, method)(address).url.startswith("/accounts/")
    assert AuditEvent.objects.filter(event_type="access.denied", reason="role").count() == len(pages) * len(
        users
    )
    told.endpoint.refresh_from_db()
    assert told.endpoint.is_active
    assert WebhookSecret.objects.count() == 1


def test_another_organisations_webhook_looks_like_a_missing_one(
    as_user: Any, other_clinic: User, endpoint: WebhookEndpoint, told: WebhookDelivery
):
    with audit.acting(audit.system("tests")):
        give_roles(user=other_clinic, roles=[Role.ADMINISTRATOR])
    theirs = made(other_clinic, description="Theirs")
    browser = as_user(other_clinic)

    assert "Radiology" not in words(browser.get("/webhooks/"))
    pages = [page for page in all_pages(endpoint.pk, told.pk) if str(endpoint.pk) in page[1]]
    for method, address in pages:
        answer = getattr(browser, method)(address)
        missing = getattr(browser, method)(address.replace(str(endpoint.pk), str(uuid4())))
        assert (answer.status_code, missing.status_code) == (404, 404), address
        assert words(answer).replace(answer["X-Request-ID"], "") == words(missing).replace(
            missing["X-Request-ID"], ""
        )
    # a delivery is found at its own webhook alone
    assert browser.get(f"/webhooks/{theirs.pk}/deliveries/{told.pk}/").status_code == 404
    assert browser.post(f"/webhooks/{theirs.pk}/deliveries/{told.pk}/redeliver/").status_code == 404
    denied = AuditEvent.objects.filter(
        event_type="access.denied", entity="webhook", entity_id=str(endpoint.pk)
    )
    assert denied.count() == len(pages)
    endpoint.refresh_from_db()
    assert endpoint.is_active


def test_a_new_webhook_shows_its_secret_once(desk: Client, administrator: User):
    answer = desk.post("/webhooks/new/", FORM)

    secret = re.search(r'id="secret" value="([^"]+)"', answer.content.decode())[1]
    endpoint = WebhookEndpoint.objects.get()
    assert unsealed(endpoint.secrets.get().sealed) == secret
    assert (endpoint.url, endpoint.events, endpoint.patient_data) == (URL, ["order.signed"], "none")
    assert (endpoint.organisation, endpoint.created_by) == (administrator.organisation, administrator)
    assert answer["Cache-Control"] == "no-store"
    for page in ("/webhooks/", f"/webhooks/{endpoint.pk}/", f"/webhooks/{endpoint.pk}/change/"):
        assert secret not in desk.get(page).content.decode()
    assert secret not in str(list(AuditEvent.objects.values()))
    assert (
        AuditEvent.objects.get(event_type="webhook.created").actor == f"user:{administrator.pk}:administrator"
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"url": ""}, "Enter the address"),
        ({"url": "x" * 2001}, "at most 2000 characters"),
        ({"url": "https://nul\x00"}, "Null characters"),
        ({"description": "d" * 201}, "at most 200 characters"),
        ({"events": []}, "Choose at least one event"),
        ({"events": ["order.signed", "order.forged"]}, "order.forged is not one of the available choices"),
        ({"patient_data": ""}, "Choose how much of the patient"),
        ({"patient_data": "everything"}, "everything is not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_typed_is_lost(desk: Client, wrong: dict, says: str):
    answer = desk.post("/webhooks/new/", FORM | wrong)

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<title>Error:" in html
    assert says in words(answer)
    if "description" not in wrong:
        assert 'value="Radiology"' in html
    assert not WebhookEndpoint.objects.exists()


def test_what_the_action_refuses_stands_beside_its_field(desk: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()

    answer = desk.post("/webhooks/new/", FORM | {"url": "https://10.1.2.3/"})

    assert '<li><a href="#id_url">' in answer.content.decode()
    assert 'value="https://10.1.2.3/"' in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_a_webhook_is_changed_rotated_disabled_enabled_and_deleted(
    desk: Client, administrator: User, endpoint: WebhookEndpoint
):
    one = f"/webhooks/{endpoint.pk}/"
    assert f'value="{URL}"'.replace("&", "&amp;") in desk.get(f"{one}change/").content.decode()

    changed = desk.post(f"{one}change/", FORM | {"description": "PACS", "patient_data": "ids"}, follow=True)
    rotated = desk.post(f"{one}rotate/", {"overlap_hours": "3"})
    disabled = desk.post(f"{one}disable/", follow=True)
    refused = desk.post(f"{one}test/", follow=True)
    enabled = desk.post(f"{one}enable/", follow=True)
    wrong = desk.post(f"{one}delete/", {"typed_name": "Radiology"})
    deleted = desk.post(f"{one}delete/", {"typed_name": "PACS"}, follow=True)

    assert "The webhook is changed." in words(changed)
    assert "whsec_" in rotated.content.decode()
    assert "signs too for 3 hours" in words(rotated)
    assert "Nothing is sent." in words(disabled)
    assert "This webhook is disabled." in words(refused)
    assert "The webhook is enabled." in words(enabled)
    assert "This is another name" in words(wrong)
    assert "is deleted" in words(deleted)
    assert "No webhooks yet" in words(deleted)
    assert desk.get(one).status_code == 404
    assert desk.post(f"{one}enable/").status_code == 404
    kinds = AuditEvent.objects.filter(entity="webhook").order_by("id").values_list("event_type", flat=True)
    assert [kind.removeprefix("webhook.") for kind in kinds if kind.startswith("webhook.")] == [
        "created", "changed", "secret-rotated", "disabled", "enabled", "deleted",
    ]  # fmt: skip


@pytest.mark.parametrize("hours", ["-1", "169", "", "x", "9" * 400])
def test_an_overlap_has_limits(desk: Client, endpoint: WebhookEndpoint, hours: str):
    answer = desk.post(f"/webhooks/{endpoint.pk}/rotate/", {"overlap_hours": hours})

    assert "whole number of hours, 0 to 168" in words(answer)
    assert endpoint.secrets.count() == 1


def test_deliveries_say_where_they_stand(desk: Client, told: WebhookDelivery):
    one = f"/webhooks/{told.endpoint_id}/"

    assert "Pending" in words(desk.get(one))
    tried(told, outcome=WebhookAttempt.Outcome.REFUSED, status_code=503, excerpt="Busy & tired")
    failing = desk.get(one)
    tried(told)
    done = desk.get(one)

    assert told.order.number in words(failing)
    assert "503" in words(failing)
    assert "Failing" in words(failing)
    assert "Healthy" in words(done)
    assert "1 delivered, 0 failed" in words(done)
    assert words(desk.get(f"{one}?status=delivered")).count(told.order.number) > 0
    assert "No delivery has this status" in words(desk.get(f"{one}?status=failed"))
    assert told.order.number in words(desk.get(f"{one}?status=nonsense&before=nonsense"))


def test_an_administrator_sees_what_was_sent_without_the_patient(
    desk: Client, as_user: Any, administrator: User, told: WebhookDelivery
):
    tried(told, outcome=WebhookAttempt.Outcome.REFUSED, status_code=500, excerpt="Martin is unknown here")
    address = f"/webhooks/{told.endpoint_id}/deliveries/{told.pk}/"
    assert "Martin" in told.body

    answer = desk.get(address)

    html = answer.content.decode()
    for shown in (told.message_id, told.order.number, "webhook-signature", "500", "[redacted]"):
        assert shown in html, shown
    for hidden in ("Martin", "Alex", told.order.patient.mrn, "Ask for", f"/orders/{told.order_id}/"):
        assert hidden not in html, hidden
    assert "your role sees no patient data" in words(answer)

    with audit.acting(audit.system("tests")):
        give_roles(user=administrator, roles=[Role.ADMINISTRATOR, Role.CLINICIAN])
    both = as_user(User.objects.get(pk=administrator.pk)).get(address).content.decode()
    assert "Martin" in both
    assert f"/orders/{told.order_id}/" in both
    viewed = AuditEvent.objects.filter(event_type="order.viewed", entity_id=str(told.order_id))
    assert [event.actor for event in viewed] == [f"user:{administrator.pk}:administrator"]


def test_one_message_or_a_time_is_sent_again(desk: Client, told: WebhookDelivery):
    one = f"/webhooks/{told.endpoint_id}/"
    tried(told)

    again = desk.post(f"{one}deliveries/{told.pk}/redeliver/", follow=True)

    told.refresh_from_db()
    assert (told.status, told.redelivery) == ("pending", True)
    assert "The message is sent again." in words(again)
    tried(told)
    hour_ago = timezone.localtime(timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")
    nothing = desk.post(f"{one}redeliver/", {"since": hour_ago}, follow=True)
    everything = desk.post(f"{one}redeliver/", {"since": hour_ago, "everything": "on"}, follow=True)
    assert "Nothing in this time is to be sent again." in words(nothing)
    assert "One message is sent again." in words(everything)
    assert AuditEvent.objects.filter(event_type="webhook.range-redelivered").count() == 2


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "Enter from when on"),
        ({"since": "yesterday"}, "Enter a date and a time"),
        ({"since": f"{TODAY} 00:01", "until": f"{TODAY} 00:00"}, "The end must be later"),
        ({"since": "2020-01-01 10:00"}, "Deliveries are kept for"),
        ({"since": "0000-00-00 00:00"}, "Enter a date and a time"),
        ({"since": "9999-12-31 23:59"}, "The end must be later"),
    ],
)
def test_a_time_that_is_none_is_refused(desk: Client, endpoint: WebhookEndpoint, sent: dict, says: str):
    answer = desk.post(f"/webhooks/{endpoint.pk}/redeliver/", sent)

    assert answer.status_code == 200
    assert says in words(answer)
    if "since" in sent:
        assert f'value="{sent["since"]}"' in answer.content.decode()


def test_a_test_message_is_followed_to_its_page(desk: Client, endpoint: WebhookEndpoint):
    answer = desk.post(f"/webhooks/{endpoint.pk}/test/", follow=True)

    assert "A test is on its way" in words(answer)
    assert "webhook.test" in words(answer)
    assert WebhookDelivery.objects.get().type == "webhook.test"


def test_long_lists_are_paged_without_losing_any(
    desk: Client, administrator: User, endpoint: WebhookEndpoint
):
    with audit.acting(audit.actor_of(administrator)):
        sent = {str(actions.send_test(endpoint=endpoint, by=administrator).pk) for _ in range(30)}

    first = desk.get(f"/webhooks/{endpoint.pk}/?status=pending")
    older = re.search(r'href="([^"]+)" rel="next"', first.content.decode())[1].replace("&amp;", "&")
    second = desk.get(older)

    seen = [re.findall(r"deliveries/([\w-]+)/", page.content.decode()) for page in (first, second)]
    assert [len(rows) for rows in seen] == [25, 5]
    assert set(seen[0]) | set(seen[1]) == sent
    assert 'rel="prev"' in second.content.decode()


def test_a_webhook_that_the_portal_switched_off_is_said_first(desk: Client, endpoint: WebhookEndpoint):
    with audit.acting(audit.system("tests")):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(
            status="disabled", disabled_at=timezone.now(), disabled_because="failing"
        )

    assert "A webhook was switched off, and nothing is sent to it" in words(desk.get("/webhooks/"))
    assert "Every delivery failed for days" in words(desk.get(f"/webhooks/{endpoint.pk}/"))


def test_pages_take_the_same_queries_however_many_rows_there_are(
    desk: Client, administrator: User, told: WebhookDelivery, django_assert_num_queries: Any
):
    for number in range(3):
        made(administrator, description=f"System {number}")
        tried(told)
    person = 3  # session, person, roles

    with django_assert_num_queries(person + 2):
        desk.get("/webhooks/")
    with django_assert_num_queries(person + 3):
        desk.get(f"/webhooks/{told.endpoint_id}/")
    with django_assert_num_queries(person + 4):
        desk.get(f"/webhooks/{told.endpoint_id}/deliveries/{told.pk}/")


def test_orders_do_not_change_by_looking(desk: Client, told: WebhookDelivery):
    before = Order.objects.get().revision

    desk.get(f"/webhooks/{told.endpoint_id}/deliveries/{told.pk}/")

    assert Order.objects.get().revision == before
