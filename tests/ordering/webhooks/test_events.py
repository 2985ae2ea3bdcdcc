"""Every change that others should know of is in the outbox, with it or not at all, and names no patient."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from guidelines.models import ScenarioVersion
from ordering import actions
from ordering.models import Order
from ordering.transitions import TRANSITIONS
from ordering.webhooks import history
from ordering.webhooks.models import WebhookEndpoint
from ordering.webhooks.payload import redacted
from portal import audit, outbox
from portal.models import AuditEvent, Organisation, OutboxEvent, User
from portal.outbox import feed
from tests.content import MakePatient
from tests.database import connect_as
from tests.ordering.placing import place, report
from tests.ordering.webhooks.conftest import Post, happen

S = Order.Status
CANARIES = {"mrn": "CANARY-77", "family_name": "Canarysson", "given_name": "Tweety"}


def kinds(subject: object = None) -> list[str]:
    events = OutboxEvent.objects.order_by("id")
    if subject is not None:
        events = events.filter(subject=f"order:{subject}")
    return list(events.values_list("type", flat=True))


def moved(order: Order, by: User, wanted: str) -> None:
    """Bring an order into a status by the action that does it."""
    common: dict[str, Any] = {"order": order, "by": by, "via": "api"}
    with audit.acting(audit.actor_of(by)):
        if wanted == S.ACTIVE:
            (actions.sign_order if order.status == S.DRAFT else actions.resume_order)(**common)
        elif wanted == S.ON_HOLD:
            actions.hold_order(**common)
        elif wanted == S.REVOKED:
            actions.cancel_order(**common, reason="not needed")
        elif wanted == S.ENTERED_IN_ERROR:
            actions.enter_in_error(**common, reason="wrong patient")
        else:
            actions.record_finding(**common, finding="negative", compared_with_baseline="yes")
    order.refresh_from_db()


WAYS: dict[str, list[str]] = {  # how an order comes into the status that the step starts from
    S.DRAFT: [],
    S.ACTIVE: [S.ACTIVE],
    S.ON_HOLD: [S.ACTIVE, S.ON_HOLD],
    S.REVOKED: [S.REVOKED],
    S.COMPLETED: [S.ACTIVE, S.COMPLETED],
}


def test_every_allowed_step_of_an_order_is_told_in_its_words(
    leukaemia: ScenarioVersion, clinician: User, make_patient: MakePatient
) -> None:
    for before, after in sorted(TRANSITIONS):
        order = place(make_patient(clinician), clinician, sign=False)
        for wanted in WAYS[before]:
            moved(order, clinician, wanted)
        count = len(kinds(order.pk))

        moved(order, clinician, after)

        expected = ["order.status_changed"]
        if (before, after) == (S.DRAFT, S.ACTIVE):
            expected = ["order.signed", *expected]
        if after == S.REVOKED:
            expected = ["order.cancelled", *expected]
        if after == S.COMPLETED:
            expected = ["finding.recorded", *expected]
        assert kinds(order.pk)[count:] == expected, (before, after)
        last = OutboxEvent.objects.latest("id")
        assert last.organisation == clinician.organisation
        assert (last.data["former_status"], last.data["status"]) == (before, after)
        assert last.data["order"] == {
            "id": str(order.pk),
            "number": order.number,
            "status": after,
            "priority": "routine",
        }


def test_a_change_that_is_rolled_back_was_never_said(
    leukaemia: ScenarioVersion, clinician: User, make_patient: MakePatient
) -> None:
    order = place(make_patient(clinician), clinician, sign=False)
    jobs = ProcrastinateJob.objects.count()
    events = OutboxEvent.objects.count()

    with transaction.atomic():
        moved(order, clinician, S.ACTIVE)
        assert ProcrastinateJob.objects.count() == jobs + 2
        transaction.set_rollback(True)

    assert OutboxEvent.objects.count() == events
    assert ProcrastinateJob.objects.count() == jobs


def test_publishing_tells_every_organisation(leukaemia: ScenarioVersion) -> None:
    event = OutboxEvent.objects.get(type="guideline.published")

    assert event.organisation is None
    assert event.subject == "scenario:adult-all-emd-post-therapy"
    assert event.data["scenario"]["digest"] == leukaemia.digest


def test_a_message_says_no_more_of_the_patient_than_was_asked_for(
    leukaemia: ScenarioVersion,
    clinician: User,
    make_patient: MakePatient,
    endpoint_of: Callable[..., WebhookEndpoint],
    post: Post,
) -> None:
    levels = {
        level: endpoint_of(clinician, patient_data=level, events=["order.signed", "finding.recorded"])
        for level in WebhookEndpoint.PatientData.values
    }
    order = place(make_patient(clinician, **CANARIES), clinician)
    report(order, clinician, comment="Canary comment")
    post.deliver()

    said = {
        level: [json.loads(one.body) for one in history.deliveries(endpoint).order_by("position")]
        for level, endpoint in levels.items()
    }
    for messages in said.values():
        assert [message["type"] for message in messages] == ["order.signed", "finding.recorded"]
        assert {message["data"]["order"]["id"] for message in messages} == {str(order.pk)}
        assert all(message.keys() == {"type", "timestamp", "data"} for message in messages)
    assert "anary" not in json.dumps(said["none"]).lower().replace("canary comment", "anary")
    assert CANARIES["mrn"] not in json.dumps(said["none"])
    assert said["none"][0]["data"]["order"].keys() == {"id", "number", "status", "priority"}
    assert said["ids"][0]["data"]["order"]["patient"]["mrn"] == CANARIES["mrn"]
    assert "Canarysson" not in json.dumps(said["ids"])
    assert "negative" not in json.dumps(said["ids"])
    whole = said["full"][1]["data"]
    assert whole["order"]["patient"]["family_name"] == "Canarysson"
    assert whole["order"]["consultation"]["suggestion"]["fit"] == "fits"
    assert whole["finding"]["comment"] == "Canary comment"
    shown = redacted(history.deliveries(levels["full"]).latest("position").body)
    assert not [canary for canary in (*CANARIES.values(), "Canary", "negative") if canary in shown]
    assert order.number in shown


def test_sending_patient_data_is_in_the_trail_of_the_patient_and_messages_are_not(
    leukaemia: ScenarioVersion,
    clinician: User,
    make_patient: MakePatient,
    endpoint_of: Callable[..., WebhookEndpoint],
    post: Post,
) -> None:
    endpoint = endpoint_of(clinician, patient_data="full", events=["order.signed"])
    patient = make_patient(clinician, **CANARIES)
    order = place(patient, clinician)
    post.deliver()

    (sent,) = AuditEvent.objects.filter(event_type="webhook.patient-data-sent")
    assert (sent.entity_id, sent.patient_ref) == (str(order.pk), str(patient.pk))
    assert sent.after == {"webhook": str(endpoint.pk), "patient_data": "full"}
    rows = AuditEvent.objects.filter(entity="ordering_webhookdelivery")
    assert {row.patient_ref for row in rows} == {str(patient.pk)}
    assert "Canarysson" not in json.dumps([row.after for row in rows])


def test_events_cannot_be_changed_or_taken_back(organisation: Organisation) -> None:
    event = happen(organisation, "thing:1")

    for attempt in (
        lambda: OutboxEvent.objects.filter(pk=event.pk).update(data={}),
        lambda: OutboxEvent.objects.filter(pk=event.pk).delete(),
    ):
        with (
            audit.acting(audit.system("tests")),
            pytest.raises(Exception, match="portal_outboxevent_append_only"),
            transaction.atomic(),
        ):
            attempt()


@pytest.mark.django_db(transaction=True)
def test_the_feed_is_in_the_order_of_commits_so_that_nothing_slips_in_behind(
    organisation: Organisation, other_organisation: Organisation
) -> None:
    columns = "uid, organisation_id, type, subject, occurred_at, data"
    with connect_as("default") as slow:
        slow.execute("BEGIN")
        slow.execute("SELECT set_config('portal.actor', 'system:tests', true)")
        slow.execute(
            f"INSERT INTO portal_outboxevent ({columns}) VALUES"
            " (gen_random_uuid(), %s, 'order.signed', 'thing:slow', now(), '{}')",
            [organisation.pk],
        )  # has its id, and is not committed yet
        happen(organisation, "thing:quick")
        happen(other_organisation, "thing:elsewhere")
        happen(None, "scenario:1", "guideline.published")

        first = feed.entries(organisation_id=organisation.pk, after=0, limit=10)
        slow.execute("COMMIT")
    then = feed.entries(organisation_id=organisation.pk, after=first[-1].seq, limit=10)

    assert [entry.event.subject for entry in first] == ["thing:quick", "scenario:1"]
    assert [entry.event.subject for entry in then] == ["thing:slow"]
    assert then[0].event.pk < first[0].event.pk  # whoever followed ids would have missed it
    only = feed.entries(organisation_id=organisation.pk, after=0, limit=10, types=["guideline.published"])
    assert [entry.event.subject for entry in only] == ["scenario:1"]


def test_an_event_needs_an_actor_like_any_other_write(organisation: Organisation) -> None:
    with pytest.raises(Exception) as refused, transaction.atomic():
        outbox.record(type="order.signed", subject="thing:1", data={}, organisation=organisation)

    assert isinstance(refused.value.__cause__, psycopg.Error)
    assert refused.value.__cause__.sqlstate == "PA001"
