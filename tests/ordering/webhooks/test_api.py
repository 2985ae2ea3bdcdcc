"""Managing webhooks and following events over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from guidelines.models import ScenarioVersion
from ordering.webhooks import actions, history
from ordering.webhooks.models import WebhookEndpoint
from ordering.webhooks.sending import Answer, Outcome
from portal.models import AuditEvent, Organisation, User
from tests.ordering.api.caller import Caller, is_problem, pointers, secret_for
from tests.ordering.webhooks.conftest import DELIVERED, URL, Post, happen
from tests.ordering.webhooks.receivers import Received

pytestmark = pytest.mark.django_db
MISSING = "0190d3f0-0000-7000-8000-000000000001"


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    cache.clear()


@pytest.fixture
def api(clinician: User) -> Caller:
    return Caller(secret_for(clinician))


@pytest.fixture
def other_api(other_clinic: User) -> Caller:
    return Caller(secret_for(other_clinic))


def seal() -> None:
    """Let the trail seal what it has, as a commit does."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def created(api: Caller, **given: Any) -> dict[str, Any]:
    answer = api.post("webhooks/", {"url": URL} | given)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def test_a_webhook_is_made_with_a_secret_that_is_shown_this_once(api: Caller) -> None:
    made = created(api, description="RIS", events=["finding.recorded", "order.signed"])
    read = api.get(f"webhooks/{made['id']}/").json()

    assert made.pop("secret").startswith("whsec_")
    assert read == made
    assert read["events"] == ["order.signed", "finding.recorded"]
    assert (read["patient_data"], read["active"], read["status"]) == ("none", True, "active")
    assert api.get("webhooks/").json()["results"] == [read]
    event = AuditEvent.objects.get(event_type="webhook.created")
    assert event.after == {"events": read["events"], "patient_data": "none"}


def test_it_is_changed_switched_off_and_on_and_deleted(api: Caller) -> None:
    at = f"webhooks/{created(api)['id']}/"

    changed = api.patch(at, {"url": "https://hooks.example.invalid/", "patient_data": "ids", "active": False})
    assert changed.status_code == 200
    assert changed.json()["url"] == "https://hooks.example.invalid/"
    assert (changed.json()["status"], changed.json()["disabled_because"]) == ("disabled", "person")
    assert is_problem(api.post(at + "test/"), 409, "webhook-not-active")
    assert api.patch(at, {"active": True}).json()["disabled_at"] is None
    assert api.patch(at, {}).status_code == 200

    deleted = api.send("DELETE", at)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        assert is_problem(api.send(method, at, {} if method == "PATCH" else None), 404, "not-found")
    assert api.get("webhooks/").json()["results"] == []


BAD_BODIES: list[tuple[Any, int, list[tuple[str, str]]]] = [
    ({}, 400, [("/url", "required")]),
    ([], 400, [("", "wrong-type")]),
    ({"url": 5}, 400, [("/url", "wrong-type")]),
    ({"url": None}, 400, [("/url", "wrong-type")]),
    ({"url": ""}, 422, [("/url", "required")]),
    ({"url": URL, "events": "order.signed"}, 400, [("/events", "wrong-type")]),
    ({"url": URL, "events": []}, 422, [("/events", "required")]),
    ({"url": URL, "events": [1]}, 400, [("/events/0", "wrong-type")]),
    ({"url": URL, "events": ["order.signed", "order.signed"]}, 422, [("/events/1", "repeated")]),
    ({"url": URL, "patient_data": "some"}, 422, [("/patient_data", "not-in-list")]),
    ({"url": URL, "description": "x" * 201}, 422, [("/description", "too-long")]),
    ({"url": URL, "secret": "mine"}, 400, [("/secret", "read-only")]),
    ({"url": URL, "event_types": []}, 400, [("/event_types", "unknown-field")]),
    ({"url": "https://h.example/" + "x" * 2000}, 422, [("/url", "too-long")]),
    (
        {"url": "https://10.0.0.1/", "events": ["nothing"]},
        422,
        [("/url", "private-address"), ("/events/0", "not-in-list")],
    ),
]


