"""Order, retries, giving up, switching off and signatures, by the clock of the test and without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core import mail
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from ordering.webhooks import actions, backoff, history, lanes, queueing, tasks
from ordering.webhooks.exceptions import WebhookNotActive
from ordering.webhooks.models import WebhookDelivery, WebhookEndpoint
from ordering.webhooks.sending import Answer, Outcome
from portal import audit
from portal.models import AuditEvent, Organisation, User
from tests.ordering.webhooks.conftest import DELIVERED, Post, announce_all, happen, two_in_one_lane
from tests.ordering.webhooks.receivers import Received

pytestmark = pytest.mark.django_db

DOWN = Answer(Outcome.UNREACHABLE, error="The connection was refused.")
ERROR = Answer(Outcome.REFUSED, 500, error="The receiver answered 500.")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _acts(administrator: User) -> Iterator[None]:
    with audit.acting(audit.actor_of(administrator)):
        yield


def about(received: list[Received]) -> list[str]:
    return [message.message["data"]["about"] for message in received]


def ids(received: list[Received]) -> list[str]:
    return [message.headers["webhook-id"] for message in received]


def test_an_event_reaches_every_endpoint_that_asked_for_it_once(
    organisation: Organisation,
    other_clinic: User,
    administrator: User,
    endpoint: WebhookEndpoint,
    endpoint_of: Callable[..., WebhookEndpoint],
    post: Post,
) -> None:
    choosy = endpoint_of(administrator, events=["guideline.published"])
    elsewhere = endpoint_of(other_clinic)

    happen(organisation, "thing:1")
    happen(None, "scenario:1", "guideline.published")
    endpoint_of(administrator, description="made later")
    post.deliver()
    post.announced.clear()
    post.deliver()  # the jobs again, as after a crash

    told = {
        of: set(history.deliveries(of).values_list("subject", flat=True))
        for of in (endpoint, choosy, elsewhere)
    }
    assert told == {
        endpoint: {"thing:1", "scenario:1"},
        choosy: {"scenario:1"},
        elsewhere: {"scenario:1"},
    }
    assert len(post.received) == 4


def test_a_later_message_of_a_subject_waits_for_the_earlier_one_and_no_other_does(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post
) -> None:
    stuck, free = two_in_one_lane()
    for subject, kind in (
        (stuck, "order.signed"),
        (stuck, "order.cancelled"),
        (free, "order.signed"),
    ):
        happen(organisation, subject, kind)
    post.answer = lambda message: ERROR if stuck in about([message]) else DELIVERED

    sent = post.deliver()
    assert about(sent) == [stuck, free]

    post.answer = DELIVERED
    again = post.deliver(after=MINUTE)
    assert [message.message["type"] for message in again] == ["order.signed", "order.cancelled"]
    assert about(again) == [stuck, stuck]
    assert ids(again)[0] == ids(sent)[0]
    assert again[0].body == sent[0].body


def test_it_is_tried_again_less_and_less_often_for_three_days_and_then_given_up(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post
) -> None:
    happen(organisation, "thing:1")
    post.answer = ERROR
    post.deliver()
    delivery = history.deliveries(endpoint).get()
    waits = []
    while delivery.status == WebhookDelivery.Status.PENDING:
        assert delivery.due_at is not None
        waits.append(delivery.due_at - post.now)
        post.deliver(after=delivery.due_at - post.now)
        delivery.refresh_from_db()

    assert timedelta(seconds=2.4) <= waits[0] <= timedelta(seconds=3.6)
    assert all(wait <= backoff.LONGEST_WAIT * (1 + backoff.JITTER) for wait in waits)
    assert waits[4] > 5 * waits[2]
    assert 2.5 * DAY < sum(waits, timedelta()) <= 3 * DAY
    assert delivery.status == WebhookDelivery.Status.FAILED
    assert delivery.due_at is None
    assert delivery.attempt_count == len(waits) + 1
    assert set(ids(post.received)) == {delivery.message_id}
    assert list(history.attempts(delivery).values_list("number", flat=True)) == list(
        range(1, delivery.attempt_count + 1)
    )


def test_a_wait_has_jitter_grows_and_heeds_what_the_receiver_asks_for() -> None:
    assert len({backoff.wait_after(3) for _ in range(20)}) > 10
    assert backoff.wait_after(1, asked=HOUR) == HOUR
    assert backoff.wait_after(1, asked=timedelta(days=400)) == backoff.LONGEST_ASKED_WAIT
    assert backoff.wait_after(1000) <= backoff.LONGEST_WAIT * (1 + backoff.JITTER)


def test_a_receiver_that_is_back_gets_at_once_what_waited_for_it(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post
) -> None:
    post.answer = DOWN
    for number in range(5):
        happen(organisation, f"thing:{number}")
    for _ in range(9):
        post.deliver(after=6 * HOUR)
    endpoint.refresh_from_db()
    assert endpoint.failing_since is not None
    waiting = history.deliveries(endpoint).filter(due_at__gt=post.now + HOUR).count()
    assert waiting == 5

    post.answer = DELIVERED
    happen(organisation, "thing:new")
    sent = post.deliver(after=MINUTE)

    endpoint.refresh_from_db()
    assert sorted(about(sent)) == sorted([*(f"thing:{number}" for number in range(5)), "thing:new"])
    assert endpoint.failing_since is None
    assert set(history.deliveries(endpoint).values_list("status", flat=True)) == {"delivered"}


def test_a_receiver_out_of_reach_gives_its_turn_away(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post
) -> None:
    first, second = two_in_one_lane()
    happen(organisation, first)
    happen(organisation, second)
    announce_all()
    post.answer = DOWN

    made = lanes.work_lane(endpoint.pk, queueing.lane_of(first), send=post, now=lambda: post.now)

    assert made == 1
    assert queueing.due_lanes(post.now) == [(endpoint.pk, queueing.lane_of(first))]


def test_an_endpoint_that_fails_for_days_is_switched_off_and_its_administrators_are_told(
    organisation: Organisation,
    administrator: User,
    endpoint: WebhookEndpoint,
    post: Post,
    settings: object,
) -> None:
    administrator.email = "admin@north.example"
    administrator.save(update_fields=["email"])
    settings.PORTAL_MAIL = True  # type: ignore[attr-defined]
    post.answer = ERROR
    for number in range(4):
        happen(organisation, f"thing:{number}")
        post.deliver(after=DAY)

    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_because) == ("disabled", "failing")
    assert list(history.disabled_notices(organisation.pk)) == [endpoint]
    (event,) = AuditEvent.objects.filter(event_type="webhook.disabled", entity_id=str(endpoint.pk))
    assert event.after["because"] == "failing"
    sent = len(post.received)
    happen(organisation, "thing:later")
    post.deliver(after=DAY)
    assert len(post.received) == sent  # nothing more is sent
    assert not history.deliveries(endpoint).filter(subject="thing:later").exists()  # nor queued

    tasks.notify(str(endpoint.pk))
    (letter,) = mail.outbox
    assert letter.to == ["admin@north.example"]
    assert endpoint.url not in letter.body


def test_a_success_in_between_keeps_an_endpoint_on(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post
) -> None:
    for number in range(10):
        post.answer = DELIVERED if number % 3 == 0 else ERROR
        happen(organisation, f"thing:{number}")
        post.deliver(after=DAY)

    endpoint.refresh_from_db()
    assert endpoint.is_active


def test_an_endpoint_that_is_gone_is_switched_off_at_once(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post
) -> None:
    post.answer = Answer(Outcome.REFUSED, 410)
    happen(organisation, "thing:1")
    post.deliver()

    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_because) == ("disabled", "gone")


def test_enabling_sends_what_waits_and_a_range_what_was_missed(
    organisation: Organisation, administrator: User, endpoint: WebhookEndpoint, post: Post
) -> None:
    post.answer = ERROR
    happen(organisation, "thing:waits")
    post.deliver()
    actions.disable_endpoint(endpoint=endpoint, by=administrator)
    missed = happen(organisation, "thing:missed")
    post.answer = DELIVERED
    assert post.deliver(after=2 * DAY) == []
    with pytest.raises(WebhookNotActive):
        actions.send_test(endpoint=endpoint, by=administrator)

    actions.enable_endpoint(endpoint=endpoint, by=administrator)
    assert about(post.deliver()) == ["thing:waits"]
    count = actions.redeliver_range(
        endpoint=endpoint, by=administrator, since=missed.occurred_at - timedelta(hours=1)
    )

    assert count == 1
    assert about(post.deliver()) == ["thing:missed"]


def test_a_range_holds_nothing_from_before_the_webhook_was_made(
    organisation: Organisation, administrator: User, post: Post
) -> None:
    early = happen(organisation, "thing:early")
    endpoint, _ = actions.create_endpoint(by=administrator, url="http://127.0.0.1:9/")

    for everything in (False, True):
        since = early.occurred_at - timedelta(hours=1)
        assert not actions.redeliver_range(
            endpoint=endpoint, by=administrator, since=since, everything=everything
        )
    assert post.deliver() == []


def test_sending_again_by_hand_keeps_the_id_and_counts_on(
    organisation: Organisation, administrator: User, endpoint: WebhookEndpoint, post: Post
) -> None:
    event = happen(organisation, "thing:1")
    first = post.deliver()
    delivery = history.deliveries(endpoint).get()
    assert not actions.redeliver_range(endpoint=endpoint, by=administrator, since=event.occurred_at)

    actions.redeliver(delivery=delivery, by=administrator)
    again = post.deliver()
    everything = actions.redeliver_range(
        endpoint=endpoint, by=administrator, since=event.occurred_at, everything=True
    )
    third = post.deliver()

    assert ids(first) == ids(again) == ids(third)
    assert everything == 1
    delivery.refresh_from_db()
    assert (delivery.status, delivery.redelivery, delivery.attempt_count) == ("delivered", True, 3)
    assert [attempt.manual for attempt in history.attempts(delivery)] == [False, True, True]


def test_messages_verify_with_the_library_and_carry_both_signatures_while_secrets_overlap(
    organisation: Organisation, administrator: User, post: Post
) -> None:
    endpoint, old = actions.create_endpoint(by=administrator, url="http://127.0.0.1:9/")
    happen(organisation, "thing:1")
    (alone,) = post.deliver()
    _, new = actions.rotate_secret(endpoint=endpoint, by=administrator, overlap=HOUR)
    happen(organisation, "thing:2")
    (both,) = post.deliver(after=timedelta(seconds=1))

    assert Webhook(old).verify(alone.body, alone.headers)["type"] == "order.signed"
    assert len(both.headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(both.body, both.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(alone.body, alone.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(both.body.replace("thing:2", "thing:3"), both.headers)

    happen(organisation, "thing:3")
    (later,) = post.deliver(after=2 * HOUR)
    assert len(later.headers["webhook-signature"].split(" ")) == 1


def test_secrets_are_encrypted_and_no_part_of_the_trail(administrator: User) -> None:
    endpoint, secret = actions.create_endpoint(by=administrator, url="http://127.0.0.1:9/")

    stored = endpoint.secrets.get().sealed
    assert secret not in stored
    assert secret.removeprefix("whsec_") not in stored
    trail = AuditEvent.objects.filter(entity="ordering_webhooksecret").get()
    assert trail.after["sealed"] == "[redacted]"


def test_a_secret_that_cannot_be_read_fails_the_attempt_and_says_what_to_do(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post, settings: object
) -> None:
    settings.SECRET_KEY = "another key " * 5  # type: ignore[attr-defined]
    happen(organisation, "thing:1")
    assert post.deliver() == []

    (attempt,) = history.attempts(history.deliveries(endpoint).get())
    assert attempt.outcome == Outcome.UNSIGNED
    assert "rotate" in attempt.error


def test_a_deleted_endpoint_gets_nothing_more(
    organisation: Organisation, administrator: User, endpoint: WebhookEndpoint, post: Post
) -> None:
    post.answer = ERROR
    happen(organisation, "thing:1")
    post.deliver()
    actions.delete_endpoint(endpoint=endpoint, by=administrator)
    happen(organisation, "thing:2")

    post.answer = DELIVERED
    assert post.deliver(after=DAY) == []
    assert history.endpoint(organisation.pk, endpoint.pk) is None


def test_what_ended_weeks_ago_is_forgotten_and_what_waits_is_not(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post, settings: object
) -> None:
    happen(organisation, "thing:1")
    post.deliver()
    post.answer = ERROR
    happen(organisation, "thing:2")
    post.deliver()
    settings.PORTAL_WEBHOOK_KEEP_DAYS = -1  # type: ignore[attr-defined]

    tasks.purge()

    assert [delivery.subject for delivery in history.deliveries(endpoint)] == ["thing:2"]


def test_lag_is_what_could_have_been_sent_and_was_not(
    organisation: Organisation, endpoint: WebhookEndpoint, post: Post
) -> None:
    happen(organisation, "thing:1")
    announce_all()
    assert not history.lagging()
    assert history.lagging(post.now + 2 * MINUTE)
    post.answer = ERROR
    post.deliver()
    assert not history.lagging(post.now)
