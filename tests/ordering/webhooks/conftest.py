"""An endpoint, what it is sent, and a worker that works when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from ordering.webhooks import actions, lanes, queueing
from ordering.webhooks.models import LANES, WebhookEndpoint
from ordering.webhooks.sending import Answer, Outcome
from portal import audit, outbox
from portal.models import OutboxEvent, User
from tests.ordering.webhooks.receivers import Received

URL = "http://127.0.0.1:9/hook"  # nothing listens there: these tests send nothing
DELIVERED = Answer(Outcome.DELIVERED, 200)


@dataclass
class Post:
    """Stands for the network: notes what is sent, answers what it is told to, by the clock of the test."""

    now: datetime = field(default_factory=timezone.now)
    answer: Answer | Callable[[Received], Answer] = DELIVERED
    received: list[Received] = field(default_factory=list)
    announced: set[int] = field(default_factory=set)

    def __call__(self, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        received = Received({"url": url, **headers}, body)
        self.received.append(received)
        return self.answer(received) if callable(self.answer) else self.answer

    def deliver(self, *, after: timedelta = timedelta(0)) -> list[Received]:
        """Do what the worker does until nothing is due, after some time; return what was sent."""
        self.now += after
        before = len(self.received)
        self.announced |= announce_all(but=self.announced)
        with audit.acting(audit.system("webhooks")):
            while due := queueing.due_lanes(self.now):
                for endpoint, lane in due:
                    lanes.work_lane(endpoint, lane, send=self, now=lambda: self.now)
        return self.received[before:]


def announce_all(*, but: Collection[int] = ()) -> set[int]:
    """Do the jobs that events have left, in their order; return which events these were."""
    jobs = ProcrastinateJob.objects.filter(task_name="outbox.announce").order_by("id")
    events = [args["event"] for args in jobs.values_list("args", flat=True) if args["event"] not in but]
    with audit.acting(audit.system("outbox")):
        for event in events:
            outbox.announce(OutboxEvent.objects.get(pk=event))
    return set(events)


def happen(organisation: Any, subject: str, kind: str = "order.signed") -> OutboxEvent:
    """Return an event about something that is no order, so that nothing else has to be made."""
    with audit.acting(audit.system("tests")):
        return outbox.record(type=kind, subject=subject, data={"about": subject}, organisation=organisation)


@pytest.fixture
def post() -> Post:
    # a moment ahead: what is queued now is due by then
    return Post(now=timezone.now() + timedelta(minutes=1))


@pytest.fixture
def endpoint_of() -> Callable[..., WebhookEndpoint]:
    def make(by: User, **given: Any) -> WebhookEndpoint:
        with audit.acting(audit.actor_of(by)):
            return actions.create_endpoint(by=by, **({"url": URL} | given))[0]

    return make


@pytest.fixture
def endpoint(administrator: User, endpoint_of: Callable[..., WebhookEndpoint]) -> WebhookEndpoint:
    return endpoint_of(administrator)


def two_in_one_lane() -> tuple[str, str]:
    """Return two subjects that share a lane."""
    first = "thing:0"
    second = next(
        f"thing:{number}"
        for number in range(1, 10 * LANES)
        if queueing.lane_of(f"thing:{number}") == queueing.lane_of(first)
    )
    return first, second