def test_every_fault_of_a_webhook_is_named_and_nothing_is_stored(api: Caller) -> None:
    for body, status, faults in BAD_BODIES:
        answer = api.post("webhooks/", body)

        assert answer.status_code == status, (body, answer.content)
        assert pointers(answer) == faults, body
    assert not WebhookEndpoint.objects.exists()


def test_there_is_a_limit_for_an_organisation(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MAX_ENDPOINTS", 1)
    created(api)

    assert pointers(api.post("webhooks/", {"url": URL})) == [("", "too-many")]


def test_another_organisations_webhook_is_as_good_as_none(
    api: Caller, other_api: Caller, organisation: Organisation, post: Post
) -> None:
    webhook = created(api)["id"]
    happen(organisation, "thing:1")
    post.deliver()
    delivery = api.get(f"webhooks/{webhook}/deliveries/").json()["results"][0]["id"]
    calls = [
        ("GET", "", None),
        ("PATCH", "", {"active": False}),
        ("DELETE", "", None),
        ("POST", "rotate-secret/", {}),
        ("POST", "test/", {}),
        ("POST", "redeliver/", {"since": "2026-11-23T00:00:00Z"}),
        ("GET", "deliveries/", None),
        ("GET", f"deliveries/{delivery}/", None),
        ("POST", f"deliveries/{delivery}/redeliver/", {}),
    ]
    for method, path, body in calls:
        theirs = other_api.send(method, f"webhooks/{webhook}/{path}", body)
        nothing = other_api.send(method, f"webhooks/{MISSING}/{path}", body)

        assert is_problem(theirs, 404, "not-found")
        said, expected = theirs.json(), nothing.json()
        for answer in (said, expected):
            del answer["instance"], answer["request_id"]
        assert said == expected, path
        denial = AuditEvent.objects.filter(event_type="access.denied").latest("id")
        assert (denial.entity, denial.entity_id) == ("webhook", webhook)
    assert other_api.get("webhooks/").json()["results"] == []
    mine = created(other_api)["id"]
    assert is_problem(other_api.get(f"webhooks/{mine}/deliveries/{delivery}/"), 404, "not-found")
    assert api.get(f"webhooks/{webhook}/").json()["status"] == "active"


def test_secrets_rotate_with_an_overlap(api: Caller) -> None:
    made = created(api)
    at = f"webhooks/{made['id']}/rotate-secret/"

    first, second = api.post(at), api.post(at, {"overlap_hours": 0})

    secrets = {made["secret"], first.json()["secret"], second.json()["secret"]}
    assert len(secrets) == 3
    assert WebhookEndpoint.objects.get().secrets.filter(expires_at=None).count() == 1
    for hours, status in ((-1, 422), (169, 422), (10**9, 422), (1.5, 400), (True, 400), ("24", 400)):
        assert api.post(at, {"overlap_hours": hours}).status_code == status, hours


def test_deliveries_are_listed_with_their_attempts_in_pages(
    api: Caller, organisation: Organisation, post: Post
) -> None:
    webhook = created(api)["id"]
    failure = Answer(Outcome.REFUSED, 503, error="The receiver answered 503.", excerpt="busy")

    def answer(message: Received) -> Answer:
        return failure if message.message["data"]["about"] == "thing:0" else DELIVERED

    post.answer = answer
    for number in range(3):
        happen(organisation, f"thing:{number}")
    post.deliver()
    at = f"webhooks/{webhook}/deliveries/"

    page = api.get(at + "?limit=2").json()
    rest = api.get(page["next"].removeprefix("http://testserver")).json()
    assert [len(page["results"]), len(rest["results"]), rest["next"]] == [2, 1, None]
    (failed,) = api.get(at + "?status=pending").json()["results"]
    assert failed["status_code"] == 503
    assert failed["next_attempt_at"] is not None
    (attempt,) = failed["attempts"]
    assert (attempt["outcome"], attempt["status_code"], attempt["response_excerpt"]) == (
        "refused",
        503,
        "busy",
    )
    assert len(api.get(at + "?status=delivered,failed").json()["results"]) == 2
    for query in ("status=sent", "limit=0", "cursor=x", "page=2"):
        assert is_problem(api.get(f"{at}?{query}"), 400, "bad-query")

    post.answer = DELIVERED
    again = api.post(f"{at}{failed['id']}/redeliver/")
    assert again.status_code == 202
    assert [message.headers["webhook-id"] for message in post.deliver()] == [failed["message_id"]]
    detail = api.get(f"{at}{failed['id']}/").json()
    assert (detail["status"], detail["redelivery"], detail["attempt_count"]) == ("delivered", True, 2)
    assert detail["message"]["data"]["about"] == "thing:0"


def test_a_range_is_sent_again_and_a_test_is_sent(
    api: Caller, organisation: Organisation, post: Post
) -> None:
    at = f"webhooks/{created(api)['id']}/"
    event = happen(organisation, "thing:1")
    post.deliver()
    since = event.occurred_at.isoformat()

    assert api.post(at + "redeliver/", {"since": since}).json() == {"count": 0}
    everything = api.post(at + "redeliver/", {"since": since, "everything": True})
    assert (everything.status_code, everything.json()) == (202, {"count": 1})
    early = api.post(at + "redeliver/", {"since": since, "until": since})
    assert pointers(early) == [("/until", "out-of-range")]
    assert pointers(api.post(at + "redeliver/", {"since": "2020-01-01T00:00:00Z"})) == [
        ("/since", "out-of-range")
    ]
    assert api.post(at + "redeliver/", {}).status_code == 400

    test = api.post(at + "test/")
    assert (test.status_code, test.json()["type"]) == (202, "webhook.test")
    assert {message.message["type"] for message in post.deliver()} == {"order.signed", "webhook.test"}


def test_somebody_who_may_not_see_patients_reads_deliveries_without_them(
    leukaemia: ScenarioVersion, api: Caller, administrator: User, post: Post
) -> None:
    webhook = created(api, patient_data="full", events=["order.signed"])["id"]
    order = api.placed()
    post.answer = lambda message: Answer(Outcome.DELIVERED, 200, excerpt=message.body[:400])
    post.deliver()
    delivery = history.deliveries(WebhookEndpoint.objects.get()).get()
    at = f"webhooks/{webhook}/deliveries/{delivery.pk}/"

    seen = api.get(at).json()
    hidden = Caller(secret_for(administrator)).get(at)

    assert seen["message"]["data"]["order"]["patient"]["mrn"] == order["patient"]["mrn"]
    assert order["patient"]["mrn"] in seen["attempts"][0]["response_excerpt"]
    for canary in order["patient"].values():
        assert canary not in hidden.content.decode() or canary in {"female"}
    assert order["number"] in hidden.content.decode()
    viewed = AuditEvent.objects.filter(event_type="webhook.delivery-viewed")
    assert {event.patient_ref for event in viewed} == {order["patient"]["id"]}


def test_the_feed_gives_each_event_once_in_pages_that_go_on(
    api: Caller, other_api: Caller, organisation: Organisation, other_organisation: Organisation
) -> None:
    for number in range(5):
        happen(organisation, f"thing:{number}", "order.signed" if number % 2 else "order.cancelled")
    happen(other_organisation, "thing:theirs")
    seal()

    page = api.get("events/?limit=2").json()
    subjects, seqs = [], []
    while True:
        subjects += [event["data"]["about"] for event in page["results"]]
        seqs += [event["seq"] for event in page["results"]]
        if page["next"] is None:
            break
        page = api.get(page["next"].removeprefix("http://testserver")).json()

    assert subjects == [f"thing:{number}" for number in range(5)]
    assert seqs == sorted(seqs)
    assert page["after"] == seqs[-1]
    assert api.get(f"events/?after={page['after']}").json() == {
        "next": None,
        "after": page["after"],
        "results": [],
    }
    happen(organisation, "thing:5")
    seal()
    (later,) = api.get(f"events/?after={page['after']}").json()["results"]
    assert later.keys() == {"seq", "id", "type", "timestamp", "data"}
    signed = api.get("events/?type=order.signed").json()["results"]
    assert {event["type"] for event in signed} == {"order.signed"}
    assert [event["data"]["about"] for event in other_api.get("events/").json()["results"]] == [
        "thing:theirs"
    ]
    for query in ("after=-1", "after=x", "type=order.eaten", "cursor=1", "after=99999999999999999999"):
        assert is_problem(api.get(f"events/?{query}"), 400, "bad-query")
